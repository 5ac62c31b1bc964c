"""The tree in assembly, against a plain twin in Solidity and the tree in Python."""

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certchain.merkle import CompactRange, inclusion_path, inclusion_path_length, root
from certchain.models.digest import Digest

LARGEST = 2**64 - 1


def leaves(count: int, seed: str = "") -> list[Digest]:
    """So many leaf hashes, all different."""
    return [Digest(sha256(f"{seed} {index}".encode()).digest()) for index in range(count)]


def values(hashes: list[Digest] | tuple[Digest, ...]) -> list[bytes]:
    """As the harness takes them."""
    return [digest.value for digest in hashes]


def hashes(count: int) -> st.SearchStrategy[list[bytes]]:
    """So many hashes, of anything."""
    return st.lists(st.binary(min_size=32, max_size=32), min_size=count, max_size=count)


# --------------------------------------------------------------------------------------------------------------- growth


@given(before=st.integers(0, 140), count=st.integers(1, 140))
@settings(max_examples=80, deadline=None)
def test_the_root_after_an_append_is_the_same_three_times(libraries: Any, before: int, count: int) -> None:
    """Assembly, plain Solidity and Python."""
    every = leaves(before + count)
    frontier = CompactRange(every[:before]).frontier
    fast, plain = libraries.rootAfter(before, values(frontier), values(every[before:])).call()
    assert fast == plain == root(every).value


@given(data=st.data(), size=st.integers(0, LARGEST - 70), count=st.integers(1, 70))
@settings(max_examples=80, deadline=None)
def test_a_tree_of_any_size_grows_as_the_twin_says(libraries: Any, data: st.DataObject, size: int, count: int) -> None:
    """A frontier is only hashes, so that no size of 64 bits is out of reach."""
    frontier, added = data.draw(hashes(size.bit_count())), data.draw(hashes(count))
    fast, plain = libraries.rootAfter(size, frontier, added).call()
    assert fast == plain


@pytest.mark.parametrize("size", [0, 1, 2, 3, 64, 127, 255, 300])
def test_a_frontier_leads_to_the_root(libraries: Any, size: int) -> None:
    """And that of nothing to SHA-256 of nothing."""
    every = leaves(size)
    frontier = values(CompactRange(every).frontier)
    assert libraries.frontierLength(size).call() == len(frontier)
    assert libraries.rootOf(frontier).call() == [root(every).value] * 2


@given(size=st.integers(0, LARGEST))
@settings(max_examples=50, deadline=None)
def test_a_frontier_has_one_hash_for_each_set_bit(libraries: Any, size: int) -> None:
    """Of a size of up to 64 bits."""
    assert libraries.frontierLength(size).call() == size.bit_count()


# ------------------------------------------------------------------------------------------------------------ inclusion


@given(data=st.data(), size=st.integers(1, 200))
@settings(max_examples=80, deadline=None)
def test_a_proof_leads_to_the_root_three_times(libraries: Any, data: st.DataObject, size: int) -> None:
    """Assembly, the steps of RFC 9162 in plain Solidity, and the root itself."""
    every = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = values(inclusion_path(every, index))
    assert libraries.rootFrom(every[index].value, index, size, path).call() == [
        True,
        root(every).value,
        root(every).value,
    ]


@given(data=st.data(), size=st.integers(1, LARGEST), surplus=st.sampled_from([-2, -1, 0, 0, 0, 1, 2]))
@settings(max_examples=80, deadline=None)
def test_a_proof_of_any_shape_is_judged_as_the_rfc_does(
    libraries: Any, data: st.DataObject, size: int, surplus: int
) -> None:
    """The RFC fails on a proof exactly where its length is wrong; where it is right, both lead to the same root."""
    index = data.draw(st.integers(0, size - 1))
    length = max(0, inclusion_path_length(index, size) + surplus)
    proof = data.draw(hashes(length))
    valid, fast, plain = libraries.rootFrom(bytes(32), index, size, proof).call()
    assert valid == (length == inclusion_path_length(index, size))
    if valid:
        assert fast == plain
