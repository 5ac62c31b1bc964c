"""The hashes of leaves and nodes (RFC 9162, 2.1.1), on raw bytes: rows of hashes, 32 bytes each, one after the other."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from certchain.errors import MalformedValue
from certchain.models.digest import Digest
from certchain.models.log import TILE_WIDTH

HASH_LENGTH = 32
EMPTY_ROOT = sha256().digest()
_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(data: bytes) -> Digest:
    """The hash of a leaf with these bytes: SHA-256(0x00 ‖ data)."""
    return Digest(sha256(_LEAF + data).digest())


def hash_leaves(leaves: Iterable[bytes]) -> bytes:
    """The row of these leaves' hashes: SHA-256(0x00 ‖ leaf) each."""
    return b"".join([sha256(_LEAF + leaf).digest() for leaf in leaves])


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(_NODE + left + right).digest()


def pair_up(row: bytes) -> bytes:
    """The row above a row of hashes; one that is left over at the right has no node there."""
    pairs = range(0, len(row) - HASH_LENGTH, 2 * HASH_LENGTH)
    return b"".join([sha256(_NODE + row[at : at + 2 * HASH_LENGTH]).digest() for at in pairs])


def fold_row(row: bytes) -> bytes:
    """The root (32 bytes) of the perfect tree over a row of 1, 2, 4, … hashes."""
    while len(row) > HASH_LENGTH:
        row = pair_up(row)
    return row


def fold_right(perfect: Sequence[bytes]) -> bytes:
    """The root of a row of perfect trees, the largest first; of none, the SHA-256 of nothing."""
    if not perfect:
        return EMPTY_ROOT
    node = perfect[-1]
    for left in reversed(perfect[:-1]):
        node = node_hash(left, node)
    return node


def fold_tile(tile: bytes) -> bytes:
    """The hash (32 bytes) that stands for a full tile in the level above. Raises ``MalformedValue`` for a partial one."""
    if len(tile) != TILE_WIDTH * HASH_LENGTH:
        raise MalformedValue("tile", f"it has {len(tile)} bytes, not {TILE_WIDTH * HASH_LENGTH}")
    return fold_row(tile)
