"""Roots and proofs from tiles (C2SP tlog-tiles): rows of 256 hashes, every eighth height of the tree.

A tile of level l holds nodes of height 8l; the heights between are folded from it. A tree of n leaves has
``floor(n / 256^l)`` hashes in level l, the last tile of which is partial. Whatever is asked for takes two tiles a level at
most, each read once.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from certchain.errors import MalformedMessage, UnknownSize
from certchain.merkle.node import HASH_LENGTH, fold_right, fold_row
from certchain.merkle.path import consistency_nodes, inclusion_nodes, perfect_nodes
from certchain.models.digest import Digest
from certchain.models.log import TILE_WIDTH, ConsistencyProof, InclusionProof

_LEVEL_HEIGHT = 8
# Proofs have their upper halves in common, and those of neighbours nearly everything. At most some 10 MB of rows are remembered.
_fold = lru_cache(maxsize=8192)(fold_row)


class TileReader(Protocol):
    """Where tiles come from. Whoever it is, proofs made from them are checked against a root that is known otherwise."""

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """The tile's first ``width`` hashes, 32 bytes each. Raises ``UnknownTile`` when there are not that many."""
        ...


def tree_root(tiles: TileReader, size: int) -> Digest:
    """The root of the first ``size`` leaves. Raises ``UnknownSize``, or what the reader raises."""
    return Digest(fold_right(_frontier(tiles, size)))


def tree_frontier(tiles: TileReader, size: int) -> tuple[Digest, ...]:
    """The roots of the perfect trees of the first ``size`` leaves, the largest first: what ``CompactRange.at`` takes.

    Raises ``UnknownSize``.
    """
    return tuple(Digest(node) for node in _frontier(tiles, size))


def inclusion_proof(tiles: TileReader, index: int, size: int) -> InclusionProof:
    """That leaf ``index`` is in the tree of ``size`` (RFC 9162, 2.1.3.1). Raises ``IndexOutOfRange``."""
    return inclusion_proofs(tiles, (index,), size)[0]


def inclusion_proofs(tiles: TileReader, indices: Sequence[int], size: int) -> tuple[InclusionProof, ...]:
    """A proof for each leaf in one tree; a tile that several of them need is read once."""
    nodes = _Nodes(tiles, size)
    paths = [tuple(Digest(node) for node in inclusion_nodes(nodes, index, size)) for index in indices]
    return tuple(InclusionProof(index, size, path) for index, path in zip(indices, paths, strict=True))


def consistency_proof(tiles: TileReader, old_size: int, new_size: int) -> ConsistencyProof:
    """That the tree of ``new_size`` continues the one of ``old_size`` (RFC 9162, 2.1.4.1). Raises ``UnknownSize``."""
    path = consistency_nodes(_Nodes(tiles, new_size), old_size, new_size)
    return ConsistencyProof(old_size, new_size, tuple(Digest(node) for node in path))


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes (or, for level 0, leaves of a bundle) a tile has in a tree of ``size``: 0 when there is none."""
    hashes = size >> _LEVEL_HEIGHT * level
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def tile_widths(size: int) -> tuple[int, ...]:
    """The width of each level's partial tile, from level 0 up, 0 where there is none.

    Level l has ``size >> 8 * (l + 1)`` full tiles before it.
    """
    levels = -(-size.bit_length() // _LEVEL_HEIGHT)
    return tuple((size >> _LEVEL_HEIGHT * level) % TILE_WIDTH for level in range(levels))


def _frontier(tiles: TileReader, size: int) -> list[bytes]:
    if size < 0:
        raise UnknownSize(size)
    return perfect_nodes(_Nodes(tiles, size), 0, size)


class _Nodes:
    """The perfect nodes of a tree by height and index, from its tiles; each tile is read, and each node folded, once."""

    __slots__ = ("_folded", "_read", "_size", "_tiles")

    def __init__(self, tiles: TileReader, size: int) -> None:
        self._tiles, self._size = tiles, size
        self._read: dict[tuple[int, int], bytes] = {}
        self._folded: dict[tuple[int, int], bytes] = {}

    def __call__(self, height: int, index: int) -> bytes:
        node = self._folded.get((height, index))
        if node is None:
            node = self._folded[height, index] = self._fold(height, index)
        return node

    def _fold(self, height: int, index: int) -> bytes:
        level, above = divmod(height, _LEVEL_HEIGHT)
        tile, first = divmod(index << above, TILE_WIDTH)
        row = self._tile(level, tile)[first * HASH_LENGTH : (first + (1 << above)) * HASH_LENGTH]
        return _fold(row) if above else row

    def _tile(self, level: int, index: int) -> bytes:
        row = self._read.get((level, index))
        if row is None:
            width = tile_width(level, index, self._size)
            row = self._read[level, index] = self._tiles.tile(level, index, width)
            if len(row) != width * HASH_LENGTH:
                raise MalformedMessage(f"tile {index} of level {level} has {len(row)} bytes, not {width * HASH_LENGTH}")
        return row
