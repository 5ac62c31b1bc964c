"""A log of either mode: every ledger proves and shows it alike."""

from dataclasses import replace

import pytest

from certchain.errors import (
    IndexOutOfRange,
    LedgerMisbehaved,
    NotConsistent,
    NotIncluded,
    ProofLength,
    UnknownSize,
    WrongLogMode,
)
from certchain.merkle import CompactRange, inclusion_path, root
from certchain.models.log import ConsistencyProof, InclusionProof, LogBatch, LogMode
from tests.world import NOTHING, Step, World, refused, word

EMPTY_ROOT = CompactRange().root()
FAR_TOO_LARGE = 1 << 64


def proof(world: World, index: int, size: int) -> InclusionProof:
    return InclusionProof(index, size, inclusion_path(world.leaf_hashes[:size], index, size))


def shown(world: World, batch: LogBatch) -> Step:
    """A batch as far as the world knows it: an anchored one shows no leaf hashes, and those here are the world's own."""
    if world["server"].login_log.mode is LogMode.ANCHORED:
        assert batch.leaf_hashes == ()
        batch = replace(batch, leaf_hashes=tuple(world.leaf_hashes[batch.first_index : batch.size]))
    return Step(batch.first_index, batch.size, batch.root, batch.leaf_hashes)


def steps(world: World, start: int, limit: int) -> list[Step]:
    return [shown(world, batch) for batch in world["thief"].login_log.batches(start, limit)]


def test_the_wrong_change_is_refused_before_all_else(either: World) -> None:
    """Before the sizes are looked at, and for who may not change anything, too."""
    for name in ("server", "thief"):
        log = either[name].login_log
        with refused(WrongLogMode(log.mode)):
            if log.mode is LogMode.RECORDED:
                log.anchor(ConsistencyProof(FAR_TOO_LARGE, 0, ()), NOTHING)
            else:
                log.append(FAR_TOO_LARGE, (), [])


def test_an_empty_log_has_the_root_of_nothing(either: World) -> None:
    assert either["thief"].login_log.root_at(0) == EMPTY_ROOT


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 40])
def test_a_step_leaves_the_root_of_the_whole_tree(either: World, count: int) -> None:
    log, before = either["thief"].login_log, either.tree.size

    either.grow(count)

    assert log.size() == before + count == either.tree.size
    assert log.root() == log.root_at(log.size()) == either.tree.root()


def test_the_root_of_every_size_that_the_log_stopped_at_stays_readable(either: World) -> None:
    first = either.grow(2)
    either.grow(3)

    assert either["thief"].login_log.root_at(first.size) == first.root
    for size in (first.size - 1, first.size + 1, either.tree.size + 1):
        with refused(UnknownSize(size)):
            either["thief"].login_log.root_at(size)


# --------------------------------------------------------------------------------------------------------- inclusion


def test_every_entry_is_included(either: World) -> None:
    either.grow(5)
    size = either.tree.size

    for index in (0, size // 2, size - 2, size - 1):
        either["thief"].login_log.check_inclusion(either.leaf_hashes[index], proof(either, index, size))


def test_another_leaf_place_or_path_is_not_included(either: World) -> None:
    step, log = either.grow(4), either["thief"].login_log
    size, index = either.tree.size, step.first_index + 1
    good, leaf_hash, other = proof(either, index, size), step.leaf_hashes[1], word()

    with refused(NotIncluded(other.value, index, size)):
        log.check_inclusion(other, good)
    with refused(NotIncluded(leaf_hash.value, index, size)):
        log.check_inclusion(leaf_hash, replace(good, path=(other, *good.path[1:])))
    with refused(NotIncluded(leaf_hash.value, index - 1, size)):
        log.check_inclusion(leaf_hash, InclusionProof(index - 1, size, proof(either, index - 1, size).path))


def test_an_inclusion_proof_of_the_wrong_form_is_refused_in_order(either: World) -> None:
    step, log = either.grow(4), either["thief"].login_log
    size, leaf_hash = either.tree.size, step.leaf_hashes[0]
    path = proof(either, step.first_index, size).path

    with refused(UnknownSize(size + 1)):
        log.check_inclusion(leaf_hash, InclusionProof(size + 1, size + 1, ()))
    with refused(IndexOutOfRange(size, size)):
        log.check_inclusion(leaf_hash, InclusionProof(size, size, ()))
    with refused(ProofLength(len(path) + 1, len(path))):
        log.check_inclusion(leaf_hash, InclusionProof(step.first_index, size, (*path, word())))


# ------------------------------------------------------------------------------------------------------- consistency


def test_every_beginning_of_the_log_is_consistent_with_it(either: World) -> None:
    """Whether or not the log stopped there: a checkpoint need not be one that the chain has."""
    either.grow(3)
    either.grow(4)
    log, size = either["thief"].login_log, either.tree.size

    for old_size in (0, 1, size // 2, size - 5, size - 4, size - 1, size):
        log.check_consistency(either.consistency(old_size, size), root(either.leaf_hashes[:old_size]))


def test_another_root_or_path_is_not_consistent(either: World) -> None:
    first = either.grow(3)
    either.grow(6)
    log, size = either["thief"].login_log, either.tree.size
    good = either.consistency(first.size, size)

    with refused(NotConsistent(first.size, size)):
        log.check_consistency(good, word())
    with refused(NotConsistent(first.size, size)):
        log.check_consistency(replace(good, path=(*good.path[:-1], word())), first.root)
    with refused(NotConsistent(size, size)):
        log.check_consistency(ConsistencyProof(size, size, ()), first.root)
    with refused(NotConsistent(0, size)):
        log.check_consistency(ConsistencyProof(0, size, ()), first.root)


def test_a_consistency_proof_of_the_wrong_form_is_refused_in_order(either: World) -> None:
    first = either.grow(3)
    either.grow(6)
    log, size = either["thief"].login_log, either.tree.size
    path = either.consistency(first.size, size).path

    with refused(UnknownSize(size + 1)):
        log.check_consistency(ConsistencyProof(size + 2, size + 1, path), first.root)
    with refused(NotConsistent(size + 1, size)):
        log.check_consistency(ConsistencyProof(size + 1, size, ()), first.root)
    with refused(ProofLength(len(path) + 1, len(path))):
        log.check_consistency(ConsistencyProof(first.size, size, (*path, word())), first.root)
    for equal_or_empty in (0, size):
        with refused(ProofLength(1, 0)):
            log.check_consistency(ConsistencyProof(equal_or_empty, size, (word(),)), EMPTY_ROOT)


# ----------------------------------------------------------------------------------------------------------- batches


def test_the_steps_are_read_back_in_their_order(either: World) -> None:
    for count in (1, 4, 2):
        either.grow(count)

    assert steps(either, 0, 10_000) == either.steps


def test_batches_are_found_from_any_entry_on(either: World) -> None:
    """From its first, its middle or its last entry, the batch comes whole."""
    step, next_step = either.grow(3), either.grow(2)

    for entry in range(step.first_index, step.size):
        assert steps(either, entry, 2) == [step, next_step]
        assert steps(either, entry, 1) == [step]
    assert steps(either, next_step.first_index, 5) == [next_step]


def test_past_the_end_there_are_no_batches(either: World) -> None:
    either.grow(1)

    assert steps(either, either.tree.size, 5) == []
    assert steps(either, 0, 0) == []


def test_a_batch_says_when_it_came_and_in_which_transaction(either: World) -> None:
    first = either.grow(1)
    either.grow(1)
    log = either["thief"].login_log
    one, other = log.batches(first.first_index, 2)

    assert 0 < one.at <= other.at
    assert len(one.transaction) == len(other.transaction) == 32
    assert one.transaction != other.transaction
    assert log.batches(first.first_index, 2) == (one, other)


def test_a_batch_has_a_sender(either: World) -> None:
    """Who brought it, whoever asks; of a batch that nobody brought there is none."""
    step = either.grow(1)
    log = either["thief"].login_log
    (batch,) = log.batches(step.first_index, 1)
    nowhere = word().value

    assert log.sender(batch) == either["server"].account
    with refused(LedgerMisbehaved(f"it has no transaction 0x{nowhere.hex()}")):
        log.sender(replace(batch, transaction=nowhere))
    with refused(LedgerMisbehaved(f"it has no transaction 0x{nowhere.hex()}")):
        log.sender(replace(batch, first_index=batch.size, transaction=nowhere))
