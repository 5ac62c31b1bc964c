"""A compact range grows by one leaf, by many, or from a frontier that it is given, to the same tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain import merkle
from certchain.errors import FrontierLength, MalformedValue, UnknownSize
from certchain.models.digest import Digest

LEAVES = [merkle.leaf_hash(index.to_bytes(2)) for index in range(600)]


def row(leaves: list[Digest]) -> bytes:
    return b"".join(leaf.value for leaf in leaves)


@given(st.lists(st.integers(0, 150), max_size=4))
def test_rows_of_leaves_make_the_tree_that_single_leaves_make(lengths: list[int]) -> None:
    tree, size = merkle.CompactRange(), 0
    for length in lengths:
        tree.extend_row(row(LEAVES[size : size + length]))
        size += length

        expected = merkle.CompactRange(LEAVES[:size])
        assert (tree.size, tree.frontier, tree.root()) == (size, expected.frontier, expected.root())


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 500])
def test_a_tree_goes_on_from_its_frontier(size: int) -> None:
    tree = merkle.CompactRange.at(size, merkle.CompactRange(LEAVES[:size]).frontier)
    assert tree.root() == merkle.root(LEAVES[:size])

    tree.extend(LEAVES[size:])
    assert (tree.size, tree.root()) == (600, merkle.root(LEAVES))


def test_a_frontier_of_another_length_or_size_is_refused() -> None:
    with pytest.raises(FrontierLength) as refusal:
        merkle.CompactRange.at(5, LEAVES[:1])
    assert refusal.value.values() == {"length": 1, "expected_length": 2}
    with pytest.raises(UnknownSize):
        merkle.CompactRange.at(-1, ())


def test_a_row_that_ends_within_a_hash_is_refused_and_leaves_the_tree_as_it_was() -> None:
    tree = merkle.CompactRange(LEAVES[:3])
    with pytest.raises(MalformedValue):
        tree.extend_row(row(LEAVES[3:5]) + b"\0")
    assert (tree.size, tree.root()) == (3, merkle.root(LEAVES[:3]))
