"""A tree that only grows: the roots of its perfect trees are enough to append, and to know the root at every size."""

from collections.abc import Iterable, Sequence
from typing import Self

from certchain.errors import FrontierLength, MalformedValue, UnknownSize
from certchain.merkle.node import HASH_LENGTH, fold_right, fold_row, node_hash
from certchain.models.digest import Digest


class CompactRange:
    """A growing tree, kept as one hash for each set bit of its size. Not thread-safe."""

    __slots__ = ("_perfect", "_size")

    def __init__(self, leaf_hashes: Iterable[Digest] = ()) -> None:
        self._size = 0
        self._perfect: list[bytes] = []
        self.extend(leaf_hashes)

    @classmethod
    def at(cls, size: int, frontier: Sequence[Digest]) -> Self:
        """The tree that has this ``frontier`` at ``size``. Raises ``UnknownSize`` or ``FrontierLength``."""
        if size < 0:
            raise UnknownSize(size)
        if len(frontier) != size.bit_count():
            raise FrontierLength(len(frontier), size.bit_count())
        tree = cls()
        tree._size, tree._perfect = size, [node.value for node in frontier]
        return tree

    def append(self, leaf_hash: Digest) -> None:
        """Adds one leaf at the right: as many merges as the size has trailing one bits."""
        self._append(leaf_hash.value, 0)

    def extend(self, leaf_hashes: Iterable[Digest]) -> None:
        """Adds leaves in their order."""
        for leaf in leaf_hashes:
            self._append(leaf.value, 0)

    def extend_row(self, leaf_hashes: bytes) -> None:
        """Adds leaves as a row of their hashes, 32 bytes each. Raises ``MalformedValue`` when it ends within one."""
        if len(leaf_hashes) % HASH_LENGTH:
            raise MalformedValue("row of hashes", f"it has {len(leaf_hashes)} bytes")
        begin, end = 0, len(leaf_hashes) // HASH_LENGTH
        while begin < end:
            # As many leaves at once as make a perfect tree here.
            height = (end - begin).bit_length() - 1
            if self._size:
                height = min(height, (self._size & -self._size).bit_length() - 1)
            row = leaf_hashes[begin * HASH_LENGTH : (begin + (1 << height)) * HASH_LENGTH]
            self._append(fold_row(row), height)
            begin += 1 << height

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
        return Digest(fold_right(self._perfect))

    def _append(self, node: bytes, height: int) -> None:
        """Adds a perfect tree of 2^height leaves; the size is a multiple of that."""
        ones = self._size >> height
        while ones & 1:
            node = node_hash(self._perfect.pop(), node)
            ones >>= 1
        self._perfect.append(node)
        self._size += 1 << height


def root(leaf_hashes: Iterable[Digest]) -> Digest:
    """The root of the tree of these leaves (RFC 9162, 2.1.1)."""
    return CompactRange(leaf_hashes).root()
