"""The assembly of the Merkle tree, against a plain twin that follows RFC 9162 word by word, at sizes no test can grow."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import pytest
from brownie.test import given
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from certchain.merkle import consistency_path
from certchain.models.digest import Digest
from tests.contracts import harness

LARGEST = 2**63

sizes = st.one_of(st.integers(0, 70), st.integers(0, LARGEST), st.integers(0, 63).map(lambda bit: 2**bit))
walk = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# A harness is no production contract, and its branches are not measured.
pytestmark = pytest.mark.skip_coverage


@pytest.fixture(scope="module")
def merkle_tree(module_isolation: None) -> Any:
    return harness.deploy("MerkleTreeHarness").functions


def node(left: bytes, right: bytes) -> bytes:
    """RFC 9162, section 2.1.1: the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def heights(size: int) -> list[int]:
    """The heights of the perfect subtrees that a tree is made of, the largest first."""
    return [bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def plain_root(frontier: Sequence[bytes]) -> bytes:
    """RFC 9162, section 2.1.1: each subtree is the left child of a node with all that follows."""
    if not frontier:
        return sha256().digest()
    return frontier[0] if len(frontier) == 1 else node(frontier[0], plain_root(frontier[1:]))


def plain_root_after(size: int, frontier: Sequence[bytes], leaf_hashes: Sequence[bytes]) -> bytes:
    """Leaf by leaf: two subtrees of one height become one of the next."""
    subtrees = list(zip(heights(size), frontier, strict=True))
    for leaf in leaf_hashes:
        subtrees.append((0, leaf))
        while len(subtrees) > 1 and subtrees[-1][0] == subtrees[-2][0]:
            (height, left), (_, right) = subtrees[-2:]
            subtrees[-2:] = [(height + 1, node(left, right))]
    return plain_root([subtree for _, subtree in subtrees])


def plain_root_from(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """RFC 9162, section 2.1.3.2, steps 2 to 5, or nothing where the proof has not the right length."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def plain_roots_from(old_root: bytes, old_size: int, size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """RFC 9162, section 2.1.4.2, steps 2 to 7, or nothing where the proof has not the right length."""
    path = [old_root, *proof] if old_size & (old_size - 1) == 0 else [*proof]
    if not path:
        return None
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr) if sn == 0 else None


def some(name: str, count: int) -> list[bytes]:
    """As many hashes as asked for, told apart by a word. Which they are changes nothing: where they go does."""
    return [sha256(f"{name} {number}".encode()).digest() for number in range(count)]


@walk
@given(size=sizes)
def test_a_frontier_has_a_hash_for_each_set_bit(merkle_tree: Any, size: int) -> None:
    assert merkle_tree.frontierLength(size).call() == len(heights(size))


@pytest.mark.parametrize("length", range(0, 65, 4))
def test_the_root_of_a_frontier(merkle_tree: Any, length: int) -> None:
    frontier = some("subtree", length)
    assert merkle_tree.rootOf(frontier).call() == plain_root(frontier)


@walk
@given(size=sizes, count=st.integers(1, 40))
def test_the_root_after_an_append(merkle_tree: Any, size: int, count: int) -> None:
    frontier, leaves = some("subtree", len(heights(size))), some("leaf", count)
    assert merkle_tree.rootAfter(size, frontier, leaves).call() == plain_root_after(size, frontier, leaves)


@pytest.mark.parametrize("size", [*range(34), 2**32 - 1, 2**32, 2**63 - 1])
def test_the_root_after_every_small_append(merkle_tree: Any, size: int) -> None:
    frontier, leaves = some("subtree", len(heights(size))), some("leaf", 17)
    for count in range(1, 18):
        expected = plain_root_after(size, frontier, leaves[:count])
        assert merkle_tree.rootAfter(size, frontier, leaves[:count]).call() == expected


def test_the_root_after_every_first_batch_to_300(merkle_tree: Any) -> None:
    """Against an independent implementation, too: all of a log's entries at once."""
    tree = InmemoryTree.init_from_entries([f"entry {index}".encode() for index in range(300)], algorithm="sha256")
    leaves = [tree.get_leaf(index) for index in range(1, 301)]
    for size in range(1, 301):
        assert merkle_tree.rootAfter(0, [], leaves[:size]).call() == tree.get_root(size), f"at size {size}"


@walk
@given(size=st.one_of(st.integers(1, 70), st.integers(1, LARGEST)), data=st.data())
def test_a_proof_has_the_length_and_leads_to_the_root_of_the_plain_one(
    merkle_tree: Any, size: int, data: st.DataObject
) -> None:
    index = data.draw(st.one_of(st.integers(0, size - 1), st.integers(max(0, size - 3), size - 1)))
    length = merkle_tree.proofLength(index, size).call()
    (leaf, *proof) = some("hash", 1 + length)
    assert merkle_tree.rootFrom(leaf, index, size, proof).call() == plain_root_from(leaf, index, size, proof)
    assert plain_root_from(leaf, index, size, [*proof, leaf]) is None
    assert not proof or plain_root_from(leaf, index, size, proof[:-1]) is None


@pytest.mark.parametrize("size", [*range(1, 30), 63, 64, 65, 200])
def test_every_consistency_proof_leads_to_both_roots(merkle_tree: Any, size: int) -> None:
    """From every beginning; with the proofs of certchain's own tree and the roots of an independent one."""
    tree = InmemoryTree.init_from_entries([f"entry {index}".encode() for index in range(size)], algorithm="sha256")
    leaves = [Digest(tree.get_leaf(index)) for index in range(1, size + 1)]
    for old_size in range(0, size + 1, 1 + size // 40):
        proof = [each.value for each in consistency_path(leaves, old_size, size)]
        old_root, root = tree.get_root(old_size), tree.get_root(size)
        assert merkle_tree.consistencyLength(old_size, size).call() == len(proof)
        assert merkle_tree.rootsFrom(old_root, old_size, root, size, proof).call() == [old_root, root]


@pytest.mark.parametrize(("old_size", "size"), [(0, 0), (0, 1), (0, LARGEST), (1, 1), (7, 7), (LARGEST, LARGEST)])
def test_where_no_consistency_proof_is_needed_there_is_one_pair_of_roots(
    merkle_tree: Any, old_size: int, size: int
) -> None:
    """The empty tree's and the new one, or the new one twice, whatever was claimed."""
    claimed, root = some("root", 2)
    assert merkle_tree.consistencyLength(old_size, size).call() == 0
    old_root = root if old_size else sha256().digest()
    assert merkle_tree.rootsFrom(claimed, old_size, root, size, []).call() == [old_root, root]


@walk
@given(data=st.data())
def test_a_consistency_proof_has_the_length_and_leads_to_the_roots_of_the_plain_one(
    merkle_tree: Any, data: st.DataObject
) -> None:
    size = data.draw(st.one_of(st.integers(2, 70), st.integers(2, LARGEST)))
    power = st.integers(0, (size - 1).bit_length() - 1).map(lambda bit: 2**bit)
    old_size = data.draw(st.one_of(st.integers(1, size - 1), st.integers(max(1, size - 3), size - 1), power))
    length = merkle_tree.consistencyLength(old_size, size).call()
    (old_root, root, *proof) = some("hash", 2 + length)
    plain = plain_roots_from(old_root, old_size, size, proof)
    assert plain is not None
    assert merkle_tree.rootsFrom(old_root, old_size, root, size, proof).call() == list(plain)
    assert plain_roots_from(old_root, old_size, size, [*proof, root]) is None
    assert plain_roots_from(old_root, old_size, size, proof[:-1]) is None
