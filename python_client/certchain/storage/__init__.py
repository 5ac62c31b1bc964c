"""What roles keep on disk, behind seams of which each has an in-memory twin: databases, files, a log, its subjects' keys."""

from certchain.storage.directory import DirectoryFileStore, DirectoryReader
from certchain.storage.interface import FileReader, FileStore, LogStore, ManagementDatabase, ShareStore, SubjectKeyStore
from certchain.storage.log import MemoryLogStore, SegmentLogStore, open_log_store
from certchain.storage.log_index import SqlLogIndex
from certchain.storage.memory import MemoryFileStore, MemoryManagementDatabase
from certchain.storage.notification import NotificationStore
from certchain.storage.notification_memory import MemoryNotificationStore
from certchain.storage.notification_sql import SqlNotificationStore
from certchain.storage.shares import SqlShareStore
from certchain.storage.shares_memory import MemoryShareStore
from certchain.storage.sql import SqlManagementDatabase
from certchain.storage.subject_keys import SqlSubjectKeys
from certchain.storage.subject_keys_memory import MemorySubjectKeys

__all__ = [
    "DirectoryFileStore",
    "DirectoryReader",
    "FileReader",
    "FileStore",
    "LogStore",
    "ManagementDatabase",
    "MemoryFileStore",
    "MemoryLogStore",
    "MemoryManagementDatabase",
    "MemoryNotificationStore",
    "MemoryShareStore",
    "MemorySubjectKeys",
    "NotificationStore",
    "SegmentLogStore",
    "ShareStore",
    "SqlLogIndex",
    "SqlManagementDatabase",
    "SqlNotificationStore",
    "SqlShareStore",
    "SqlSubjectKeys",
    "SubjectKeyStore",
    "open_log_store",
]
