"""Which nodes a proof consists of (RFC 9162, 2.1.3.1 and 2.1.4.1), and the proofs of a tree whose leaves are all at hand."""

from collections.abc import Callable, Iterator, Sequence

from certchain.errors import IndexOutOfRange, UnknownSize
from certchain.merkle.node import fold_right, fold_row
from certchain.models.digest import Digest

Nodes = Callable[[int, int], bytes]
"""The hash of the node of a height and an index; only perfect nodes of the tree are asked for."""


def inclusion_path_length(index: int, size: int) -> int:
    """How many hashes the inclusion path of leaf ``index`` has in a tree of ``size``. Raises ``IndexOutOfRange``."""
    require_index(index, size)
    # Below the level where the leaf's branch and the tree's right edge meet, every level has a sibling; above it, only
    # those levels where the branch is a right child.
    below = (index ^ (size - 1)).bit_length()
    return below + (index >> below).bit_count()


def consistency_path_length(old_size: int, new_size: int) -> int:
    """How many hashes the consistency path between two sizes has. Raises ``UnknownSize`` when the old is the larger."""
    require_sizes(old_size, new_size)
    if old_size in {0, new_size}:
        return 0
    return inclusion_path_length(old_size - 1, new_size) - _edge(old_size) + (old_size.bit_count() > 1)


def inclusion_path(leaf_hashes: Sequence[Digest], index: int, size: int | None = None) -> tuple[Digest, ...]:
    """The inclusion path of a leaf in the tree of the first ``size`` leaves, all by default (RFC 9162, 2.1.3.1).

    The hashes go from the leaf's sibling up. Raises ``UnknownSize`` when there are fewer leaves than ``size``,
    ``IndexOutOfRange`` when the leaf is beyond it.
    """
    size = len(leaf_hashes) if size is None else size
    _require_leaves(leaf_hashes, size)
    return tuple(Digest(node) for node in inclusion_nodes(_nodes(leaf_hashes), index, size))


def consistency_path(leaf_hashes: Sequence[Digest], old_size: int, new_size: int) -> tuple[Digest, ...]:
    """The path that shows the first ``old_size`` leaves to be the beginning of the first ``new_size`` (RFC 9162, 2.1.4.1).

    Raises ``UnknownSize`` when there are fewer leaves, or the old size is the larger.
    """
    _require_leaves(leaf_hashes, new_size)
    return tuple(Digest(node) for node in consistency_nodes(_nodes(leaf_hashes), old_size, new_size))


def inclusion_nodes(nodes: Nodes, index: int, size: int) -> Iterator[bytes]:
    """The hashes of an inclusion path, from the leaf's sibling up. Raises ``IndexOutOfRange``."""
    require_index(index, size)
    return _siblings(nodes, index, size, 0)


def consistency_nodes(nodes: Nodes, old_size: int, new_size: int) -> Iterator[bytes]:
    """The hashes of a consistency path. Raises ``UnknownSize`` when the old size is the larger.

    It is the path of the last perfect tree of the old one in the new one, behind that tree's own root; which the verifier
    has already when it is the whole old tree.
    """
    require_sizes(old_size, new_size)
    if old_size in {0, new_size}:
        return
    edge = _edge(old_size)
    if old_size.bit_count() > 1:
        yield nodes(edge, (old_size >> edge) - 1)
    yield from _siblings(nodes, old_size - 1, new_size, edge)


def perfect_nodes(nodes: Nodes, begin: int, end: int) -> list[bytes]:
    """The perfect trees over the leaves from ``begin`` to before ``end``, the largest first.

    ``begin`` is a multiple of a power of two that is no smaller than their number.
    """
    found = []
    for height in reversed(range((end - begin).bit_length())):
        if (end - begin) >> height & 1:
            found.append(nodes(height, begin >> height))
            begin += 1 << height
    return found


def require_index(index: int, size: int) -> None:
    """Raises ``IndexOutOfRange`` for a leaf that a tree of ``size`` has not."""
    if not 0 <= index < size:
        raise IndexOutOfRange(index, size)


def require_sizes(old_size: int, new_size: int) -> None:
    """Raises ``UnknownSize`` for an old size that is not within the new one."""
    if not 0 <= old_size <= new_size:
        raise UnknownSize(old_size)


def _siblings(nodes: Nodes, index: int, size: int, lowest: int) -> Iterator[bytes]:
    """The siblings of a leaf's branch from the height ``lowest`` up."""
    meeting = (index ^ (size - 1)).bit_length()
    for height in range(lowest, meeting - 1):
        yield nodes(height, (index >> height) ^ 1)
    if meeting:  # here the sibling is the rest of the tree, which need not be perfect
        begin = ((index >> (meeting - 1)) + 1) << (meeting - 1)
        yield fold_right(perfect_nodes(nodes, begin, size))
    for height in range(meeting, index.bit_length()):
        if index >> height & 1:
            yield nodes(height, (index >> height) - 1)


def _edge(size: int) -> int:
    """The height of the last perfect tree in a tree of this size, which is not 0."""
    return (size & -size).bit_length() - 1


def _nodes(leaf_hashes: Sequence[Digest]) -> Nodes:
    def node(height: int, index: int) -> bytes:
        leaves = leaf_hashes[index << height : (index + 1) << height]
        return fold_row(b"".join([leaf.value for leaf in leaves]))

    return node


def _require_leaves(leaf_hashes: Sequence[Digest], size: int) -> None:
    if not 0 <= size <= len(leaf_hashes):
        raise UnknownSize(size)
