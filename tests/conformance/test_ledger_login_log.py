"""The login log: every ledger appends, proves and shows it alike."""

from dataclasses import replace

import pytest

from certchain.errors import (
    EmptyBatch,
    FrontierLength,
    FrontierMismatch,
    IndexOutOfRange,
    NotIncluded,
    ProofLength,
    SizeMismatch,
    UnknownSize,
)
from certchain.merkle import CompactRange, inclusion_path
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof
from tests.world import World, refused, word


def leaf_hashes(world: World) -> list[Digest]:
    return [leaf_hash for batch in world.batches for leaf_hash in batch.leaf_hashes]


def proof(world: World, index: int, size: int) -> InclusionProof:
    return InclusionProof(index, size, inclusion_path(leaf_hashes(world)[:size], index, size))


def test_an_empty_log_has_the_root_of_nothing(world: World) -> None:
    assert world["thief"].login_log.root_at(0) == CompactRange().root()


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 40])
def test_a_batch_leaves_the_root_of_the_whole_tree(world: World, count: int) -> None:
    log, before = world["thief"].login_log, world.tree.size

    world.append(count)

    assert log.size() == before + count == world.tree.size
    assert log.root() == log.root_at(log.size()) == world.tree.root()


def test_the_root_of_every_size_that_the_log_stopped_at_stays_readable(world: World) -> None:
    first = world.append(2)
    world.append(3)

    assert world["thief"].login_log.root_at(first.first_index + 2) == first.root
    for size in (first.first_index + 1, world.tree.size + 1):
        with refused(UnknownSize(size)):
            world["thief"].login_log.root_at(size)


def test_a_batch_is_appended_once(world: World) -> None:
    """What was appended already, or counts on another log, is refused with both sizes."""
    batch, before = world.append(2), world.tree.size
    log, frontier = world["server"].login_log, world.tree.frontier

    with refused(SizeMismatch(batch.first_index, before)):
        log.append(batch.first_index, frontier, batch.leaf_hashes)
    with refused(SizeMismatch(before + 1, before)):
        log.append(before + 1, (), batch.leaf_hashes)
    assert (log.size(), log.root()) == (before, world.tree.root())


def test_an_empty_batch_is_refused_before_all_else(world: World) -> None:
    with refused(EmptyBatch()):
        world["server"].login_log.append(world.tree.size + 1, (), [])


def test_the_frontier_has_to_be_that_of_the_log(world: World) -> None:
    world.append(3 if world.tree.size % 2 else 2)
    world.append(1 if world.tree.size % 2 == 0 else 2)
    log, size, frontier = world["server"].login_log, world.tree.size, world.tree.frontier

    with refused(FrontierLength(len(frontier) + 1, len(frontier))):
        log.append(size, (*frontier, word()), [word()])
    with refused(FrontierMismatch(size)):
        log.append(size, (*frontier[:-1], word()), [word()])
    assert log.root() == world.tree.root()


def test_every_entry_is_included(world: World) -> None:
    world.append(5)
    size = world.tree.size

    for index in (0, size // 2, size - 2, size - 1):
        world["thief"].login_log.check_inclusion(leaf_hashes(world)[index], proof(world, index, size))


def test_an_entry_is_included_at_an_earlier_size_too(world: World) -> None:
    batch = world.append(3)
    size = batch.first_index + 3
    world.append(4)

    world["thief"].login_log.check_inclusion(batch.leaf_hashes[1], proof(world, batch.first_index + 1, size))


def test_another_leaf_place_or_path_is_not_included(world: World) -> None:
    batch, log = world.append(4), world["thief"].login_log
    size, index = world.tree.size, batch.first_index + 1
    good, leaf_hash, other = proof(world, index, size), batch.leaf_hashes[1], word()

    with refused(NotIncluded(other.value, index, size)):
        log.check_inclusion(other, good)
    with refused(NotIncluded(leaf_hash.value, index, size)):
        log.check_inclusion(leaf_hash, replace(good, path=(other, *good.path[1:])))
    with refused(NotIncluded(leaf_hash.value, index - 1, size)):
        log.check_inclusion(leaf_hash, InclusionProof(index - 1, size, proof(world, index - 1, size).path))


def test_a_proof_of_the_wrong_form_is_refused_in_order(world: World) -> None:
    batch, log = world.append(4), world["thief"].login_log
    size, leaf_hash = world.tree.size, batch.leaf_hashes[0]
    path = proof(world, batch.first_index, size).path

    with refused(UnknownSize(size + 1)):
        log.check_inclusion(leaf_hash, InclusionProof(size + 1, size + 1, ()))
    with refused(IndexOutOfRange(size, size)):
        log.check_inclusion(leaf_hash, InclusionProof(size, size, ()))
    with refused(ProofLength(len(path) + 1, len(path))):
        log.check_inclusion(leaf_hash, InclusionProof(batch.first_index, size, (*path, word())))


def test_the_batches_are_read_back_in_their_order(world: World) -> None:
    for count in (1, 4, 2):
        world.append(count)

    assert world["thief"].login_log.batches(0, 10_000) == tuple(world.batches)


def test_batches_are_found_from_any_entry_on(world: World) -> None:
    """From its first, its middle or its last entry, the batch comes whole."""
    log, batch, next_batch = world["thief"].login_log, world.append(3), world.append(2)

    for entry in range(batch.first_index, batch.first_index + 3):
        assert log.batches(entry, 2) == (batch, next_batch)
        assert log.batches(entry, 1) == (batch,)
    assert log.batches(next_batch.first_index, 5) == (next_batch,)


def test_past_the_end_there_are_no_batches(world: World) -> None:
    world.append(1)

    assert world["thief"].login_log.batches(world.tree.size, 5) == ()
    assert world["thief"].login_log.batches(0, 0) == ()
