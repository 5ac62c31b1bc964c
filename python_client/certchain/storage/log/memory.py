"""The log store's twin in memory."""

from collections.abc import Sequence
from threading import Lock

from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.tile import bundle
from certchain.merkle.node import HASH_LENGTH
from certchain.models.log import TILE_WIDTH, SealedEntry
from certchain.storage.log.edge import Edge, grow
from certchain.storage.log.group import require_bundle, require_group, require_range, require_tile


class MemoryLogStore:
    """See ``LogStore``. It is its own disk: what was closed can be used again, as by a process that starts anew."""

    def __init__(self) -> None:
        self._entries: list[SealedEntry] = []
        self._levels: list[bytearray] = []
        self._edge: Edge = ()
        self._lock = Lock()

    def size(self) -> int:
        return len(self._entries)

    def append(self, entries: Sequence[SealedEntry], leaf_hashes: Sequence[bytes]) -> None:
        with self._lock:
            hashes = require_group(entries, leaf_hashes, self.size())
            self._edge, added = grow(self._edge, hashes)
            self._levels.extend(bytearray() for _ in range(len(added) - len(self._levels)))
            for number, new in enumerate(added):
                self._levels[number] += new
            self._entries.extend(entries)  # last: readers, who take no lock, see no entry that is not in the tree

    def entries(self, first: int, limit: int) -> tuple[SealedEntry, ...]:
        found = require_range(first, limit, self.size())
        return tuple(self._entries[found.start : found.stop])

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        first = require_tile(level, index, width, self.size())
        return bytes(self._levels[level][first * HASH_LENGTH : (first + width) * HASH_LENGTH])

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        first = require_bundle(index, width, self.size())
        return bundle(leaf_bytes(entry.leaf) for entry in self._entries[first : first + width])

    def close(self) -> None:
        """Nothing to let go of."""
