"""The tiles and leaves of one tree whose size and root are known: whatever comes out was found to be of that tree.

The partial tiles at the tree's right edge make its root. Every full tile has its hash in the level above, and every bundle's
leaves theirs in level 0: so a row is checked when it comes in, from whoever it comes, and memory holds a tile a level.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from certchain.encoding.tile import ENTRIES, parse_bundle, tile_path
from certchain.errors import CertchainError, TileInvalid, UnknownTile
from certchain.log.source import LogSource
from certchain.merkle import fold_tile, tile_width, tile_widths, tree_root
from certchain.merkle.node import HASH_LENGTH, hash_leaves
from certchain.models.digest import Digest
from certchain.models.log import TILE_WIDTH

_LEVEL_HEIGHT = 8

Found = TypeVar("Found")


class VerifiedLog:
    """The tree with this size and root, from ``sources`` that are tried in their order. Not thread-safe.

    A row that no source has as it should be raises what the last source gave rise to: ``TileInvalid`` when it is of another tree.
    """

    def __init__(self, sources: Sequence[LogSource], size: int, root: Digest) -> None:
        self._sources, self._size, self._root = sources, size, root
        self._last: dict[int, tuple[int, bytes]] = {}
        self._edge = self._first(self._read_edge)

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """The tile's first ``width`` hashes, 32 bytes each. Raises ``UnknownTile`` beyond the tree."""
        _require(str(level), index, width, tile_width(level, index, self._size))
        return self._tile(level, index)[: width * HASH_LENGTH]

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        """The bundle's first ``width`` leaves. Raises ``UnknownTile`` beyond the tree."""
        _require(ENTRIES, index, width, tile_width(0, index, self._size))
        hashes = self.tile(0, index, width)
        return self._first(lambda source: self._read_bundle(source, index, width, hashes))

    def _first(self, read: Callable[[LogSource], Found]) -> Found:
        *others, last = self._sources
        for source in others:
            with suppress(CertchainError):
                return read(source)
        return read(last)

    def _read_edge(self, source: LogSource) -> Mapping[int, bytes]:
        """The partial tiles by their level."""
        edge = {
            level: source.tile(level, self._size >> _LEVEL_HEIGHT * (level + 1), width)
            for level, width in enumerate(tile_widths(self._size))
            if width
        }
        if tree_root(_Edge(edge), self._size) != self._root:
            raise TileInvalid("the row of partial tiles", self._size)
        return edge

    def _read_bundle(self, source: LogSource, index: int, width: int, hashes: bytes) -> bytes:
        row = source.bundle(index, width)
        if hash_leaves(parse_bundle(row)) != hashes:
            raise TileInvalid(tile_path(ENTRIES, index, width), self._size)
        return row

    def _read_tile(self, source: LogSource, level: int, index: int, expected: bytes) -> bytes:
        row = source.tile(level, index)
        if len(row) != TILE_WIDTH * HASH_LENGTH or fold_tile(row) != expected:
            raise TileInvalid(tile_path(level, index), self._size)
        return row

    def _tile(self, level: int, index: int) -> bytes:
        """The tile, as wide as the tree has it."""
        if tile_width(level, index, self._size) < TILE_WIDTH:
            return self._edge[level]
        at, row = self._last.get(level, (-1, b""))
        if at != index:
            above, place = divmod(index, TILE_WIDTH)
            expected = self._tile(level + 1, above)[place * HASH_LENGTH : (place + 1) * HASH_LENGTH]
            row = self._first(lambda source: self._read_tile(source, level, index, expected))
            self._last[level] = index, row
        return row


@dataclass(frozen=True, slots=True)
class _Edge:
    """A tree's partial tiles: all that its root takes."""

    rows: Mapping[int, bytes]

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self.rows[level]


def _require(level: str, index: int, width: int, available: int) -> None:
    if index < 0 or not 0 < width <= available:
        raise UnknownTile(level, index, width)
