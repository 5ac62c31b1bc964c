"""Finding the log's events on nodes with limits, and on nodes that lie."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from certchain.errors import LedgerMisbehaved, UnknownSize
from certchain.ledger.chain import search as module
from certchain.ledger.chain.answer import Refused
from certchain.ledger.chain.log import ChainLog
from certchain.ledger.chain.transaction import Log
from certchain.models.log import LogMode
from tests.unit.ledger.conftest import Chain
from tests.world import GrowingLog, refused

GROWING = {mode: GrowingLog() for mode in LogMode}


@pytest.fixture(params=LogMode)
def log(request: pytest.FixtureRequest, recorded: Chain, anchored: Chain) -> ChainLog:
    """A log of either mode, with some more batches than before, over a connection of the test's own."""
    chain = recorded if request.param is LogMode.RECORDED else anchored
    found = chain.on_a_line_of_its_own().ledger().login_log
    for count in (1, 2, 3):
        GROWING[found.mode].grow(found, count)
    return found


def everything(log: ChainLog) -> list[int]:
    """The index of each entry, by the batches."""
    return [index for batch in log.batches(0, 1000) for index in range(batch.first_index, batch.size)]


@pytest.mark.parametrize("blocks", [1, 2, 7])
def test_the_events_are_searched_range_by_range(log: ChainLog, monkeypatch: pytest.MonkeyPatch, blocks: int) -> None:
    monkeypatch.setattr(module, "BLOCK_RANGE", blocks)

    assert everything(log) == list(range(log.size()))


@pytest.mark.parametrize("most", [1, 3])
def test_a_node_that_finds_a_range_too_large_is_asked_for_less(
    log: ChainLog, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    connection: Any = log.contract.connection
    logs = connection.logs

    def limited(address: Any, topics: Any, first: int, last: int) -> tuple[Log, ...]:
        if last - first >= most:
            raise Refused("query returned more than 10000 results")
        found: tuple[Log, ...] = logs(address, topics, first, last)
        return found

    monkeypatch.setattr(connection, "logs", limited)

    assert everything(log) == list(range(log.size()))


def test_a_node_that_finds_a_single_block_too_large_misbehaves(log: ChainLog, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> tuple[Log, ...]:
        raise Refused("no logs here")

    monkeypatch.setattr(log.contract.connection, "logs", refuses)

    with pytest.raises(LedgerMisbehaved, match="no logs here"):
        log.batches(0, 1)


def test_a_node_without_old_states_is_searched_from_the_deployment_on(
    log: ChainLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection: Any = log.contract.connection
    call, last = connection.call, log.batches(log.size() - 1, 1)

    def forgetful(question: Any, block: Any) -> bytes:
        if block != "latest":
            raise Refused("missing trie node")
        return bytes(call(question, block))

    monkeypatch.setattr(connection, "call", forgetful)

    assert everything(log) == list(range(log.size()))
    assert log.batches(log.size() - 1, 1) == last


@pytest.mark.parametrize(
    "lie", [lambda logs: (), lambda logs: logs[1:], lambda logs: (logs[0], *logs[2:]), lambda logs: logs[:-1]]
)
def test_a_node_that_holds_events_back_is_found_out(log: ChainLog, monkeypatch: pytest.MonkeyPatch, lie: Any) -> None:
    connection: Any = log.contract.connection
    logs = connection.logs
    monkeypatch.setattr(connection, "logs", lambda *asked: lie(logs(*asked)))

    with pytest.raises(LedgerMisbehaved, match="missing from entry 0 on"):
        log.batches(0, 1000)


# ---------------------------------------------------------------------------------------------------- times and senders


def counted(log: ChainLog, monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often the time of each block is asked for from now on."""
    connection: Any = log.contract.connection
    asked, block_time = Counter[int](), connection.block_time

    def counting(block: int) -> int:
        asked[block] += 1
        return int(block_time(block))

    monkeypatch.setattr(connection, "block_time", counting)
    return asked


def told(log: ChainLog, monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """From now on the node's logs have these values."""
    connection: Any = log.contract.connection
    logs = connection.logs
    monkeypatch.setattr(connection, "logs", lambda *asked: tuple(replace(each, **values) for each in logs(*asked)))


def test_a_batchs_time_is_its_blocks_asked_for_once_a_block(log: ChainLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the node has mined several batches into one block."""
    block = log.contract.connection.block_number()
    time = log.contract.connection.block_time(block)
    told(log, monkeypatch, at=None, block=block)
    asked = counted(log, monkeypatch)

    assert {batch.at for batch in log.batches(0, 1000)} == {time}
    assert asked == {block: 1}


def test_a_time_that_is_in_the_log_is_not_asked_for(log: ChainLog, monkeypatch: pytest.MonkeyPatch) -> None:
    told(log, monkeypatch, at=1_700_000_000)
    asked = counted(log, monkeypatch)

    assert {batch.at for batch in log.batches(0, 1000)} == {1_700_000_000}
    assert not asked


def test_the_time_of_what_nobody_wants_is_not_asked_for(log: ChainLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search may begin in a block far before the entry."""
    told(log, monkeypatch, at=None)
    monkeypatch.setattr(ChainLog, "_block_of", lambda log, start, head: log.deployed)
    asked = counted(log, monkeypatch)

    log.batches(log.size() - 1, 1)

    assert sum(asked.values()) == 1


def test_an_older_root_of_an_anchored_log_is_not_known_to_a_node_that_has_pruned_its_logs(
    anchored: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = anchored.on_a_line_of_its_own().ledger().login_log
    growing = GROWING[LogMode.ANCHORED]
    older, newest = growing.grow(log, 2), growing.grow(log, 2)
    assert log.root_at(older.size) == older.root
    with refused(UnknownSize(older.size - 1)):
        log.root_at(older.size - 1)

    monkeypatch.setattr(log.contract.connection, "logs", lambda *_: ())

    with pytest.raises(LedgerMisbehaved, match="missing from entry"):
        log.root_at(older.size)
    assert log.root_at(newest.size) == newest.root
