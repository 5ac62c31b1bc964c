"""The Merkle tree agrees with RFC 9162, with published answers and with an independent implementation."""

import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from certchain import merkle
from certchain.errors import IndexOutOfRange, NotIncluded, ProofLength, UnknownSize
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof

# The leaves, roots and paths of the reference test of Certificate Transparency's Merkle tree.
CT = json.loads((Path(__file__).parents[2] / "vectors" / "published.json").read_text(encoding="utf-8"))["tree"]
CT_LEAVES = [bytes.fromhex(leaf) for leaf in CT["leaves"]]
MOST_LEAVES = 5_000


def ct_leaf_hashes(size: int) -> list[Digest]:
    return [merkle.leaf_hash(leaf) for leaf in CT_LEAVES[:size]]


@cache
def leaf_hashes() -> list[Digest]:
    return [merkle.leaf_hash(leaf) for leaf in _leaves()]


@cache
def independent() -> Any:
    tree = InmemoryTree(algorithm="sha256")
    for leaf in _leaves():
        tree.append_entry(leaf)
    return tree


def _leaves() -> list[bytes]:
    source = random.Random(9162)
    return [source.randbytes(source.randrange(70)) for _ in range(MOST_LEAVES)]


def independent_path(index: int, size: int) -> list[bytes]:
    # pymerkle counts leaves from 1, and begins its path with the leaf itself.
    hashes = independent().prove_inclusion(index + 1, size).serialize()["path"]
    return [bytes.fromhex(node) for node in hashes[1:]]


def indices(size: int) -> set[int]:
    """All of a small tree; of a larger one those at its edges and its middle, and some more."""
    if size <= 100:
        return set(range(size))
    return {0, 1, size // 2 - 1, size // 2, size - 2, size - 1, *random.Random(size).sample(range(size), 6)}


def proof_of(index: int, size: int) -> InclusionProof:
    return InclusionProof(index, size, merkle.inclusion_path(leaf_hashes(), index, size))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_published_for_certificate_transparency(size: int) -> None:
    assert merkle.root(ct_leaf_hashes(size)) == Digest(bytes.fromhex(CT["roots"][size]))


@pytest.mark.parametrize("known", CT["inclusion"], ids=lambda known: f"{known['index']} in {known['size']}")
def test_inclusion_paths_are_those_published_for_certificate_transparency(known: dict[str, Any]) -> None:
    path = merkle.inclusion_path(ct_leaf_hashes(8), known["index"], known["size"])

    assert [node.value.hex() for node in path] == known["path"]


def test_a_compact_range_agrees_with_an_independent_implementation_at_every_size() -> None:
    tree = merkle.CompactRange()
    for size, leaf in enumerate(leaf_hashes()[:300], start=1):
        tree.append(leaf)

        assert tree.size == size
        assert tree.root().value == independent().get_root(size)


@pytest.mark.parametrize("size", range(40))
def test_the_frontier_has_one_perfect_tree_for_each_set_bit_the_largest_first(size: int) -> None:
    leaves = leaf_hashes()[:size]
    expected, begin = [], 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            expected.append(merkle.root(leaves[begin : begin + 2**height]))
            begin += 2**height

    assert merkle.CompactRange(leaves).frontier == tuple(expected)


@pytest.mark.parametrize("size", range(1, 301))
def test_inclusion_paths_agree_with_an_independent_implementation(size: int) -> None:
    root = merkle.root(leaf_hashes()[:size])
    for index in indices(size):
        proof = proof_of(index, size)

        assert [node.value for node in proof.path] == independent_path(index, size)
        assert merkle.verify_inclusion(leaf_hashes()[index], proof, root) == leaf_hashes()[index]


@pytest.mark.parametrize("size", random.Random(2013).sample(range(301, MOST_LEAVES + 1), 12))
def test_roots_and_paths_of_large_trees_agree_with_an_independent_implementation(size: int) -> None:
    root = merkle.root(leaf_hashes()[:size])
    assert root.value == independent().get_root(size)

    for index in random.Random(size).sample(range(size), 5):
        proof = proof_of(index, size)
        assert [node.value for node in proof.path] == independent_path(index, size)
        assert merkle.root_from_inclusion(leaf_hashes()[index], proof) == root


def test_every_leaf_of_every_small_tree_is_proven_and_no_other_leaf_is() -> None:
    for size in range(1, 34):
        root = merkle.root(leaf_hashes()[:size])
        for index in range(size):
            proof = proof_of(index, size)
            merkle.verify_inclusion(leaf_hashes()[index], proof, root)

            with pytest.raises(NotIncluded) as refusal:
                merkle.verify_inclusion(leaf_hashes()[size], proof, root)
            assert refusal.value.values() == {
                "leaf_hash": leaf_hashes()[size].value,
                "index": index,
                "size": size,
            }


def test_a_proof_is_refused_for_another_index_or_another_root() -> None:
    leaf, proof, root = leaf_hashes()[2], proof_of(2, 8), merkle.root(leaf_hashes()[:8])

    with pytest.raises(NotIncluded):
        merkle.verify_inclusion(leaf, InclusionProof(3, 8, proof.path), root)
    with pytest.raises(NotIncluded):
        merkle.verify_inclusion(leaf, proof, merkle.root(leaf_hashes()[:9]))


@pytest.mark.parametrize("size", range(1, 40))
def test_a_path_that_is_too_short_or_too_long_is_refused(size: int) -> None:
    leaf, proof = leaf_hashes()[0], proof_of(0, size)
    length = len(proof.path)

    with pytest.raises(ProofLength) as refusal:
        merkle.root_from_inclusion(leaf, InclusionProof(0, size, (*proof.path, leaf)))
    assert refusal.value.values() == {"length": length + 1, "expected_length": length}
    if length:
        with pytest.raises(ProofLength):
            merkle.root_from_inclusion(leaf, InclusionProof(0, size, proof.path[:-1]))


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0), (0, -1)])
def test_a_leaf_beyond_the_tree_has_neither_path_nor_proof(index: int, size: int) -> None:
    with pytest.raises(IndexOutOfRange):
        merkle.root_from_inclusion(leaf_hashes()[0], InclusionProof(index, size, ()))
    with pytest.raises((IndexOutOfRange, UnknownSize)):
        merkle.inclusion_path(leaf_hashes()[:5], index, size)


def test_a_tree_larger_than_its_leaves_is_refused() -> None:
    with pytest.raises(UnknownSize):
        merkle.inclusion_path(leaf_hashes()[:5], 0, 6)


def test_a_leaf_is_no_node_and_a_node_is_no_leaf() -> None:
    left, right = ct_leaf_hashes(2)

    assert merkle.leaf_hash(left.value + right.value) != merkle.root([left, right])
