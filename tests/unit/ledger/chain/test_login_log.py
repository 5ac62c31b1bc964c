"""Finding the log's events on nodes with limits, and on nodes that lie."""

from typing import Any

import pytest

from certchain.errors import LedgerMisbehaved
from certchain.ledger.chain import login_log
from certchain.ledger.chain.connection import Refused
from certchain.ledger.chain.login_log import ChainLoginLog
from certchain.ledger.chain.transaction import Log
from certchain.merkle import CompactRange
from tests.unit.ledger.conftest import Chain
from tests.world import word

TREE = CompactRange()


@pytest.fixture
def log(chain: Chain) -> ChainLoginLog:
    """A log with some more batches than before."""
    ledger = chain.ledger().login_log
    for count in (1, 2, 3):
        leaf_hashes = [word() for _ in range(count)]
        ledger.append(TREE.size, TREE.frontier, leaf_hashes)
        TREE.extend(leaf_hashes)
    return ledger


def everything(log: ChainLoginLog) -> list[int]:
    """The index of each entry, by the batches."""
    found = log.batches(0, 1000)
    return [batch.first_index + place for batch in found for place, _ in enumerate(batch.leaf_hashes)]


@pytest.mark.parametrize("blocks", [1, 2, 7])
def test_the_events_are_searched_range_by_range(
    log: ChainLoginLog, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    monkeypatch.setattr(login_log, "BLOCK_RANGE", blocks)

    assert everything(log) == list(range(log.size()))


@pytest.mark.parametrize("most", [1, 3])
def test_a_node_that_finds_a_range_too_large_is_asked_for_less(
    log: ChainLoginLog, monkeypatch: pytest.MonkeyPatch, most: int
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


def test_a_node_that_finds_a_single_block_too_large_misbehaves(
    log: ChainLoginLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> tuple[Log, ...]:
        raise Refused("no logs here")

    monkeypatch.setattr(log.contract.connection, "logs", refuses)

    with pytest.raises(LedgerMisbehaved, match="no logs here"):
        log.batches(0, 1)


def test_a_node_without_old_states_is_searched_from_the_deployment_on(
    log: ChainLoginLog, monkeypatch: pytest.MonkeyPatch
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


@pytest.mark.parametrize("lie", [lambda logs: (), lambda logs: logs[1:], lambda logs: (logs[0], *logs[2:])])
def test_a_node_that_holds_events_back_is_found_out(
    log: ChainLoginLog, monkeypatch: pytest.MonkeyPatch, lie: Any
) -> None:
    connection: Any = log.contract.connection
    logs = connection.logs
    monkeypatch.setattr(connection, "logs", lambda *asked: lie(logs(*asked)))

    with pytest.raises(LedgerMisbehaved, match="missing from entry 0 on"):
        log.batches(0, 1000)
