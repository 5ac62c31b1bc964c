"""What roles keep on disk, behind two seams: ``ManagementDatabase`` and ``FileStore``, each with an in-memory twin."""

from certchain.storage.directory import DirectoryFileStore
from certchain.storage.interface import FileStore, ManagementDatabase
from certchain.storage.memory import MemoryFileStore, MemoryManagementDatabase
from certchain.storage.sql import SqlManagementDatabase

__all__ = [
    "DirectoryFileStore",
    "FileStore",
    "ManagementDatabase",
    "MemoryFileStore",
    "MemoryManagementDatabase",
    "SqlManagementDatabase",
]
