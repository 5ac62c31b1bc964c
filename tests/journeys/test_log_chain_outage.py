"""The chain's node is killed and started again while logins come in: the log goes on, and the chain has it whole in the end."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certchain.keys import KeyPair, SealingKey
from certchain.ledger.node import Program
from certchain.log import KeeperPolicy, LogEngine
from certchain.log.publication import read_checkpoint
from certchain.merkle import tree_root
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import LogMode
from certchain.storage import DirectoryFileStore, SqlSubjectKeys, open_log_store
from certchain.verification.statement import Identity
from tests.logbook import leaf_hashes, login, on_chain
from tests.mortal import HASTY, Network, eventually, running

KILLS = 4
POLICY = KeeperPolicy(interval=0.1, batch=50, age=0.3, back_off=0.1, longest_back_off=0.5)


@pytest.fixture(params=LogMode)
def network(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Network]:
    """anvil with a deployment that it does not forget: once it was stopped in good order, it comes up with that at least."""
    with running(Program.ANVIL, tmp_path / "node", request.param) as network:
        network.connections[0].close()
        network.node.stop()
        network.start()
        yield network


@pytest.fixture
def engine(network: Network, tmp_path: Path) -> Iterator[LogEngine]:
    """A log on the disk, with its keeper at work."""
    ledger, keys = network.ledger(tmp_path / "outbox", HASTY), SqlSubjectKeys(tmp_path / "keys", SealingKey.generate())
    engine = LogEngine.over(
        store=open_log_store(tmp_path / "entries", write=True),
        keys=keys,
        files=DirectoryFileStore(tmp_path / "notes"),
        ledger=ledger.login_log,
        identity=Identity(ledger.network, service_party(ServiceId(1)), KeyPair.generate()),
        policy=POLICY,
        batch_limit=40,
    )
    engine.keeper.start()
    yield engine
    engine.close()
    keys.close()


@contextmanager
def load(engine: LogEngine) -> Iterator[list[int]]:
    """Logins that come in all the while; the indices of those that were acknowledged."""
    acknowledged, over = list[int](), threading.Event()

    def record() -> None:
        while not over.wait(0.002):
            acknowledged.extend(engine.writer.submit([login()] * 3).wait())

    thread = threading.Thread(target=record)
    thread.start()
    try:
        yield acknowledged
    finally:
        over.set()
        thread.join()


def test_a_node_killed_and_started_again_under_load_has_every_entry_once_in_the_end(
    network: Network, engine: LogEngine, tmp_path: Path
) -> None:
    """What the node forgets when it is killed it is brought again."""
    with load(engine) as acknowledged:
        for _ in range(KILLS):
            eventually(lambda: engine.anchor.seen > 0)
            time.sleep(0.3)
            network.node.kill()
            eventually(lambda: engine.keeper.status().anchor_problem is not None)
            before = len(acknowledged)
            eventually(lambda before=before: len(acknowledged) > before)  # type: ignore[misc]
            network.start()
            eventually(lambda: engine.keeper.status().anchor_problem is None)
    engine.keeper.stop()
    engine.keeper.turn(force=True)

    assert acknowledged == list(range(engine.writer.size()))
    assert engine.anchor.confirmed() == (len(acknowledged), tree_root(engine.store, len(acknowledged)))
    anchored = engine.publication.anchored()
    assert anchored is not None
    assert read_checkpoint(anchored).size == len(acknowledged)
    chain = network.ledger(tmp_path / "outbox").login_log
    batches = chain.batches(0, 10_000)
    assert [batch.first_index for batch in batches] == [0, *(batch.size for batch in batches[:-1])]
    assert on_chain(chain) == (leaf_hashes(engine.store) if chain.mode is LogMode.RECORDED else [])
