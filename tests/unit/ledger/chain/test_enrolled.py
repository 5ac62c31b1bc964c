"""Finding public keys and a user device's registrations in events, on nodes that lack some or lie."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certchain.errors import LedgerMisbehaved
from certchain.ledger.chain import search as module
from certchain.ledger.chain.ledger import ChainLedger
from certchain.ledger.chain.search import block_at
from certchain.ledger.chain.transaction import Log
from certchain.models.identifier import MethodNumber, RegistrationId, UserDeviceId, user_device_party
from certchain.models.registration import Factor, RegistrationRequest, RiskLevel
from tests.unit.ledger.conftest import Chain
from tests.world import keys, refused, word

Logs = Callable[[tuple[Log, ...]], tuple[Log, ...]]

METHODS: dict[str, MethodNumber] = {}


@pytest.fixture
def ledger(chain: Chain) -> ChainLedger:
    """The certification server's, over a connection of the test's own."""
    return chain.ledger()


def method(ledger: ChainLedger) -> MethodNumber:
    """A combination method, defined once on the chain of all the tests."""
    if "one" not in METHODS:
        METHODS["one"] = ledger.registrations.define_method([Factor.FIRST])
    return METHODS["one"]


def registered(ledger: ChainLedger, user_device: UserDeviceId) -> RegistrationId:
    """A registration of the user device for a new IoT device."""
    device = ledger.registrations.enrol_device(keys())
    return ledger.registrations.register(
        RegistrationRequest(user_device, device, method(ledger), RiskLevel.LOW, word())
    )


def showing(monkeypatch: pytest.MonkeyPatch, ledger: ChainLedger, shown: Logs) -> None:
    """From now on the node gives other events than it has."""
    connection: Any = ledger.registrations.contract.connection
    logs = connection.logs

    def meddled(*question: Any) -> tuple[Log, ...]:
        return shown(logs(*question))

    monkeypatch.setattr(connection, "logs", meddled)


# ----------------------------------------------------------------------------------------------------------- public keys


def test_keys_that_were_found_are_not_looked_for_again(ledger: ChainLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """They cannot change; those in force can, and are read each time."""
    own, fresh = keys(), keys()
    number = ledger.registrations.enrol_user_device(own)
    assert ledger.registrations.public_keys(user_device_party(number)) == own
    ledger.registrations.rotate_user_device_keys(number, fresh)
    assert ledger.registrations.public_keys(user_device_party(number)) == fresh

    showing(monkeypatch, ledger, lambda logs: ())

    assert ledger.registrations.public_keys(user_device_party(number)) == fresh


def test_a_node_without_the_event_is_not_believed(ledger: ChainLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ledger.registrations.enrol_user_device(keys())
    showing(monkeypatch, ledger, lambda logs: ())

    with refused(LedgerMisbehaved(f"the event with the keys of user-device {number} is missing")):
        ledger.registrations.public_keys(user_device_party(number))


def test_keys_of_another_thumbprint_are_not_believed(ledger: ChainLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the node writes into the event: the state says what their thumbprint is."""
    number = ledger.registrations.enrol_user_device(keys())

    def forged(logs: tuple[Log, ...]) -> tuple[Log, ...]:
        return tuple(replace(log, data=log.data.replace(log.data[96:128], word().value)) for log in logs)

    showing(monkeypatch, ledger, forged)

    with refused(LedgerMisbehaved(f"the event with the keys of user-device {number} is missing")):
        ledger.registrations.public_keys(user_device_party(number))


def test_keys_that_are_none_are_the_node_s_fault(ledger: ChainLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signing key of 31 bytes."""
    number = ledger.registrations.enrol_user_device(keys())

    def shorter(logs: tuple[Log, ...]) -> tuple[Log, ...]:
        length = (31).to_bytes(32, "big")
        return tuple(
            replace(log, data=log.data[:64] + length + log.data[96:127] + b"\0" + log.data[128:]) for log in logs
        )

    showing(monkeypatch, ledger, shorter)

    with pytest.raises(LedgerMisbehaved, match="no keys"):
        ledger.registrations.public_keys(user_device_party(number))


# --------------------------------------------------------------------------------------------------------- registrations


@pytest.mark.parametrize("blocks", [1, 3])
def test_registrations_are_found_range_by_range(
    ledger: ChainLedger, monkeypatch: pytest.MonkeyPatch, blocks: int
) -> None:
    user_device = ledger.registrations.enrol_user_device(keys())
    numbers = tuple(registered(ledger, user_device) for _ in range(4))
    monkeypatch.setattr(module, "BLOCK_RANGE", blocks)

    assert ledger.registrations.registrations_of(user_device) == numbers


@pytest.mark.parametrize("missing", [0, 1])
def test_a_pair_of_which_some_are_missing_is_noticed(
    ledger: ChainLedger, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    """The first, which the second names as its previous; and the second, which the contract names as the latest."""
    user_device = ledger.registrations.enrol_user_device(keys())
    first = registered(ledger, user_device)
    ledger.registrations.supersede(first, method(ledger), RiskLevel.LOW, word())
    assert len(ledger.registrations.registrations_of(user_device)) == 2
    left = iter([0, 1])

    showing(monkeypatch, ledger, lambda logs: tuple(log for log in logs if next(left) != missing))

    with refused(LedgerMisbehaved(f"events of the registrations of user-device {user_device} are missing or wrong")):
        ledger.registrations.registrations_of(user_device)


def test_registrations_of_another_user_device_are_noticed(ledger: ChainLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract's state says whose they are."""
    mina, jun = (ledger.registrations.enrol_user_device(keys()) for _ in range(2))
    number = registered(ledger, jun)

    def relabelled(logs: tuple[Log, ...]) -> tuple[Log, ...]:
        foreign = number.to_bytes(32, "big")
        return tuple(replace(log, topics=(log.topics[0], foreign, *log.topics[2:])) for log in logs)

    registered(ledger, mina)
    showing(monkeypatch, ledger, relabelled)

    with refused(LedgerMisbehaved(f"events of the registrations of user-device {mina} are missing or wrong")):
        ledger.registrations.registrations_of(mina)


# ---------------------------------------------------------------------------------------------------------------- search


class Times:
    """A node that knows when each of its blocks was made."""

    def __init__(self, *times: int) -> None:
        self.times = times

    def block_time(self, block: int) -> int:
        return self.times[block]


@pytest.mark.parametrize(
    ("at", "first", "found"),
    [(0, 0, 0), (5, 0, 0), (6, 0, 1), (7, 0, 1), (9, 0, 4), (10, 0, 5), (11, 0, 5), (5, 3, 3), (9, 5, 5)],
)
def test_a_block_is_found_by_its_time(at: int, first: int, found: int) -> None:
    """The first of several that were made at once; never one before the deployment, nor one behind the last."""
    node: Any = Times(5, 7, 7, 7, 9, 10)

    assert block_at(node, at, first, 5) == found
