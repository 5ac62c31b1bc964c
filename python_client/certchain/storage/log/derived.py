"""The files that follow from the journal: leaves, the hashes of each level, and where each record is.

Leaves are rows of an entry bundle and hashes rows of a tile, so that bundles and tiles are slices of their files. A row of
``positions`` has the byte in its segment where the record begins, and the record's length in its last 24 bits.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock

from certchain.encoding.leaf import LEAF_LENGTH, leaf_bytes, parse_leaf
from certchain.encoding.leaf_bundle import BUNDLED_LENGTH
from certchain.encoding.tile import bundle
from certchain.errors import LogDamaged, MalformedMessage
from certchain.merkle.node import HASH_LENGTH
from certchain.models.log import TILE_WIDTH, LogLeaf
from certchain.storage.log.disk import File
from certchain.storage.log.edge import Edge
from certchain.storage.log.rows import CheckedRows, RowFile, number_rows, numbers

_LENGTH_BITS = 24
_LENGTH_MASK = (1 << _LENGTH_BITS) - 1


class DerivedFiles:
    """The rows of a log in a folder. Raises ``OSError``, and ``LogDamaged`` for rows that are not what was written."""

    def __init__(self, folder: Path, open_file: Callable[[Path], File]) -> None:
        self._folder, self._open = folder, open_file
        self._lock = Lock()
        self._levels: list[CheckedRows] = []
        self._leaves = self._checked("leaves", BUNDLED_LENGTH)
        self._positions = RowFile(self._open(folder / "positions"), 8)

    def write(
        self, first: int, leaves: Iterable[LogLeaf], added: Iterable[bytes], positions: Iterable[tuple[int, int]]
    ) -> None:
        """Puts the rows of a group that begins at index ``first``; ``added`` is what it adds to each level (see ``grow``)."""
        self._leaves.write(first, bundle(map(leaf_bytes, leaves)))
        for level, hashes in enumerate(added):
            self._level(level).write(first >> 8 * level, hashes)
        self._positions.write(first, number_rows([begin << _LENGTH_BITS | length for begin, length in positions]))

    def tile(self, level: int, tile: int, width: int) -> bytes:
        """The first ``width`` hashes of a tile."""
        return self._level(level).read(tile, width)

    def bundle(self, tile: int, width: int) -> bytes:
        """The first ``width`` rows of a bundle."""
        return self._leaves.read(tile, width)

    def leaves(self, indices: range) -> list[LogLeaf]:
        """The leaves of these entries."""
        found: list[LogLeaf] = []
        while len(found) < len(indices):
            first = indices.start + len(found)
            begin = first % TILE_WIDTH
            width = min(TILE_WIDTH, begin + indices.stop - first)
            rows = self.bundle(first // TILE_WIDTH, width)
            found += [_leaf(rows, row, first - begin + row) for row in range(begin, width)]
        return found

    def positions(self, indices: range) -> list[tuple[int, int]]:
        """Where each of these entries' records begins in its segment, and how long it is."""
        rows = numbers(self._positions.read(indices.start, len(indices)))
        return [(row >> _LENGTH_BITS, row & _LENGTH_MASK) for row in rows]

    def edge(self, size: int) -> Edge:
        """The right edge of the tree of ``size`` leaves."""
        edge: list[bytes] = []
        while hashes := size >> 8 * len(edge):
            tile, width = divmod(hashes, TILE_WIDTH)
            edge.append(self.tile(len(edge), tile, width) if width else b"")
        return tuple(edge)

    def reaches(self, size: int) -> bool:
        """Whether the files are long enough for a log of ``size``."""
        levels = [level for level in range(8) if size >> 8 * level]
        return min(self._leaves.count(), self._positions.count()) >= size and all(
            self._level(level).count() >= size >> 8 * level for level in levels
        )

    def sync(self) -> None:
        """Returns when the disk has everything that was written."""
        for rows in self._all():
            rows.sync()

    def close(self) -> None:
        """Closes every file."""
        for rows in self._all():
            rows.close()

    def _all(self) -> list[CheckedRows | RowFile]:
        return [self._leaves, self._positions, *self._levels]

    def _level(self, level: int) -> CheckedRows:
        if level >= len(self._levels):
            with self._lock:  # for readers, to whom a level may appear while several ask for it
                while level >= len(self._levels):
                    self._levels.append(self._checked(f"level-{len(self._levels)}", HASH_LENGTH))
        return self._levels[level]

    def _checked(self, name: str, length: int) -> CheckedRows:
        rows = self._open(self._folder / name)
        return CheckedRows(rows, self._open(self._folder / f"{name}.crc"), length)


def _leaf(rows: bytes, row: int, index: int) -> LogLeaf:
    end = (row + 1) * BUNDLED_LENGTH
    try:
        leaf = parse_leaf(rows[end - LEAF_LENGTH : end])
    except MalformedMessage as problem:
        raise LogDamaged("leaves", str(problem), index) from problem
    if leaf.index != index:
        raise LogDamaged("leaves", f"it has entry {leaf.index} here", index)
    return leaf
