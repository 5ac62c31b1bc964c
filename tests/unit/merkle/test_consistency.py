"""Consistency proofs agree with RFC 9162 read plainly and with an independent implementation; nothing else is taken for one."""

import json
import random
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pymerkle  # type: ignore[import-untyped]
import pytest

from certchain import merkle
from certchain.errors import NotConsistent, ProofLength, UnknownSize
from certchain.models.digest import Digest
from certchain.models.log import ConsistencyProof

MOST_LEAVES = 5_000
EVERY_PAIR_TO = 70
# The leaves, and the proofs between trees of them, of the reference test of Certificate Transparency's Merkle tree.
CT = json.loads((Path(__file__).parents[2] / "vectors" / "published.json").read_text(encoding="utf-8"))["tree"]


@cache
def leaves() -> list[bytes]:
    source = random.Random(2149)
    return [source.randbytes(source.randrange(70)) for _ in range(MOST_LEAVES)]


@cache
def leaf_hashes() -> list[Digest]:
    return [merkle.leaf_hash(leaf) for leaf in leaves()]


@cache
def root(size: int) -> Digest:
    return merkle.root(leaf_hashes()[:size])


@cache
def plain_root(begin: int, end: int) -> bytes:
    """MTH of RFC 9162, 2.1.1, as it stands there."""
    if end - begin == 1:
        return sha256(b"\x00" + leaves()[begin]).digest()
    split = begin + 2 ** ((end - begin - 1).bit_length() - 1)
    return sha256(b"\x01" + plain_root(begin, split) + plain_root(split, end)).digest()


def plain_path(old: int, begin: int, end: int, known: bool = True) -> Iterator[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1, as it stands there."""
    if old == end - begin:
        if not known:
            yield plain_root(begin, end)
        return
    split = 2 ** ((end - begin - 1).bit_length() - 1)
    if old <= split:
        yield from plain_path(old, begin, begin + split, known)
        yield plain_root(begin + split, end)
    else:
        yield from plain_path(old - split, begin + split, end, known=False)
        yield plain_root(begin, begin + split)


@cache
def independent() -> Any:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in leaves():
        tree.append_entry(leaf)
    return tree


def proof_of(old: int, new: int) -> ConsistencyProof:
    return ConsistencyProof(old, new, merkle.consistency_path(leaf_hashes(), old, new))


def pairs() -> list[tuple[int, int]]:
    source = random.Random(5000)
    drawn = (sorted(source.sample(range(1, MOST_LEAVES + 1), 2)) for _ in range(40))
    return [(old, new) for old, new in drawn]


def refused(proof: ConsistencyProof, old_root: Digest, new_root: Digest) -> None:
    with pytest.raises((NotConsistent, ProofLength)):
        merkle.verify_consistency(proof, old_root, new_root)


@pytest.mark.parametrize("known", CT["consistency"], ids=lambda known: f"{known['old']} to {known['new']}")
def test_proofs_are_those_published_for_certificate_transparency(known: dict[str, Any]) -> None:
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in CT["leaves"]]
    proof = ConsistencyProof(known["old"], known["new"], merkle.consistency_path(hashes, known["old"], known["new"]))

    assert [node.value.hex() for node in proof.path] == known["path"]
    merkle.verify_consistency(proof, merkle.root(hashes[: known["old"]]), merkle.root(hashes[: known["new"]]))


@pytest.mark.parametrize("new", range(1, EVERY_PAIR_TO + 1))
def test_every_small_pair_is_proven_as_the_rfc_defines_it(new: int) -> None:
    for old in range(1, new + 1):
        proof = proof_of(old, new)

        assert [node.value for node in proof.path] == list(plain_path(old, 0, new))
        assert len(proof.path) == merkle.consistency_path_length(old, new)
        assert merkle.verify_consistency(proof, root(old), root(new)) == root(new) == Digest(plain_root(0, new))


@pytest.mark.parametrize(("old", "new"), pairs())
def test_large_pairs_are_proven_as_the_rfc_defines_it(old: int, new: int) -> None:
    proof = proof_of(old, new)

    assert [node.value for node in proof.path] == list(plain_path(old, 0, new))
    assert merkle.verify_consistency(proof, root(old), root(new)) == root(new)


@pytest.mark.parametrize("new", [*range(1, 33), 500, 1023, 1024, 1025])
def test_an_independent_implementation_holds_the_same_roots_for_consistent(new: int) -> None:
    """pymerkle writes another form of proof, so each side proves in its own, between the other's roots."""
    for old in {1, 2, new // 3, new // 2, new - 1} & set(range(1, new)):
        their_old, their_new = independent().get_root(old), independent().get_root(new)
        theirs = independent().prove_consistency(old, new)

        pymerkle.verify_consistency(root(old).value, root(new).value, theirs)
        merkle.verify_consistency(proof_of(old, new), Digest(their_old), Digest(their_new))
        with pytest.raises(pymerkle.InvalidProof):
            pymerkle.verify_consistency(root(old).value, root(new + 1).value, theirs)
        refused(proof_of(old, new), Digest(their_old), Digest(independent().get_root(new + 1)))


@pytest.mark.parametrize("new", range(2, 40))
def test_a_path_that_is_cut_longer_altered_or_swapped_is_refused(new: int) -> None:
    for old in range(1, new):
        path = proof_of(old, new).path
        others = [(*path, path[0]), (path[0], *path), path[:-1], path[1:], ()]
        others += [(*path[:at], Digest(bytes(32)), *path[at + 1 :]) for at in range(len(path))]
        others += [
            (*path[:at], path[at + 1], path[at], *path[at + 2 :])
            for at in range(len(path) - 1)
            if path[at] != path[at + 1]
        ]
        for other in others:
            refused(ConsistencyProof(old, new, other), root(old), root(new))


@pytest.mark.parametrize("new", range(2, 40))
def test_another_old_or_new_root_is_refused(new: int) -> None:
    for old in range(1, new):
        proof = proof_of(old, new)
        for wrong in (Digest(bytes(32)), root(old + 1), root(new + 1)):
            if wrong != root(old):
                refused(proof, wrong, root(new))
            if wrong != root(new):
                refused(proof, root(old), wrong)


def test_a_tree_whose_past_was_changed_is_refused() -> None:
    hashes = leaf_hashes()[:100]
    rewritten = [*hashes[:17], merkle.leaf_hash(b"something else"), *hashes[18:]]
    for old in range(18, 100):
        path = merkle.consistency_path(rewritten, old, 100)
        refused(ConsistencyProof(old, 100, path), root(old), merkle.root(rewritten))


def test_an_empty_tree_is_the_beginning_of_every_tree_by_an_empty_path() -> None:
    assert merkle.verify_consistency(ConsistencyProof(0, 7, ()), root(0), root(7)) == root(7)
    assert merkle.verify_consistency(ConsistencyProof(0, 0, ()), root(0), root(0)) == root(0)
    with pytest.raises(ProofLength):
        merkle.verify_consistency(ConsistencyProof(0, 7, (root(7),)), root(0), root(7))


def test_a_tree_is_its_own_beginning_by_an_empty_path_and_an_equal_root() -> None:
    assert merkle.verify_consistency(ConsistencyProof(7, 7, ()), root(7), root(7)) == root(7)
    with pytest.raises(NotConsistent):
        merkle.verify_consistency(ConsistencyProof(7, 7, ()), root(7), root(8))
    with pytest.raises(ProofLength):
        merkle.verify_consistency(ConsistencyProof(7, 7, (root(7),)), root(7), root(7))


@pytest.mark.parametrize(("old", "new"), [(8, 7), (-1, 7), (-2, -1)])
def test_sizes_of_no_trees_have_neither_path_nor_proof(old: int, new: int) -> None:
    with pytest.raises(UnknownSize):
        merkle.verify_consistency(ConsistencyProof(old, new, ()), root(1), root(1))
    with pytest.raises(UnknownSize):
        merkle.consistency_path(leaf_hashes()[:10], old, new)


def test_a_tree_larger_than_its_leaves_is_refused() -> None:
    with pytest.raises(UnknownSize):
        merkle.consistency_path(leaf_hashes()[:5], 2, 6)


def test_a_root_does_not_commit_to_its_size() -> None:
    """The honest proof 1000 to 1100 holds for every new size of the same shape: so a size counts only by who vouches for it."""
    proof, old_root, new_root = proof_of(1000, 1100), root(1000), root(1100)
    taken = []
    for claimed in range(1000, 4200):
        try:
            merkle.verify_consistency(ConsistencyProof(1000, claimed, proof.path), old_root, new_root)
        except (NotConsistent, ProofLength):
            continue
        taken.append(claimed)

    assert taken == list(range(1025, 2049))
    for claimed in (999, 1001, 1008):
        refused(ConsistencyProof(claimed, 1100, proof.path), old_root, new_root)
