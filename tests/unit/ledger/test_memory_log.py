"""A log's contract in memory: what tests and benchmarks of long logs count on."""

import tracemalloc

import pytest

from certchain.errors import UnknownSize
from certchain.ledger.memory import MemoryNetwork
from certchain.ledger.memory.log import MemoryLog
from certchain.merkle import CompactRange
from certchain.models.log import LogMode
from tests.industry import NOON, TestClock
from tests.world import GrowingLog, refused, word


def opened(clock: TestClock, mode: LogMode) -> MemoryLog:
    """The log as the certification server has it."""
    network = MemoryNetwork(clock, 1, login_log_mode=mode)
    ledger = network.ledger(network.admin)
    ledger.permissions.grant("certification_server", ledger.account)
    return ledger.login_log


@pytest.mark.parametrize("mode", LogMode)
def test_a_batchs_time_is_the_clocks_and_never_goes_back(mode: LogMode) -> None:
    """As a block's: a clock that is set back leaves it where it was."""
    clock, growing = TestClock(), GrowingLog()
    log = opened(clock, mode)

    for seconds in (NOON, NOON + 60, NOON - 3600, NOON + 61):
        clock.seconds = seconds
        growing.grow(log, 1)

    assert [batch.at for batch in log.batches(0, 10)] == [NOON, NOON + 60, NOON + 60, NOON + 61]


@pytest.mark.parametrize("mode", LogMode)
def test_every_step_of_many_is_found(mode: LogMode) -> None:
    """By any entry in it, and by its size."""
    growing, log = GrowingLog(), opened(TestClock(), mode)
    for place in range(60):
        growing.grow(log, 1 + place % 3)

    for step in growing.steps:
        for entry in (step.first_index, step.size - 1):
            (batch,) = log.batches(entry, 1)
            assert (batch.first_index, batch.size, batch.root) == (step.first_index, step.size, step.root)
        assert log.root_at(step.size) == step.root
    within = next(step for step in growing.steps if step.size - step.first_index > 1)
    with refused(UnknownSize(within.size - 1)):
        log.root_at(within.size - 1)


def test_a_long_logs_leaf_hashes_are_kept_once_and_as_bytes() -> None:
    """100,000 of them take little more than their 32 bytes each."""
    log, tree = opened(TestClock(), LogMode.RECORDED), CompactRange()
    leaf_hashes = [word() for _ in range(1000)]
    tracemalloc.start()
    for _ in range(100):
        log.append(tree.size, tree.frontier, leaf_hashes)
        tree.extend(leaf_hashes)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert log.size() == 100_000
    assert kept < 40 * log.size()
