"""AnchoredLog: a larger tree takes the place of another only with the proof that it begins with it."""

from hashlib import sha256
from random import Random
from typing import Any

import pytest
from pymerkle import InmemoryTree

from certchain.merkle import consistency_path_length
from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import consistency_proof, each_changed, inclusion_proof, leaf_hash

STEPS = [(1, 2), (2, 3), (3, 7), (4, 7), (6, 8), (7, 8), (8, 9), (100, 300), (256, 300)]


class Anchorer:
    """Anchors as the certification server does: each time from the size before, with the proof."""

    def __init__(self, anchored_log: Any, sender: dict[str, Any], tree: InmemoryTree) -> None:
        self.log, self.sender, self.tree = anchored_log, sender, tree
        self.size = 0

    def anchor_at(self, size: int) -> Any:
        """The tree's root at ``size``."""
        proof = consistency_proof(self.tree, self.size, size)
        receipt = self.log.anchor(self.size, size, self.tree.get_root(size), proof, self.sender)
        self.size = size
        return receipt


@pytest.fixture(scope="module")
def tree() -> InmemoryTree:
    """Two thousand entries in an independent RFC 9162 tree."""
    return InmemoryTree.init_from_entries([f"entry {index}".encode() for index in range(2_000)], algorithm="sha256")


@pytest.fixture(scope="module")
def other() -> InmemoryTree:
    """The same entries but the first: another past."""
    return InmemoryTree.init_from_entries(
        [f"entry {index or -1}".encode() for index in range(2_000)], algorithm="sha256"
    )


@pytest.fixture
def server(actors: Actors) -> dict[str, Any]:
    """The certification server as sender."""
    return {"from": actors.server}


@pytest.fixture
def anchorer(anchored_log: Any, server: dict[str, Any], tree: InmemoryTree) -> Anchorer:
    """Whoever anchors the tree."""
    return Anchorer(anchored_log, server, tree)


# --------------------------------------------------------------------------------------------------------------- growth


def test_an_empty_log_has_the_root_of_nothing(anchored_log: Any) -> None:
    """Size 0, and SHA-256 of nothing as root."""
    assert (anchored_log.size(), bytes(anchored_log.root())) == (0, sha256().digest())
    assert bytes(anchored_log.rootAt(0)) == sha256().digest()


def test_an_anchor_is_taken_and_told(anchored_log: Any, anchorer: Anchorer, tree: InmemoryTree) -> None:
    """The event holds what an auditor compares its tree with."""
    anchorer.anchor_at(3)
    event = anchorer.anchor_at(8).events["Anchored"]
    assert (event["firstIndex"], event["size"], bytes(event["root"])) == (3, 8, tree.get_root(8))
    assert (anchored_log.size(), bytes(anchored_log.root())) == (8, tree.get_root(8))


def test_the_newest_size_is_known_and_the_empty_one(anchored_log: Any, anchorer: Anchorer, tree: InmemoryTree) -> None:
    """An older root is in the events only, and is proven against the newest."""
    anchorer.anchor_at(3)
    anchorer.anchor_at(8)
    assert bytes(anchored_log.rootAt(8)) == tree.get_root(8)
    assert bytes(anchored_log.rootAt(0)) == sha256().digest()
    for size in (1, 3, 7, 9, 2**64 - 1):
        with reverts("Log_UnknownSize", size):
            anchored_log.rootAt(size)
    anchored_log.checkConsistency(3, tree.get_root(3), 8, consistency_proof(tree, 3, 8))


@pytest.mark.parametrize("expected_size", [0, 2, 4, 2**64 - 1])
def test_a_stale_anchor_is_refused(anchorer: Anchorer, tree: InmemoryTree, expected_size: int) -> None:
    """Whoever counts on another size, smaller or greater, is told both."""
    anchorer.anchor_at(3)
    with reverts("Log_SizeMismatch", expected_size, 3):
        anchorer.log.anchor(expected_size, 8, tree.get_root(8), consistency_proof(tree, 3, 8), anchorer.sender)


def test_an_anchor_is_not_taken_twice(anchorer: Anchorer, tree: InmemoryTree) -> None:
    """A repeated one counts on the size of before."""
    anchorer.anchor_at(3)
    with reverts("Log_SizeMismatch", 0, 3):
        anchorer.log.anchor(0, 3, tree.get_root(3), [], anchorer.sender)


@pytest.mark.parametrize("size", [0, 1, 7, 8])
def test_a_log_neither_shrinks_nor_stays(anchorer: Anchorer, tree: InmemoryTree, size: int) -> None:
    """Not even to a root that it has had, or has."""
    anchorer.anchor_at(8)
    with reverts("Log_NotLarger", size, 8):
        anchorer.log.anchor(8, size, tree.get_root(size), [], anchorer.sender)
    assert bytes(anchorer.log.root()) == tree.get_root(8)


def test_an_empty_log_is_not_anchored_at_nothing(anchorer: Anchorer) -> None:
    """The first anchor, too, is for an entry at least."""
    with reverts("Log_NotLarger", 0, 0):
        anchorer.log.anchor(0, 0, sha256().digest(), [], anchorer.sender)


# ---------------------------------------------------------------------------------------------------------- consistency


@pytest.mark.parametrize(("old_size", "size"), STEPS)
def test_another_past_is_refused(anchorer: Anchorer, other: InmemoryTree, old_size: int, size: int) -> None:
    """A tree with one other entry, its own proof with it, is not what the log grows into."""
    anchorer.anchor_at(old_size)
    with reverts("Log_NotConsistent", old_size, size):
        anchorer.log.anchor(
            old_size, size, other.get_root(size), consistency_proof(other, old_size, size), anchorer.sender
        )
    anchorer.anchor_at(size)


@pytest.mark.parametrize(("old_size", "size"), STEPS)
def test_each_hash_of_a_proof_and_the_root_count(
    anchorer: Anchorer, tree: InmemoryTree, old_size: int, size: int
) -> None:
    """One changed bit in any of them, and the anchor is refused."""
    anchorer.anchor_at(old_size)
    root, proof = tree.get_root(size), consistency_proof(tree, old_size, size)
    for changed_root, changed in [(leaf_hash(b"forged"), proof), *((root, changed) for changed in each_changed(proof))]:
        with reverts("Log_NotConsistent", old_size, size):
            anchorer.log.anchor(old_size, size, changed_root, changed, anchorer.sender)


@pytest.mark.parametrize(("old_size", "size"), [(0, 8), *STEPS])
def test_a_proof_has_exactly_its_length(anchorer: Anchorer, tree: InmemoryTree, old_size: int, size: int) -> None:
    """One hash too many or one too few is refused, and the refusal says both lengths."""
    if old_size:
        anchorer.anchor_at(old_size)
    root, proof = tree.get_root(size), consistency_proof(tree, old_size, size)
    with reverts("Log_ProofLength", len(proof) + 1, len(proof)):
        anchorer.log.anchor(old_size, size, root, [*proof, bytes(32)], anchorer.sender)
    if proof:
        with reverts("Log_ProofLength", len(proof) - 1, len(proof)):
            anchorer.log.anchor(old_size, size, root, proof[:-1], anchorer.sender)


def test_a_root_does_not_commit_to_its_size(anchorer: Anchorer, tree: InmemoryTree) -> None:
    """The weakness that the interface warns of, as it is: an honest root is taken under a size that is not its own.

    So the size is the appender's claim, and an auditor compares it with the entries' indexes.
    """
    anchorer.anchor_at(1_000)
    proof = consistency_proof(tree, 1_000, 1_100)
    for claimed in (1_024, 2_049):
        with reverts("Log_ProofLength", len(proof), consistency_path_length(1_000, claimed)):
            anchorer.log.anchor(1_000, claimed, tree.get_root(1_100), proof, anchorer.sender)
    anchorer.log.anchor(1_000, 2_048, tree.get_root(1_100), proof, anchorer.sender)
    assert anchorer.log.size() == 2_048


@pytest.mark.skip_coverage
def test_every_size_to_300_one_by_one(anchorer: Anchorer, tree: InmemoryTree) -> None:
    """Entries that are anchored alone."""
    for size in range(1, 301):
        anchorer.anchor_at(size)
        assert bytes(anchorer.log.root()) == tree.get_root(size), f"at size {size}"


@pytest.mark.skip_coverage
@pytest.mark.parametrize("seed", range(3))
def test_random_sizes_to_2000(anchorer: Anchorer, tree: InmemoryTree, seed: int) -> None:
    """Twenty random steps; from each, any older tree is a beginning."""
    random = Random(seed)
    for size in [*sorted(random.sample(range(1, 2_000), 19)), 2_000]:
        anchorer.anchor_at(size)
        old_size = random.randrange(size + 1)
        proof = consistency_proof(tree, old_size, size)
        anchorer.log.checkConsistency(old_size, tree.get_root(old_size), size, proof)


# ------------------------------------------------------------------------------------------------------------ inclusion


@pytest.mark.parametrize("size", [1, 2, 7, 13, 300])
def test_entries_are_proven_at_the_newest_size(anchorer: Anchorer, tree: InmemoryTree, size: int) -> None:
    """And another leaf is not, nor one past the end."""
    anchorer.anchor_at(size)
    for index in {0, size // 2, size - 1}:
        proof = inclusion_proof(tree, index, size)
        anchorer.log.checkInclusion(tree.get_leaf(index + 1), index, size, proof)
        with reverts("Log_NotIncluded", leaf_hash(b"forged"), index, size):
            anchorer.log.checkInclusion(leaf_hash(b"forged"), index, size, proof)
    with reverts("Log_IndexOutOfRange", size, size):
        anchorer.log.checkInclusion(leaf_hash(b"forged"), size, size, [])


def test_inclusion_is_not_checked_at_an_older_size(anchorer: Anchorer, tree: InmemoryTree) -> None:
    """The contract has no root for it any more."""
    anchorer.anchor_at(3)
    anchorer.anchor_at(8)
    with reverts("Log_UnknownSize", 3):
        anchorer.log.checkInclusion(tree.get_leaf(1), 0, 3, inclusion_proof(tree, 0, 3))
