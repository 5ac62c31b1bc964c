"""An anchored log: every ledger takes a size and a root with the proof that the log only grew, and no other."""

from certchain.errors import MalformedValue, NotConsistent, NotLarger, ProofLength, SizeMismatch, UnknownSize
from certchain.merkle import consistency_path, inclusion_path, root
from certchain.models.log import ConsistencyProof, InclusionProof
from tests.world import World, refused, word


def unchanged(world: World) -> bool:
    log = world["thief"].login_log
    return (log.size(), log.root()) == (world.tree.size, world.tree.root())


def test_an_anchor_is_taken_once(anchored: World) -> None:
    """What was anchored already, or counts on another log, is refused with both sizes."""
    step = anchored.grow(2)
    log = anchored["server"].login_log

    with refused(SizeMismatch(step.first_index, step.size)):
        log.anchor(anchored.consistency(step.first_index, step.size), step.root)
    with refused(SizeMismatch(step.size + 1, step.size)):
        log.anchor(ConsistencyProof(step.size + 1, step.size + 2, ()), word())
    assert unchanged(anchored)


def test_an_anchor_makes_the_log_larger(anchored: World) -> None:
    """Neither the same size nor a smaller one, whatever its root."""
    size = anchored.grow(3).size
    log = anchored["server"].login_log

    for not_larger in (size, size - 1, 0):
        with refused(NotLarger(not_larger, size)):
            log.anchor(ConsistencyProof(size, not_larger, ()), word())
    assert unchanged(anchored)


def test_nothing_before_an_anchor_can_be_changed(anchored: World) -> None:
    """Not by a proof of another history, nor by a root that the true proof does not lead to."""
    size = anchored.grow(5).size
    log, honest = anchored["server"].login_log, [*anchored.leaf_hashes, word(), word()]
    rewritten = [*honest[: size - 2], word(), *honest[size - 1 :]]

    for leaf_hashes, claimed in ((rewritten, root(rewritten)), (honest, root(rewritten)), (rewritten, root(honest))):
        proof = ConsistencyProof(size, size + 2, consistency_path(leaf_hashes, size, size + 2))
        with refused(NotConsistent(size, size + 2)):
            log.anchor(proof, claimed)
    assert unchanged(anchored)


def test_a_proof_has_the_length_that_its_sizes_ask_for(anchored: World) -> None:
    size = anchored.grow(3).size
    leaf_hashes = [*anchored.leaf_hashes, word()]
    path = consistency_path(leaf_hashes, size, size + 1)

    for wrong in ((*path, word()), path[:-1]):
        with refused(ProofLength(len(wrong), len(path))):
            anchored["server"].login_log.anchor(ConsistencyProof(size, size + 1, wrong), root(leaf_hashes))
    assert unchanged(anchored)


def test_sizes_are_numbers_of_64_bits(anchored: World) -> None:
    log = anchored["thief"].login_log

    for value in (-1, 1 << 64):
        for name, proof in (("old_size", ConsistencyProof(value, 1, ())), ("new_size", ConsistencyProof(0, value, ()))):
            with refused(MalformedValue(name, f"{value} is not a number of 64 bits")):
                log.anchor(proof, word())


def test_the_contract_knows_the_newest_root_only(anchored: World) -> None:
    """Proofs are checked against the newest; that an older root was anchored is read from the log's events."""
    first = anchored.grow(3)
    second = anchored.grow(4)
    log, index = anchored["thief"].login_log, first.first_index

    with refused(UnknownSize(first.size)):
        path = inclusion_path(anchored.leaf_hashes, index, first.size)
        log.check_inclusion(first.leaf_hashes[0], InclusionProof(index, first.size, path))
    with refused(UnknownSize(first.size)):
        log.check_consistency(anchored.consistency(first.first_index, first.size), word())
    assert log.root_at(first.size) == first.root
    log.check_consistency(anchored.consistency(first.size, second.size), first.root)
