"""Whatever befalls process, node or the line between: each step of a log, of either mode, is on the chain once."""

import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from certchain.errors import LedgerMisbehaved, LedgerTimeout, LedgerUnavailable, SizeMismatch, Unavailable
from certchain.ledger.chain import ChainLedger, FileOutbox
from certchain.ledger.node import Program
from certchain.models.log import LogMode
from tests.mortal import HASTY, Network, eventually, hold, holding, release, running, sent
from tests.proxy import Proxy, proxied
from tests.world import GrowingLog, Step, refused

ROOT = Path(__file__).parents[2]
CHANGES = {LogMode.RECORDED: "append", LogMode.ANCHORED: "anchor"}


@dataclass
class Grown:
    """A network, and its login log as the certification server knows it."""

    network: Network
    log: GrowingLog = field(default_factory=GrowingLog)

    def brought(self, ledger: ChainLedger, step: Step) -> None:
        self.log.bring(ledger.login_log, step)

    def nonce(self) -> int:
        return self.network.connection().nonce(self.network.server.address, "pending")

    def assert_once(self, step: Step, nonce: int) -> None:
        """The chain has the step, nothing behind it, and one transaction was sent. It is now the log's newest."""
        connection = self.network.connection()
        log = ChainLedger.connect(connection, self.network.deployment, self.network.server).login_log
        (batch,) = log.batches(step.first_index, 10)
        assert (batch.first_index, batch.size, batch.root) == (step.first_index, step.size, step.root)
        assert batch.leaf_hashes == (step.leaf_hashes if log.mode is LogMode.RECORDED else ())
        assert (log.size(), log.root()) == (step.size, step.root)
        assert log.sender(batch) == self.network.server.address
        assert self.nonce() == nonce + 1
        self.log.take(step)


@pytest.fixture(scope="module", params=LogMode)
def anvil(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grown]:
    """A log of each mode on anvil, for all the tests that leave it alive."""
    with running(Program.ANVIL, tmp_path_factory.mktemp("anvil"), request.param) as network:
        yield Grown(network)


@pytest.fixture
def grown(anvil: Grown) -> Iterator[Grown]:
    """The same, mining at once again when the test is over."""
    yield anvil
    release(anvil.network)


@pytest.fixture(params=[(program, mode) for program in Program for mode in LogMode], ids="-".join)
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Grown]:
    """A log of each mode on a node of each kind, to be killed, that takes transactions and does not mine them."""
    program, mode = request.param
    with holding(program, tmp_path, mode) as network:
        yield Grown(network)


@pytest.fixture
def proxy(grown: Grown) -> Iterator[Proxy]:
    with proxied(grown.network.node.url) as proxy:
        yield proxy


# ------------------------------------------------------------------------------------------------------ a killed process

CHILD = """
import pickle, sys
from pathlib import Path
from eth_account import Account
from certchain.ledger.chain import ChainLedger, Connection, FileOutbox
from certchain.ledger.deployment import Deployment

url, deployment, key, outbox, pickled = sys.argv[1:]
ledger = ChainLedger.connect(
    Connection.http(url), Deployment.load(Path(deployment)), Account.from_key(key), outbox=FileOutbox(Path(outbox))
)
log, step = pickle.loads(bytes.fromhex(pickled))
log.bring(ledger.login_log, step)
"""


def killed(grown: Grown, step: Step, url: str, outbox: Path, gone_so_far: Callable[[], bool]) -> None:
    """Another process brings the step, and is killed (SIGKILL) once it has gone so far."""
    network, pickled = grown.network, pickle.dumps((grown.log, step)).hex()
    arguments = [url, network.folder / "deployment.json", network.server.key.hex(), outbox, pickled]
    child = subprocess.Popen([sys.executable, "-c", CHILD, *map(str, arguments)], cwd=ROOT)
    try:
        eventually(gone_so_far)
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_a_process_killed_before_its_transaction_is_mined_brings_a_step_once(grown: Grown, tmp_path: Path) -> None:
    step, nonce, network = grown.log.next_step(3), grown.nonce(), grown.network
    hold(network)
    killed(grown, step, network.node.url, tmp_path, sent(network, tmp_path))
    release(network)

    grown.brought(network.ledger(tmp_path), step)
    grown.assert_once(step, nonce)
    assert FileOutbox(tmp_path).waiting() == ()


def test_a_process_killed_after_it_was_mined_brings_a_step_once(grown: Grown, tmp_path: Path, proxy: Proxy) -> None:
    """The transaction is in a block, and the receipt never came."""
    step, nonce = grown.log.next_step(3), grown.nonce()
    withheld = {"eth_sendRawTransaction": "silent after it asked", "eth_getTransactionReceipt": "silent after it asked"}
    proxy.arm(lambda method, place: withheld.get(method))
    killed(grown, step, proxy.url, tmp_path, sent(grown.network, tmp_path))

    grown.brought(grown.network.ledger(tmp_path), step)
    grown.assert_once(step, nonce)


def test_a_process_killed_before_the_node_had_its_transaction_brings_a_step_once(
    grown: Grown, tmp_path: Path, proxy: Proxy
) -> None:
    """It is signed and in the outbox, and never left the machine."""
    step, nonce = grown.log.next_step(3), grown.nonce()
    proxy.arm(lambda method, place: "silent before it asked" if method == "eth_sendRawTransaction" else None)
    killed(grown, step, proxy.url, tmp_path, lambda: "eth_sendRawTransaction" in proxy.methods)
    (left,) = FileOutbox(tmp_path).waiting()
    assert grown.nonce() == nonce

    grown.brought(grown.network.ledger(tmp_path), step)
    grown.assert_once(step, nonce)
    assert grown.network.connection().receipt(left.hash)


def test_a_larger_step_than_the_one_left_behind_is_refused_by_its_size(grown: Grown, tmp_path: Path) -> None:
    """The log has grown on while the outcome was unknown: what was left is settled, and the rest is brought from there."""
    step, nonce, network = grown.log.next_step(2), grown.nonce(), grown.network
    hold(network)
    with pytest.raises(LedgerTimeout):
        grown.brought(network.ledger(tmp_path, HASTY), step)
    release(network)

    with refused(SizeMismatch(step.first_index, step.size)):
        grown.brought(network.ledger(tmp_path), grown.log.next_step(5))
    grown.assert_once(step, nonce)
    grown.log.grow(network.ledger(tmp_path).login_log, 3)
    assert grown.nonce() == nonce + 2


# ------------------------------------------------------------------------------------------------------- a restarted node


def test_a_node_restarted_between_send_and_receipt_is_sent_the_same_again(mortal: Grown, tmp_path: Path) -> None:
    """The caller notices nothing: the node has forgotten the transaction, and gets the same bytes."""
    step, nonce, outbox = mortal.log.next_step(3), mortal.nonce(), tmp_path / "outbox"
    ledger = mortal.network.ledger(outbox)
    caller = threading.Thread(target=mortal.brought, args=(ledger, step))
    caller.start()
    eventually(sent(mortal.network, outbox))
    mortal.network.node.kill()
    mortal.network.start()
    caller.join()

    mortal.assert_once(step, nonce)


def test_a_node_that_stays_away_is_a_timeout_and_the_retry_ends_it(mortal: Grown, tmp_path: Path) -> None:
    step, nonce, outbox = mortal.log.next_step(3), mortal.nonce(), tmp_path / "outbox"
    ledger = mortal.network.ledger(outbox, HASTY)
    with pytest.raises(LedgerTimeout, match=CHANGES[mortal.network.mode]):
        mortal.brought(ledger, step)
    mortal.network.node.kill()
    with pytest.raises(LedgerUnavailable):
        mortal.brought(ledger, step)
    with pytest.raises(LedgerUnavailable):
        ledger.login_log.size()
    assert len(FileOutbox(outbox).waiting()) == 1

    mortal.network.start()
    mortal.brought(mortal.network.ledger(outbox), step)
    mortal.assert_once(step, nonce)


# --------------------------------------------------------------------------------------------------------- a faulty node

FAULTS = ("silent before it asked", "silent after it asked", "slow", "answers no JSON", "has an internal error")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_node_that_fails_from_the_sending_on_is_a_timeout_and_the_retry_finds_out(
    grown: Grown, tmp_path: Path, proxy: Proxy, fault: str
) -> None:
    step, nonce = grown.log.next_step(3), grown.nonce()
    ledger = grown.network.hasty_ledger(tmp_path, proxy)
    proxy.arm(lambda method, place: fault if "eth_sendRawTransaction" in proxy.methods else None)

    with pytest.raises(LedgerTimeout):
        grown.brought(ledger, step)

    proxy.heal()
    grown.brought(ledger, step)
    grown.assert_once(step, nonce)


@pytest.mark.parametrize("fault", ["silent before it asked", "silent after it asked"])
def test_the_line_is_cut_at_every_moment(grown: Grown, tmp_path: Path, proxy: Proxy, fault: str) -> None:
    """From then on: after the retry the step is there, once."""
    proxy.heal()
    grown.log.grow(grown.network.hasty_ledger(tmp_path, proxy).login_log, 1)

    for moment in range(1, len(proxy.heal()) + 1):
        step, nonce = grown.log.next_step(2), grown.nonce()
        proxy.arm(lambda method, place, moment=moment: fault if place >= moment else None)
        with suppress(Unavailable):
            grown.brought(grown.network.hasty_ledger(tmp_path, proxy), step)
        proxy.heal()
        with suppress(SizeMismatch):  # it was brought the first time, and its outcome known
            grown.brought(grown.network.hasty_ledger(tmp_path, proxy), step)
        grown.assert_once(step, nonce)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["eth_getLogs", "eth_getTransactionByHash", "eth_call"])
def test_a_question_about_the_log_with_a_bad_answer_is_a_typed_error(
    grown: Grown, tmp_path: Path, proxy: Proxy, method: str, fault: str
) -> None:
    step = grown.log.grow(grown.network.ledger(tmp_path).login_log, 2)
    log = grown.network.hasty_ledger(tmp_path, proxy).login_log
    proxy.arm(lambda asked, place: fault if asked == method else None)

    with pytest.raises((LedgerUnavailable, LedgerMisbehaved)):
        log.sender(*log.batches(step.first_index, 1))
    proxy.heal()
    assert log.sender(*log.batches(step.first_index, 1)) == grown.network.server.address
