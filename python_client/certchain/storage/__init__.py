"""What roles keep on disk, behind two seams: ``ManagementDatabase`` and ``FileStore``, each with an in-memory twin."""

from certchain.storage.interface import FileStore, ManagementDatabase
from certchain.storage.memory import MemoryFileStore, MemoryManagementDatabase

__all__ = ["FileStore", "ManagementDatabase", "MemoryFileStore", "MemoryManagementDatabase"]
