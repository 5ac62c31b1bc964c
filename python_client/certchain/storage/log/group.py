"""What every log store asks of a group of entries before it takes it, and of a tile before it gives it."""

from collections.abc import Sequence

from certchain.errors import MalformedValue, SizeMismatch, UnknownTile
from certchain.merkle.node import HASH_LENGTH
from certchain.models.log import TILE_WIDTH, SealedEntry

LONGEST_SEALED = 1 << 20
"""Bytes in one sealed body, at most: a body says one thing that was done, and is a few hundred bytes long."""
_MOST = 2**63 - 1


def require_group(entries: Sequence[SealedEntry], leaf_hashes: Sequence[bytes], size: int) -> bytes:
    """The leaf hashes of a group that continues a log of ``size``, one after the other.

    Raises ``SizeMismatch`` with the first index that does not continue it, and ``MalformedValue``.
    """
    for expected, entry in enumerate(entries, start=size):
        if entry.leaf.index != expected:
            raise SizeMismatch(entry.leaf.index, expected)
        if not (0 <= entry.leaf.at <= _MOST and 0 <= entry.key <= _MOST):
            raise MalformedValue("log entry", "its time or key number is not 0 to 2^63 - 1")
        if len(entry.sealed) > LONGEST_SEALED:
            raise MalformedValue("log entry", f"its body has more than {LONGEST_SEALED} bytes")
    if len(leaf_hashes) != len(entries) or any(len(leaf_hash) != HASH_LENGTH for leaf_hash in leaf_hashes):
        raise MalformedValue("leaf hashes", f"they are not {len(entries)} of {HASH_LENGTH} bytes")
    return b"".join(leaf_hashes)


def require_tile(level: int, index: int, width: int, size: int) -> int:
    """The number of the tile's first row, when a log of ``size`` has its first ``width`` rows. Raises ``UnknownTile``."""
    first = index * TILE_WIDTH
    if level < 0 or index < 0 or not 1 <= width <= TILE_WIDTH or first + width > size >> 8 * level:
        raise UnknownTile(str(level), index, width)
    return first


def require_bundle(index: int, width: int, size: int) -> int:
    """The index of the bundle's first leaf, when a log of ``size`` has its first ``width`` leaves. Raises ``UnknownTile``."""
    first = index * TILE_WIDTH
    if index < 0 or not 1 <= width <= TILE_WIDTH or first + width > size:
        raise UnknownTile("entries", index, width)
    return first


def require_range(first: int, limit: int, size: int) -> range:
    """The indices of at most ``limit`` entries from ``first`` on, none past the end. Raises ``MalformedValue`` below 0."""
    if first < 0 or limit < 0:
        raise MalformedValue("range of entries", "its beginning or length is below 0")
    return range(min(first, size), min(first + limit, size))
