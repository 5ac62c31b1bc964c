"""RecordedLog: it only grows, and its roots are those of RFC 9162."""

from hashlib import sha256
from random import Random
from typing import Any

import pytest
from pymerkle import InmemoryTree

from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import consistency_proof, each_changed, frontier, inclusion_proof, leaf_hash, leaf_hashes

# The entries and roots that certificate-transparency's own tests have used since RFC 6962.
PUBLISHED_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
PUBLISHED_ROOTS = [
    bytes.fromhex(root)
    for root in (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]


class Writer:
    """Appends as the certification server does: with the frontier of the tree that it appended before."""

    def __init__(self, recorded_log: Any, sender: dict[str, Any], tree: InmemoryTree) -> None:
        self._log, self._sender, self._tree = recorded_log, sender, tree
        self.size = 0

    def append_to(self, size: int) -> Any:
        """The tree's entries up to `size`, in one batch."""
        hashes = [self._tree.get_leaf(index) for index in range(self.size + 1, size + 1)]
        receipt = self._log.append(self.size, frontier(self._tree, self.size), hashes, self._sender)
        self.size = size
        return receipt


@pytest.fixture(scope="module")
def tree() -> InmemoryTree:
    """Five thousand entries in an independent RFC 9162 tree."""
    return InmemoryTree.init_from_entries([f"entry {index}".encode() for index in range(5_000)], algorithm="sha256")


@pytest.fixture
def server(actors: Actors) -> dict[str, Any]:
    """The certification server as sender."""
    return {"from": actors.server}


@pytest.fixture
def writer(recorded_log: Any, server: dict[str, Any], tree: InmemoryTree) -> Writer:
    """Whoever writes the tree's entries into the log."""
    return Writer(recorded_log, server, tree)


# --------------------------------------------------------------------------------------------------------------- growth


def test_an_empty_log_has_the_root_of_nothing(recorded_log: Any) -> None:
    """Size 0, and SHA-256 of nothing as root."""
    assert (recorded_log.size(), bytes(recorded_log.root())) == (0, sha256().digest())
    assert bytes(recorded_log.rootAt(0)) == sha256().digest()


def test_appending_grows_the_log_and_publishes_the_leaves(
    recorded_log: Any, writer: Writer, tree: InmemoryTree
) -> None:
    """The event holds what an auditor needs to build the tree again."""
    writer.append_to(1)
    event = writer.append_to(3).events["Appended"]
    assert recorded_log.size() == 3
    assert (event["firstIndex"], bytes(event["root"])) == (1, tree.get_root(3))
    assert [bytes(leaf) for leaf in event["leafHashes"]] == [tree.get_leaf(2), tree.get_leaf(3)]


def test_every_batch_leaves_its_root(recorded_log: Any, writer: Writer) -> None:
    """The root of each size the log has had stays readable when it has grown past it."""
    roots = [bytes(recorded_log.root())]
    for size in range(1, 6):
        writer.append_to(size)
        roots.append(bytes(recorded_log.root()))
    assert [bytes(recorded_log.rootAt(size)) for size in range(6)] == roots
    assert len(set(roots)) == 6


def test_a_size_the_log_never_stopped_at_has_no_root(recorded_log: Any, writer: Writer) -> None:
    """Neither inside a batch nor past the end."""
    writer.append_to(3)
    for size in (1, 2, 4, 2**64 - 1):
        with reverts("Log_UnknownSize", size):
            recorded_log.rootAt(size)


def test_a_batch_is_not_appended_twice(recorded_log: Any, server: dict[str, Any]) -> None:
    """A duplicate counts on the size of before; the refusal says both sizes, and the log is as it was."""
    batch = leaf_hashes([b"a", b"b"])
    recorded_log.append(0, [], batch, server)
    root = recorded_log.root()
    with reverts("Log_SizeMismatch", 0, 2):
        recorded_log.append(0, [], batch, server)
    assert (recorded_log.size(), recorded_log.root()) == (2, root)


@pytest.mark.parametrize("expected_size", [0, 2, 4, 2**64 - 1])
def test_a_stale_batch_is_refused(
    recorded_log: Any, server: dict[str, Any], writer: Writer, tree: InmemoryTree, expected_size: int
) -> None:
    """Whoever counts on another size, smaller or greater, is told both."""
    writer.append_to(3)
    with reverts("Log_SizeMismatch", expected_size, 3):
        recorded_log.append(expected_size, frontier(tree, 3), [leaf_hash(b"d")], server)


def test_an_empty_batch_is_refused(
    recorded_log: Any, server: dict[str, Any], writer: Writer, tree: InmemoryTree
) -> None:
    """Appending nothing is a mistake, on an empty log and on a grown one."""
    with reverts("Log_EmptyBatch"):
        recorded_log.append(0, [], [], server)
    writer.append_to(1)
    with reverts("Log_EmptyBatch"):
        recorded_log.append(1, frontier(tree, 1), [], server)


def test_equal_leaves_are_different_entries(recorded_log: Any, server: dict[str, Any]) -> None:
    """The same leaf hash again, zero too, is one more entry: the contract does not judge a leaf."""
    recorded_log.append(0, [], [leaf_hash(b"a"), leaf_hash(b"a"), bytes(32)], server)
    assert recorded_log.size() == 3


# ------------------------------------------------------------------------------------------------------------- frontier


@pytest.mark.parametrize("size", [0, 1, 2, 7, 8, 11])
def test_a_frontier_has_a_hash_for_each_perfect_subtree(
    recorded_log: Any, server: dict[str, Any], writer: Writer, tree: InmemoryTree, size: int
) -> None:
    """One too many or one too few is refused, and the refusal says both lengths."""
    if size:
        writer.append_to(size)
    good = frontier(tree, size)
    with reverts("Log_FrontierLength", len(good) + 1, len(good)):
        recorded_log.append(size, [*good, bytes(32)], [leaf_hash(b"a")], server)
    if good:
        with reverts("Log_FrontierLength", len(good) - 1, len(good)):
            recorded_log.append(size, good[:-1], [leaf_hash(b"a")], server)
    recorded_log.append(size, good, [leaf_hash(b"a")], server)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 11])
def test_the_frontier_of_another_tree_is_refused(
    recorded_log: Any, server: dict[str, Any], writer: Writer, tree: InmemoryTree, size: int
) -> None:
    """One changed bit in any of its hashes, or two of them exchanged, and the past would be another: nothing is appended."""
    writer.append_to(size)
    good = frontier(tree, size)
    for place, subtree in enumerate(good):
        changed = [*good]
        changed[place] = bytes([subtree[0] ^ 1]) + subtree[1:]
        with reverts("Log_FrontierMismatch", size):
            recorded_log.append(size, changed, [leaf_hash(b"a")], server)
    if len(good) > 1:
        with reverts("Log_FrontierMismatch", size):
            recorded_log.append(size, good[::-1], [leaf_hash(b"a")], server)
    assert (recorded_log.size(), bytes(recorded_log.root())) == (size, tree.get_root(size))


# ---------------------------------------------------------------------------------------------------------------- roots


def test_roots_are_the_published_ones(recorded_log: Any, server: dict[str, Any]) -> None:
    """The eight entries of certificate-transparency give its eight roots, and nothing gives that of nothing."""
    published = Writer(recorded_log, server, InmemoryTree.init_from_entries(PUBLISHED_LEAVES, algorithm="sha256"))
    for size in range(8):
        assert bytes(recorded_log.root()) == PUBLISHED_ROOTS[size]
        published.append_to(size + 1)
    assert bytes(recorded_log.root()) == PUBLISHED_ROOTS[8]


@pytest.mark.parametrize("size", range(1, 9))
def test_one_batch_gives_the_published_root(recorded_log: Any, server: dict[str, Any], size: int) -> None:
    """However the entries are divided into batches, the root is the same."""
    recorded_log.append(0, [], leaf_hashes(PUBLISHED_LEAVES[:size]), server)
    assert bytes(recorded_log.root()) == PUBLISHED_ROOTS[size]


def test_the_independent_tree_agrees_with_the_published_roots() -> None:
    """What the tests below compare with is itself measured against the published roots."""
    published = InmemoryTree.init_from_entries(PUBLISHED_LEAVES, algorithm="sha256")
    assert [published.get_root(size) for size in range(9)] == PUBLISHED_ROOTS


@pytest.mark.skip_coverage
def test_roots_agree_for_every_size_to_300_one_by_one(recorded_log: Any, writer: Writer, tree: InmemoryTree) -> None:
    """Entries that come alone."""
    for size in range(1, 301):
        writer.append_to(size)
        assert bytes(recorded_log.root()) == tree.get_root(size), f"at size {size}"


@pytest.mark.skip_coverage
def test_roots_agree_to_300_in_growing_batches(recorded_log: Any, writer: Writer, tree: InmemoryTree) -> None:
    """Batches of one, two, three and so on."""
    for batch in range(1, 25):
        writer.append_to(writer.size + batch)
        assert bytes(recorded_log.root()) == tree.get_root(writer.size), f"at size {writer.size}"
    assert writer.size == 300


@pytest.mark.skip_coverage
@pytest.mark.parametrize("seed", range(3))
def test_roots_agree_for_random_sizes_to_5000(recorded_log: Any, writer: Writer, tree: InmemoryTree, seed: int) -> None:
    """Twenty random batches that make five thousand entries together; every root is compared again at the end."""
    sizes = [*sorted(Random(seed).sample(range(1, 5_000), 19)), 5_000]
    for size in sizes:
        writer.append_to(size)
    for size in sizes:
        assert bytes(recorded_log.rootAt(size)) == tree.get_root(size), f"at size {size}"


# ------------------------------------------------------------------------------------------------------------ inclusion


@pytest.fixture
def grown(recorded_log: Any, writer: Writer) -> Any:
    """A log with a root for each size to 20, then for 37, 64 and 300."""
    for size in (*range(1, 21), 37, 64, 300):
        writer.append_to(size)
    return recorded_log


@pytest.mark.skip_coverage
@pytest.mark.parametrize("sizes", [range(1, 21), [37], [64], [300]], ids=["1 to 20", "37", "64", "300"])
def test_every_entry_is_proven_at_every_size(grown: Any, tree: InmemoryTree, sizes: list[int]) -> None:
    """A proof from the independent tree is accepted for each position."""
    for size in sizes:
        for index in range(size):
            grown.checkInclusion(tree.get_leaf(index + 1), index, size, inclusion_proof(tree, index, size))


def test_the_only_entry_is_proven_by_nothing(recorded_log: Any, server: dict[str, Any]) -> None:
    """In a log of one entry the leaf hash is the root, and the proof is empty."""
    recorded_log.append(0, [], [leaf_hash(b"a")], server)
    recorded_log.checkInclusion(leaf_hash(b"a"), 0, 1, [])
    with reverts("Log_NotIncluded", leaf_hash(b"b"), 0, 1):
        recorded_log.checkInclusion(leaf_hash(b"b"), 0, 1, [])


@pytest.mark.parametrize("size", [2, 3, 7, 8, 13])
def test_another_leaf_is_not_included(grown: Any, tree: InmemoryTree, size: int) -> None:
    """A leaf hash that is not the entry's is refused at every position."""
    for index in range(size):
        with reverts("Log_NotIncluded", leaf_hash(b"forged"), index, size):
            grown.checkInclusion(leaf_hash(b"forged"), index, size, inclusion_proof(tree, index, size))


@pytest.mark.skip_coverage
@pytest.mark.parametrize("size", [7, 13])
def test_an_entry_is_not_included_anywhere_else(grown: Any, tree: InmemoryTree, size: int) -> None:
    """An entry's own proof does not hold for the position of another, with its proof or with the other's."""
    for index in range(size):
        for other in set(range(size)) - {index}:
            leaf = tree.get_leaf(index + 1)
            with reverts("Log_NotIncluded", leaf, other, size):
                grown.checkInclusion(leaf, other, size, inclusion_proof(tree, other, size))


def test_a_proof_does_not_hold_at_another_size(grown: Any, tree: InmemoryTree) -> None:
    """A proof for a size is refused at any other, for its length or for its root."""
    for size in (3, 5, 9, 13):
        for index in range(min(size, 12)):
            proof = inclusion_proof(tree, index, 12) if index < 12 else []
            expected = len(inclusion_proof(tree, index, size))
            leaf = tree.get_leaf(index + 1)
            refusal = (
                reverts("Log_ProofLength", len(proof), expected)
                if len(proof) != expected
                else reverts("Log_NotIncluded", leaf, index, size)
            )
            with refusal:
                grown.checkInclusion(leaf, index, size, proof)


@pytest.mark.parametrize("size", [1, 2, 7, 8, 20, 300])
def test_a_proof_has_exactly_the_length_of_the_way_up(grown: Any, tree: InmemoryTree, size: int) -> None:
    """One hash too many or one too few is refused, and the refusal says both lengths."""
    for index in {0, size // 2, size - 1}:
        leaf, proof = tree.get_leaf(index + 1), inclusion_proof(tree, index, size)
        with reverts("Log_ProofLength", len(proof) + 1, len(proof)):
            grown.checkInclusion(leaf, index, size, [*proof, bytes(32)])
        if proof:
            with reverts("Log_ProofLength", len(proof) - 1, len(proof)):
                grown.checkInclusion(leaf, index, size, proof[:-1])


def test_each_hash_of_a_proof_counts(grown: Any, tree: InmemoryTree) -> None:
    """One changed bit in any hash of a proof, and the entry is not included."""
    leaf, proof = tree.get_leaf(18), inclusion_proof(tree, 17, 37)
    for step in range(len(proof)):
        changed = [*proof]
        changed[step] = bytes([proof[step][0] ^ 1]) + proof[step][1:]
        with reverts("Log_NotIncluded", leaf, 17, 37):
            grown.checkInclusion(leaf, 17, 37, changed)


def test_an_inner_node_is_not_an_entry(grown: Any, tree: InmemoryTree) -> None:
    """A node's hash offered as a leaf, with the rest of the way up, is refused for the length of its proof."""
    proof = inclusion_proof(tree, 0, 8)
    node = sha256(b"\x01" + tree.get_leaf(1) + proof[0]).digest()
    with reverts("Log_ProofLength", 2, 3):
        grown.checkInclusion(node, 0, 8, proof[1:])


@pytest.mark.parametrize("index", [8, 9, 300, 2**64 - 1])
def test_there_is_no_entry_past_the_end(grown: Any, index: int) -> None:
    """An index is smaller than the size it is claimed for."""
    with reverts("Log_IndexOutOfRange", index, 8):
        grown.checkInclusion(leaf_hash(b"a"), index, 8, [])


def test_an_empty_log_includes_nothing(recorded_log: Any) -> None:
    """At size 0 every index is past the end."""
    with reverts("Log_IndexOutOfRange", 0, 0):
        recorded_log.checkInclusion(leaf_hash(b"a"), 0, 0, [])


@pytest.mark.parametrize("size", [21, 299, 301, 2**64 - 1])
def test_inclusion_is_not_checked_at_an_unknown_size(grown: Any, size: int) -> None:
    """Where the log never stopped there is no root to prove against."""
    with reverts("Log_UnknownSize", size):
        grown.checkInclusion(leaf_hash(b"a"), 0, size, [])


# ---------------------------------------------------------------------------------------------------------- consistency


@pytest.mark.skip_coverage
@pytest.mark.parametrize("size", [7, 8, 13, 64, 300])
def test_every_beginning_of_the_log_is_proven_at_every_size(grown: Any, tree: InmemoryTree, size: int) -> None:
    """A tree that the log never stopped at is a beginning like any other."""
    for old_size in range(size + 1):
        proof = consistency_proof(tree, old_size, size)
        grown.checkConsistency(old_size, tree.get_root(old_size), size, proof)


@pytest.mark.parametrize(("old_size", "size"), [(1, 2), (3, 7), (4, 7), (6, 8), (8, 13), (37, 300), (256, 300)])
def test_another_tree_is_no_beginning(grown: Any, tree: InmemoryTree, old_size: int, size: int) -> None:
    """A root that is not the beginning's is refused, and so is a proof with one changed bit in any of its hashes."""
    proof = consistency_proof(tree, old_size, size)
    with reverts("Log_NotConsistent", old_size, size):
        grown.checkConsistency(old_size, leaf_hash(b"forged"), size, proof)
    for changed in each_changed(proof):
        with reverts("Log_NotConsistent", old_size, size):
            grown.checkConsistency(old_size, tree.get_root(old_size), size, changed)


@pytest.mark.parametrize(("old_size", "size"), [(0, 8), (1, 8), (3, 7), (4, 8), (8, 8), (37, 300)])
def test_a_consistency_proof_has_exactly_its_length(grown: Any, tree: InmemoryTree, old_size: int, size: int) -> None:
    """One hash too many or one too few is refused, and the refusal says both lengths."""
    root, proof = tree.get_root(old_size), consistency_proof(tree, old_size, size)
    with reverts("Log_ProofLength", len(proof) + 1, len(proof)):
        grown.checkConsistency(old_size, root, size, [*proof, bytes(32)])
    if proof:
        with reverts("Log_ProofLength", len(proof) - 1, len(proof)):
            grown.checkConsistency(old_size, root, size, proof[:-1])


def test_the_empty_tree_is_every_logs_beginning(recorded_log: Any, grown: Any) -> None:
    """With its own root only; an empty log begins with nothing else."""
    grown.checkConsistency(0, sha256().digest(), 8, [])
    with reverts("Log_NotConsistent", 0, 8):
        grown.checkConsistency(0, bytes(32), 8, [])


def test_a_log_is_consistent_with_itself_only(grown: Any, tree: InmemoryTree) -> None:
    """Equal sizes need no proof, but equal roots."""
    grown.checkConsistency(8, tree.get_root(8), 8, [])
    with reverts("Log_NotConsistent", 8, 8):
        grown.checkConsistency(8, tree.get_root(7), 8, [])


def test_a_larger_tree_is_no_beginning(grown: Any, tree: InmemoryTree) -> None:
    """The other way round nothing is proven, whatever the proof."""
    with reverts("Log_NotConsistent", 13, 8):
        grown.checkConsistency(13, tree.get_root(13), 8, consistency_proof(tree, 8, 13))


@pytest.mark.parametrize("size", [21, 301, 2**64 - 1])
def test_consistency_is_not_checked_with_an_unknown_size(grown: Any, tree: InmemoryTree, size: int) -> None:
    """Where the log never stopped there is no root to prove against."""
    with reverts("Log_UnknownSize", size):
        grown.checkConsistency(8, tree.get_root(8), size, [])
