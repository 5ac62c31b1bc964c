"""The right edge of the tree: at each level the hashes that do not yet fill a tile."""

from certchain.merkle import fold_tile
from certchain.merkle.node import HASH_LENGTH
from certchain.models.log import TILE_WIDTH

_FULL = TILE_WIDTH * HASH_LENGTH

Edge = tuple[bytes, ...]
"""One string of hashes for each level, level 0 first, each shorter than a tile."""


def grow(edge: Edge, leaf_hashes: bytes) -> tuple[Edge, tuple[bytes, ...]]:
    """The edge after these leaf hashes, and what they add to each level that they reach, level 0 first.

    A level gets a hash for every tile below it that is now full.
    """
    grown, rising = list(edge), leaf_hashes
    added: list[bytes] = []
    while rising:
        level = len(added)
        added.append(rising)
        unfolded = (edge[level] if level < len(edge) else b"") + rising
        full = len(unfolded) // _FULL * _FULL
        grown[level : level + 1] = [unfolded[full:]]
        rising = b"".join(fold_tile(unfolded[begin : begin + _FULL]) for begin in range(0, full, _FULL))
    return tuple(grown), tuple(added)
