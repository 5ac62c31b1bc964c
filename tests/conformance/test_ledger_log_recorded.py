"""A recorded log: every ledger computes the tree itself, over the leaf hashes that it is given."""

from certchain.errors import EmptyBatch, FrontierLength, FrontierMismatch, NotIncluded, SizeMismatch
from certchain.merkle import inclusion_path
from certchain.models.log import InclusionProof
from tests.world import World, refused, word


def test_a_batch_is_appended_once(world: World) -> None:
    """What was appended already, or counts on another log, is refused with both sizes."""
    step, before = world.grow(2), world.tree.size
    log, frontier = world["server"].login_log, world.tree.frontier

    with refused(SizeMismatch(step.first_index, before)):
        log.append(step.first_index, frontier, step.leaf_hashes)
    with refused(SizeMismatch(before + 1, before)):
        log.append(before + 1, (), step.leaf_hashes)
    assert (log.size(), log.root()) == (before, world.tree.root())


def test_an_empty_batch_is_refused_before_all_else(world: World) -> None:
    with refused(EmptyBatch()):
        world["server"].login_log.append(world.tree.size + 1, (), [])


def test_the_frontier_has_to_be_that_of_the_log(world: World) -> None:
    world.grow(3 if world.tree.size % 2 else 2)
    world.grow(1 if world.tree.size % 2 == 0 else 2)
    log, size, frontier = world["server"].login_log, world.tree.size, world.tree.frontier

    with refused(FrontierLength(len(frontier) + 1, len(frontier))):
        log.append(size, (*frontier, word()), [word()])
    with refused(FrontierMismatch(size)):
        log.append(size, (*frontier[:-1], word()), [word()])
    assert log.root() == world.tree.root()


def test_an_entry_is_included_at_an_earlier_size_too(world: World) -> None:
    """The contract keeps the root of every size that it stopped at."""
    step = world.grow(3)
    world.grow(4)
    index, log = step.first_index + 1, world["thief"].login_log
    earlier = InclusionProof(index, step.size, inclusion_path(world.leaf_hashes, index, step.size))

    log.check_inclusion(step.leaf_hashes[1], earlier)
    with refused(NotIncluded(step.leaf_hashes[0].value, index, step.size)):
        log.check_inclusion(step.leaf_hashes[0], earlier)


def test_a_beginning_is_consistent_with_an_earlier_size_too(world: World) -> None:
    first, second = world.grow(3), world.grow(4)
    world.grow(1)

    world["thief"].login_log.check_consistency(world.consistency(first.size, second.size), first.root)
