"""The Merkle tree of RFC 9162, section 2.1: SHA-256, leaves hashed behind the byte 0x00 and nodes behind 0x01.

A tree of n leaves splits at the largest power of two below n, so a tree of any size is a row of perfect trees, one for
each set bit of n, the largest first. ``CompactRange`` keeps only their roots: enough to append and to know the root at
every size.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from certchain.errors import IndexOutOfRange, NotIncluded, ProofLength, UnknownSize
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof

_LEAF = b"\x00"
_NODE = b"\x01"
_EMPTY = sha256().digest()


class CompactRange:
    """A growing tree, kept as one hash for each set bit of its size. Not thread-safe."""

    __slots__ = ("_perfect", "_size")

    def __init__(self, leaf_hashes: Iterable[Digest] = ()) -> None:
        self._size = 0
        self._perfect: list[bytes] = []
        self.extend(leaf_hashes)

    def append(self, leaf_hash: Digest) -> None:
        """Adds one leaf at the right: as many merges as the size has trailing one bits."""
        node = leaf_hash.value
        ones = self._size
        while ones & 1:
            node = _node(self._perfect.pop(), node)
            ones >>= 1
        self._perfect.append(node)
        self._size += 1

    def extend(self, leaf_hashes: Iterable[Digest]) -> None:
        """Adds leaves in their order."""
        for leaf in leaf_hashes:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    @property
    def frontier(self) -> tuple[Digest, ...]:
        """The roots of the perfect trees, the largest first: one for each set bit of the size, none for an empty tree."""
        return tuple(Digest(node) for node in self._perfect)

    def root(self) -> Digest:
        """The tree's root (RFC 9162, 2.1.1); of an empty tree the SHA-256 of nothing."""
        if not self._perfect:
            return Digest(_EMPTY)
        node = self._perfect[-1]
        for left in reversed(self._perfect[:-1]):
            node = _node(left, node)
        return Digest(node)


def leaf_hash(data: bytes) -> Digest:
    """The hash of a leaf with these bytes: SHA-256(0x00 ‖ data)."""
    return Digest(sha256(_LEAF + data).digest())


def root(leaf_hashes: Iterable[Digest]) -> Digest:
    """The root of the tree of these leaves (RFC 9162, 2.1.1)."""
    return CompactRange(leaf_hashes).root()


def inclusion_path(leaf_hashes: Sequence[Digest], index: int, size: int | None = None) -> tuple[Digest, ...]:
    """The inclusion path of a leaf in the tree of the first ``size`` leaves, all by default (RFC 9162, 2.1.3.1).

    The hashes go from the leaf's sibling up. Raises ``UnknownSize`` when there are fewer leaves than ``size``,
    ``IndexOutOfRange`` when the leaf is beyond it.
    """
    size = len(leaf_hashes) if size is None else size
    if not 0 <= size <= len(leaf_hashes):
        raise UnknownSize(size)
    _require_index(index, size)
    return tuple(_siblings([leaf.value for leaf in leaf_hashes[:size]], index))


def inclusion_path_length(index: int, size: int) -> int:
    """How many hashes the inclusion path of leaf ``index`` has in a tree of ``size``. Raises ``IndexOutOfRange``."""
    _require_index(index, size)
    # Below the level where the leaf's branch and the tree's right edge meet, every level has a sibling; above it, only
    # those levels where the branch is a right child.
    below = (index ^ (size - 1)).bit_length()
    return below + (index >> below).bit_count()


def root_from_inclusion(leaf: Digest, proof: InclusionProof) -> Digest:
    """The root that the proof leads to from this leaf hash (RFC 9162, 2.1.3.2).

    Raises ``IndexOutOfRange`` or ``ProofLength``. The caller compares the root; ``verify_inclusion`` does both.
    """
    expected = inclusion_path_length(proof.index, proof.size)
    if len(proof.path) != expected:
        raise ProofLength(len(proof.path), expected)
    node, position, last = leaf.value, proof.index, proof.size - 1
    for sibling in proof.path:
        while not position & 1 and position == last:  # the right edge has no sibling here, and moves up as it is
            position, last = position >> 1, last >> 1
        node = _node(sibling.value, node) if position & 1 else _node(node, sibling.value)
        position, last = position >> 1, last >> 1
    return Digest(node)


def verify_inclusion(leaf: Digest, proof: InclusionProof, expected_root: Digest) -> Digest:
    """Returns the leaf hash when the proof leads from it to the root.

    Raises ``NotIncluded``, ``ProofLength`` or ``IndexOutOfRange``.
    """
    if root_from_inclusion(leaf, proof) != expected_root:
        raise NotIncluded(leaf.value, proof.index, proof.size)
    return leaf


def _siblings(level: list[bytes], position: int) -> Iterator[Digest]:
    """The branch's siblings, level by level, each level folded to the one above; an odd last node moves up as it is."""
    while len(level) > 1:
        sibling = position ^ 1
        if sibling < len(level):
            yield Digest(level[sibling])
        pairs = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) & ~1 :]
        position >>= 1


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(_NODE + left + right).digest()


def _require_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise IndexOutOfRange(index, size)
