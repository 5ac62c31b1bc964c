"""A log on the disk: a journal that is written once, and the tree and the tiles that follow from it."""

from certchain.storage.log.memory import MemoryLogStore

__all__ = ["MemoryLogStore"]
