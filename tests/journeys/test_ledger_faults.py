"""Whatever befalls process, node or the line between: a typed error, and on retry nothing is lost and nothing there twice."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.errors import KeyAlreadyEnrolled, LedgerMisbehaved, LedgerTimeout, LedgerUnavailable, Unavailable
from certchain.ledger.chain import ChainLedger, Connection, FileOutbox
from certchain.ledger.node import Program
from certchain.models.identifier import DeviceId, device_party
from certchain.models.registration import PublicKeys
from tests.mortal import HASTY, IMPATIENCE, Network, eventually, hold, holding, release, running, sent
from tests.proxy import FAULTS, Proxy, proxied
from tests.world import keys, refused


@dataclass(frozen=True)
class Enrolment:
    """One thing to do, and how to see that it was done, once."""

    network: Network
    keys: PublicKeys
    count: int
    nonce: int

    @classmethod
    def new(cls, network: Network) -> "Enrolment":
        connection = network.connection()
        ledger = ChainLedger.connect(connection, network.deployment, network.server)
        nonce = connection.nonce(network.server.address, "latest")
        return cls(network, keys(), ledger.registrations.device_count(), nonce)

    def by(self, ledger: ChainLedger) -> DeviceId:
        return ledger.registrations.enrol_device(self.keys)

    def assert_once(self, device: DeviceId) -> None:
        """The device has these keys, nobody else was enrolled, and one transaction was sent."""
        connection = self.network.connection()
        ledger = ChainLedger.connect(connection, self.network.deployment, self.network.server)
        (record,) = ledger.registrations.keys(device_party(device))
        assert record.thumbprint == key_thumbprint(self.keys)
        assert ledger.registrations.device_count() == self.count + 1 == device
        assert connection.nonce(self.network.server.address, "pending") == self.nonce + 1

    def assert_not_done(self) -> None:
        connection = self.network.connection()
        assert connection.nonce(self.network.server.address, "pending") == self.nonce


@pytest.fixture(scope="module")
def anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """anvil, for all the tests that leave it alive."""
    with running(Program.ANVIL, tmp_path_factory.mktemp("anvil")) as network:
        yield network


@pytest.fixture
def network(anvil: Network) -> Iterator[Network]:
    """The same, mining at once again when the test is over."""
    yield anvil
    release(anvil)


@pytest.fixture
def proxy(network: Network) -> Iterator[Proxy]:
    with proxied(network.node.url) as proxy:
        yield proxy


# ------------------------------------------------------------------------------------------------------ a killed process

CHILD = """
import sys
from pathlib import Path
from eth_account import Account
from certchain.ledger.chain import ChainLedger, Connection, FileOutbox
from certchain.ledger.deployment import Deployment
from certchain.models.registration import PublicKeys

url, deployment, key, outbox, signing, exchange = sys.argv[1:]
ledger = ChainLedger.connect(
    Connection.http(url), Deployment.load(Path(deployment)), Account.from_key(key), outbox=FileOutbox(Path(outbox))
)
ledger.registrations.enrol_device(PublicKeys(bytes.fromhex(signing), bytes.fromhex(exchange)))
"""


def killed_while_enrolling(enrolment: Enrolment, url: str, outbox: Path, gone_so_far: Callable[[], bool]) -> None:
    """Another process enrols the device, and is killed (SIGKILL) once it has gone so far."""
    network, pair = enrolment.network, enrolment.keys
    arguments = [url, network.folder / "deployment.json", network.server.key.hex(), outbox]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments), pair.signing.hex(), pair.exchange.hex()]
    )
    try:
        eventually(gone_so_far)
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


def test_a_process_killed_before_its_transaction_is_mined_enrols_once(network: Network, tmp_path: Path) -> None:
    enrolment = Enrolment.new(network)
    hold(network)
    killed_while_enrolling(enrolment, network.node.url, tmp_path, sent(network, tmp_path))
    release(network)

    enrolment.assert_once(enrolment.by(network.ledger(tmp_path)))
    assert FileOutbox(tmp_path).waiting() == ()


def test_a_process_killed_after_it_was_mined_enrols_once(network: Network, tmp_path: Path, proxy: Proxy) -> None:
    """The transaction is in a block, and the receipt never came."""
    enrolment = Enrolment.new(network)
    withheld = {"eth_sendRawTransaction": "silent after it asked", "eth_getTransactionReceipt": "silent after it asked"}
    proxy.arm(lambda method, place: withheld.get(method))
    killed_while_enrolling(enrolment, proxy.url, tmp_path, sent(network, tmp_path))

    enrolment.assert_once(enrolment.by(network.ledger(tmp_path)))


def test_a_process_killed_before_the_node_had_its_transaction_enrols_once(
    network: Network, tmp_path: Path, proxy: Proxy
) -> None:
    """It is signed and in the outbox, and never left the machine: the same bytes are sent."""
    enrolment = Enrolment.new(network)
    proxy.arm(lambda method, place: "silent before it asked" if method == "eth_sendRawTransaction" else None)
    killed_while_enrolling(enrolment, proxy.url, tmp_path, lambda: "eth_sendRawTransaction" in proxy.methods)
    (left,) = FileOutbox(tmp_path).waiting()
    enrolment.assert_not_done()

    enrolment.assert_once(enrolment.by(network.ledger(tmp_path)))
    assert network.connection().receipt(left.hash)


def test_what_a_killed_process_left_is_not_forgotten_over_something_else(network: Network, tmp_path: Path) -> None:
    """Something else is done first: the outcome still waits for who asks for it."""
    enrolment, ledger = Enrolment.new(network), network.ledger(tmp_path)
    hold(network)
    killed_while_enrolling(enrolment, network.node.url, tmp_path, sent(network, tmp_path))
    release(network)

    other = ledger.registrations.enrol_device(keys())
    device = enrolment.by(network.ledger(tmp_path))

    assert (device, other) == (enrolment.count + 1, enrolment.count + 2)
    assert ledger.registrations.device_count() == other
    with refused(KeyAlreadyEnrolled(key_thumbprint(enrolment.keys).value)):
        enrolment.by(ledger)


def test_two_processes_of_one_account_do_not_take_each_others_nonce(network: Network, tmp_path: Path) -> None:
    ledgers, enrolled = [network.ledger(tmp_path) for _ in range(3)], list[DeviceId]()

    def enrol(ledger: ChainLedger) -> None:
        enrolled.extend(ledger.registrations.enrol_device(keys()) for _ in range(4))

    before = ledgers[0].registrations.device_count()
    threads = [threading.Thread(target=enrol, args=(ledger,)) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(enrolled) == list(range(before + 1, before + 13))


# ------------------------------------------------------------------------------------------------------- a restarted node


@pytest.fixture(params=Program)
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Network]:
    """A node of each kind, to be killed, that takes transactions and does not mine them."""
    with holding(Program(request.param), tmp_path) as network:
        yield network


def test_a_node_restarted_between_send_and_receipt_is_sent_the_same_again(mortal: Network, tmp_path: Path) -> None:
    """The caller notices nothing: the node has forgotten the transaction, and gets the same bytes."""
    enrolment, ledger, outbox = Enrolment.new(mortal), mortal.ledger(tmp_path / "outbox"), tmp_path / "outbox"
    enrolled: list[DeviceId] = []
    caller = threading.Thread(target=lambda: enrolled.append(enrolment.by(ledger)))
    caller.start()
    eventually(sent(mortal, outbox))
    mortal.node.kill()
    mortal.start()
    caller.join()

    enrolment.assert_once(*enrolled)


def test_a_node_that_stays_away_is_a_timeout_and_the_retry_ends_it(mortal: Network, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    enrolment, ledger = Enrolment.new(mortal), mortal.ledger(tmp_path / "outbox", HASTY)
    with pytest.raises(LedgerTimeout, match="enrolDevice"):
        enrolment.by(ledger)
    mortal.node.kill()
    with pytest.raises(LedgerUnavailable):
        enrolment.by(ledger)
    with pytest.raises(LedgerUnavailable):
        ledger.registrations.device_count()
    assert len(FileOutbox(outbox).waiting()) == 1

    mortal.start()
    enrolment.assert_once(enrolment.by(mortal.ledger(outbox)))


# --------------------------------------------------------------------------------------------------------- a faulty node

SILENT = ("silent before it asked", "silent after it asked", "slow", "answers HTTP 500", "answers HTTP 404")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_with_a_bad_answer_is_a_typed_error(
    network: Network, tmp_path: Path, proxy: Proxy, fault: str
) -> None:
    ledger = network.hasty_ledger(tmp_path, proxy)
    proxy.arm(lambda method, place: fault)

    with pytest.raises(LedgerUnavailable if fault in SILENT else LedgerMisbehaved):
        ledger.registrations.device_count()
    proxy.heal()
    assert ledger.registrations.device_count() >= 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_question_is_asked_again_after_a_bad_answer(network: Network, proxy: Proxy, fault: str) -> None:
    connection = Connection.http(proxy.url, IMPATIENCE, attempts=2)
    proxy.arm(lambda method, place: fault if place == 1 else None)

    assert connection.chain_id() == network.deployment.chain_id
    assert proxy.heal() == ["eth_chainId", "eth_chainId"]
    connection.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_node_that_fails_before_anything_is_sent_gets_nothing(
    network: Network, tmp_path: Path, proxy: Proxy, fault: str
) -> None:
    enrolment, ledger = Enrolment.new(network), network.hasty_ledger(tmp_path, proxy)
    proxy.arm(lambda method, place: fault if method == "eth_estimateGas" else None)

    with pytest.raises(Unavailable):
        enrolment.by(ledger)

    enrolment.assert_not_done()
    proxy.heal()
    enrolment.assert_once(enrolment.by(ledger))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_node_that_fails_from_the_sending_on_is_a_timeout_and_the_retry_finds_out(
    network: Network, tmp_path: Path, proxy: Proxy, fault: str
) -> None:
    enrolment, ledger = Enrolment.new(network), network.hasty_ledger(tmp_path, proxy)
    proxy.arm(lambda method, place: fault if "eth_sendRawTransaction" in proxy.methods else None)

    with pytest.raises(LedgerTimeout):
        enrolment.by(ledger)

    proxy.heal()
    enrolment.assert_once(enrolment.by(ledger))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_answer_to_the_sending_alone_is_overcome(
    network: Network, tmp_path: Path, proxy: Proxy, fault: str
) -> None:
    enrolment, ledger = Enrolment.new(network), network.hasty_ledger(tmp_path, proxy)
    proxy.arm(
        lambda method, place: fault if method == "eth_sendRawTransaction" and proxy.methods.count(method) == 1 else None
    )

    enrolment.assert_once(enrolment.by(ledger))


@pytest.mark.parametrize("fault", ["silent before it asked", "silent after it asked"])
@pytest.mark.parametrize("for_good", [False, True])
def test_the_line_is_cut_at_every_moment(
    network: Network, tmp_path: Path, proxy: Proxy, fault: str, for_good: bool
) -> None:
    """Once or from then on: after the retry the device is enrolled, once."""
    proxy.heal()
    Enrolment.new(network).by(network.hasty_ledger(tmp_path, proxy))

    for moment in range(1, len(proxy.heal()) + 1):
        enrolment = Enrolment.new(network)
        last = sys.maxsize if for_good else moment
        proxy.arm(partial(fails_between, moment, last, fault))
        with suppress(Unavailable):
            enrolment.assert_once(enrolment.by(network.hasty_ledger(tmp_path, proxy)))
            continue
        enrolment.assert_once(enrolment.by(network.ledger(tmp_path)))


def fails_between(first: int, last: int, fault: str, _: str, place: int) -> str | None:
    return fault if first <= place <= last else None
