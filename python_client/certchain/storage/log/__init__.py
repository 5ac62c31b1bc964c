"""A log on the disk: a journal that is written once, and the tree and the tiles that follow from it."""

from certchain.storage.log.memory import MemoryLogStore
from certchain.storage.log.store import SegmentLogStore, open_log_store

__all__ = ["MemoryLogStore", "SegmentLogStore", "open_log_store"]
