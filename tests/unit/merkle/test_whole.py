"""A tree that is there as a whole has the root and the paths of any other, and looks them up."""

import pytest

from certchain import merkle
from certchain.errors import IndexOutOfRange, MalformedValue

LEAVES = [merkle.leaf_hash(index.to_bytes(2)) for index in range(70)]


def tree(size: int) -> merkle.WholeTree:
    return merkle.WholeTree.over(b"".join(leaf.value for leaf in LEAVES[:size]))


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_root_and_every_path_are_those_of_the_standard(size: int) -> None:
    whole = tree(size)

    assert (whole.size, whole.root()) == (size, merkle.root(LEAVES[:size]))
    for index in range(size):
        assert whole.path(index) == merkle.inclusion_path(LEAVES, index, size)


@pytest.mark.parametrize(("size", "index"), [(0, 0), (5, 5), (5, -1)])
def test_a_leaf_beyond_the_tree_has_no_path(size: int, index: int) -> None:
    with pytest.raises(IndexOutOfRange):
        tree(size).path(index)


def test_a_row_that_ends_within_a_hash_is_refused() -> None:
    with pytest.raises(MalformedValue):
        merkle.WholeTree.over(bytes(33))
