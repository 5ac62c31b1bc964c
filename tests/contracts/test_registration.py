"""Registration: one registration after another for a pair of user device and IoT device, and how its status moves."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import (
    ACTIVE,
    CRITICAL,
    FIRST,
    HIGH,
    LOW,
    MEDIUM,
    NOTHING,
    REVOKED,
    SUPERSEDED,
    SUSPENDED,
    keys,
    request,
    word,
)


class Pair(NamedTuple):
    """The phone and the lock, and the method that they are registered by."""

    phone: int
    lock: int
    method: int


Register = Callable[..., int]


@pytest.fixture(scope="module")
def pair(phone: int, lock: int, method: int) -> Pair:
    return Pair(phone, lock, method)


@pytest.fixture
def server(actors: Actors) -> dict[str, Any]:
    """The certification server as sender."""
    return {"from": actors.server}


@pytest.fixture
def register(registration: Any, pair: Pair, server: dict[str, Any]) -> Register:
    """Registers the phone for the lock, its commitment told apart by a word."""

    def _register(commitment: str = "first") -> int:
        receipt = registration.register(request(pair.phone, pair.lock, commitment), server)
        return int(receipt.events["Registered"]["registration"])

    return _register


def status(registration: Any, identifier: int) -> int:
    return int(registration.registrationById(identifier)["status"])


# ------------------------------------------------------------------------------------------------------------- register


def test_a_registration_is_whole_and_readable(
    registration: Any, pair: Pair, server: dict[str, Any], thumbprint: Callable[..., bytes], chain: Any
) -> None:
    """What was asked for, and what the contract adds: identifier, version, status, time and the keys now in force."""
    receipt = registration.register((pair.phone, pair.lock, pair.method, HIGH, word("R")), server)
    assert registration.registrationById(1).dict() == {
        "id": 1,
        "userDevice": pair.phone,
        "device": pair.lock,
        "method": pair.method,
        "version": 1,
        "risk": HIGH,
        "status": ACTIVE,
        "registeredAt": chain[receipt.block_number].timestamp,
        "keyThumbprint": "0x" + thumbprint(keys("phone")).hex(),
        "commitment": "0x" + word("R").hex(),
        "previous": 0,
    }


def test_registering_says_which_pair(registration: Any, pair: Pair, server: dict[str, Any]) -> None:
    """The event names the registration and its pair; the function returns what the event says."""
    assert registration.register.call(request(pair.phone, pair.lock, "first"), server) == 1
    receipt = registration.register(request(pair.phone, pair.lock, "first"), server)
    assert dict(receipt.events["Registered"]) == {"registration": 1, "userDevice": pair.phone, "device": pair.lock}


@pytest.mark.parametrize("risk", [LOW, MEDIUM, HIGH, CRITICAL])
def test_the_risk_level_is_kept(registration: Any, pair: Pair, server: dict[str, Any], risk: int) -> None:
    """All four levels go in and come out."""
    registration.register(request(pair.phone, pair.lock, "first", risk=risk), server)
    assert registration.registrationById(1)["risk"] == risk


def test_a_pair_without_registration_has_none(registration: Any, pair: Pair, register: Register) -> None:
    """Before the first registration the latest is 0; afterwards it is that one, for this pair only."""
    assert registration.latestRegistration(pair.phone, pair.lock) == 0
    assert registration.registrationCount() == 0
    register()
    assert registration.latestRegistration(pair.phone, pair.lock) == 1
    assert registration.latestRegistration(pair.lock + 1, pair.phone) == 0
    assert registration.registrationCount() == 1


@pytest.mark.parametrize("user_device", [0, 2, 2**48 - 1])
def test_an_unknown_user_device_is_refused(
    registration: Any, pair: Pair, server: dict[str, Any], user_device: int
) -> None:
    """A user device is enrolled first."""
    with reverts("Registration_UnknownUserDevice", user_device):
        registration.register(request(user_device, pair.lock, "first"), server)


@pytest.mark.parametrize("device", [0, 2, 2**48 - 1])
def test_an_unknown_device_is_refused(registration: Any, pair: Pair, server: dict[str, Any], device: int) -> None:
    """An IoT device is enrolled first."""
    with reverts("Registration_UnknownDevice", device):
        registration.register(request(pair.phone, device, "first"), server)


@pytest.mark.parametrize("number", [0, 2, 2**16 - 1])
def test_an_unknown_method_is_refused(registration: Any, pair: Pair, server: dict[str, Any], number: int) -> None:
    """A combination method is defined first."""
    with reverts("Registration_UnknownMethod", number):
        registration.register(request(pair.phone, pair.lock, "first", method=number), server)


def test_an_empty_commitment_is_refused(registration: Any, pair: Pair, server: dict[str, Any]) -> None:
    """Zero commits to nothing."""
    with reverts("Registration_EmptyCommitment"):
        registration.register((pair.phone, pair.lock, pair.method, MEDIUM, NOTHING), server)


def test_a_risk_level_that_is_none_is_refused(registration: Any, pair: Pair, server: dict[str, Any], web3: Any) -> None:
    """The fifth level of four never gets past the decoding of the call."""
    good = registration.register.encode_input(request(pair.phone, pair.lock, "first", risk=CRITICAL))
    risk = 10 + 64 * 3
    assert int(good[risk : risk + 64], 16) == CRITICAL
    bad = f"{good[:risk]}{CRITICAL + 1:064x}{good[risk + 64 :]}"
    with pytest.raises(Exception, match="revert"):
        web3.eth.call({"to": registration.address, "from": server["from"].address, "data": bad})


def test_a_live_registration_is_not_registered_over(
    registration: Any, pair: Pair, server: dict[str, Any], register: Register
) -> None:
    """While a pair's registration is active or suspended, the way on is to supersede it."""
    register()
    with reverts("Registration_AlreadyRegistered", pair.phone, pair.lock, 1):
        registration.register(request(pair.phone, pair.lock, "second"), server)
    registration.suspend(1, server)
    with reverts("Registration_AlreadyRegistered", pair.phone, pair.lock, 1):
        registration.register(request(pair.phone, pair.lock, "second"), server)


def test_a_revoked_pair_can_be_registered_anew(registration: Any, register: Register, server: dict[str, Any]) -> None:
    """Revocation ends a registration, not the pair: the next one has the next version and points back."""
    register("first")
    registration.revoke(1, server)
    register("second")
    record = registration.registrationById(2)
    assert (record["version"], record["previous"], record["status"]) == (2, 1, ACTIVE)
    assert status(registration, 1) == REVOKED


def test_a_commitment_is_not_taken_again(registration: Any, register: Register, server: dict[str, Any]) -> None:
    """A commitment stands for one salt: the pair's next registration comes with another."""
    register("first")
    registration.revoke(1, server)
    with reverts("Registration_CommitmentReused", 1, word("first")):
        register("first")
    register("second")


def test_every_pair_has_its_own_registration(registration: Any, pair: Pair, server: dict[str, Any]) -> None:
    """A second phone at the same lock, and the first at a second, begin at version 1."""
    registration.enrolUserDevice(*keys("tablet"), server)
    registration.enrolDevice(*keys("camera"), server)
    for number, (user_device, device) in enumerate([(1, 1), (2, 1), (1, 2), (2, 2)], start=1):
        registration.register(request(user_device, device, str(number)), server)
        record = registration.registrationById(number)
        assert (record["version"], record["previous"]) == (1, 0)
        assert registration.latestRegistration(user_device, device) == number


def test_a_registration_keeps_the_keys_it_was_made_with(
    registration: Any, register: Register, server: dict[str, Any], pair: Pair, thumbprint: Callable[..., bytes]
) -> None:
    """Rotation afterwards changes no registration; the next one is under the new keys."""
    register("first")
    registration.rotateUserDeviceKeys(pair.phone, *keys("phone, rotated"), server)
    assert bytes(registration.registrationById(1)["keyThumbprint"]) == thumbprint(keys("phone"))
    registration.supersede(1, pair.method, MEDIUM, word("second"), server)
    assert bytes(registration.registrationById(2)["keyThumbprint"]) == thumbprint(keys("phone, rotated"))


def test_each_registration_keeps_its_own_of_many_keys(
    registration: Any, pair: Pair, server: dict[str, Any], thumbprint: Callable[..., bytes]
) -> None:
    """However often keys are rotated before, between and after, each registration reads the keys it was made with."""
    names = ["phone", *(f"rotation {number}" for number in range(1, 7))]
    made = []
    for number, rotations in enumerate([2, 0, 1, 2], start=1):
        for _ in range(rotations):
            in_force = len(registration.userDeviceKeys(pair.phone))
            registration.rotateUserDeviceKeys(pair.phone, *keys(names[in_force]), server)
        registration.register(request(pair.phone, pair.lock, f"commitment {number}"), server)
        registration.revoke(number, server)
        made.append(thumbprint(keys(names[len(registration.userDeviceKeys(pair.phone)) - 1])))
    registration.rotateUserDeviceKeys(pair.phone, *keys(names[6]), server)
    assert [bytes(record["keyThumbprint"]) for record in registration.registrations(1, 4)] == made
    assert made == [thumbprint(keys(names[number])) for number in (2, 2, 3, 5)]


# ---------------------------------------------------------------------------------------------------------------- batch


@pytest.fixture
def phones(registration: Any, phone: int, server: dict[str, Any]) -> list[int]:
    """The phone and four more user devices."""
    for number in range(2, 6):
        registration.enrolUserDevice(*keys(f"phone {number}"), server)
    return list(range(phone, phone + 5))


def test_a_batch_registers_each_in_order(
    registration: Any, phones: list[int], pair: Pair, server: dict[str, Any]
) -> None:
    """The identifiers follow one another from the first, and each is as if registered alone."""
    requests = [request(phone, pair.lock, f"phone {phone}", risk=phone % 4) for phone in phones]
    assert registration.registerBatch.call(requests, server) == 1
    receipt = registration.registerBatch(requests, server)
    assert [event["registration"] for event in receipt.events["Registered"]] == [1, 2, 3, 4, 5]
    for record, (phone, device, number, risk, commitment) in zip(
        registration.registrations(1, 9), requests, strict=True
    ):
        assert (record[1], record[2], record[3]) == (phone, device, number)
        assert (record[5], record[6], bytes(record[9])) == (risk, ACTIVE, commitment)
        assert registration.latestRegistration(phone, device) == record[0]


def test_a_batch_continues_the_numbering(
    registration: Any, phones: list[int], pair: Pair, server: dict[str, Any]
) -> None:
    """The first identifier of a batch is the one after the last that was issued."""
    registration.register(request(phones[0], pair.lock, "alone"), server)
    requests = [request(phone, pair.lock, f"phone {phone}") for phone in phones[1:]]
    assert registration.registerBatch.call(requests, server) == 2
    registration.registerBatch(requests, server)
    assert registration.registrationCount() == 5


def test_a_batch_is_registered_whole_or_not_at_all(
    registration: Any, phones: list[int], pair: Pair, server: dict[str, Any]
) -> None:
    """One bad request, here the last, and none of the others is registered."""
    requests = [request(phone, pair.lock, f"phone {phone}") for phone in [*phones[:4], 77]]
    with reverts("Registration_UnknownUserDevice", 77):
        registration.registerBatch(requests, server)
    assert registration.registrationCount() == 0
    assert registration.latestRegistration(phones[0], pair.lock) == 0


def test_a_batch_registers_no_pair_twice(registration: Any, pair: Pair, server: dict[str, Any]) -> None:
    """The second request for a pair meets the registration that the first has just made."""
    with reverts("Registration_AlreadyRegistered", pair.phone, pair.lock, 1):
        registration.registerBatch([request(*pair[:2], "first"), request(*pair[:2], "second")], server)


def test_an_empty_batch_is_refused(registration: Any, server: dict[str, Any]) -> None:
    """Registering nothing is a mistake, and there is no first identifier to return."""
    with reverts("Registration_EmptyBatch"):
        registration.registerBatch([], server)


# ------------------------------------------------------------------------------------------------------------ supersede


def test_superseding_registers_the_pair_anew(
    registration: Any, register: Register, pair: Pair, server: dict[str, Any]
) -> None:
    """The new registration has the next version, points back, and is the latest; the old one is superseded for good."""
    register("first")
    assert registration.supersede.call(1, pair.method, CRITICAL, word("second"), server) == 2
    receipt = registration.supersede(1, pair.method, CRITICAL, word("second"), server)
    assert dict(receipt.events["Registered"]) == {"registration": 2, "userDevice": pair.phone, "device": pair.lock}
    assert dict(receipt.events["StatusChanged"]) == {"registration": 1, "status": SUPERSEDED}
    record = registration.registrationById(2)
    assert (record["version"], record["previous"], record["risk"]) == (2, 1, CRITICAL)
    assert (status(registration, 1), status(registration, 2)) == (SUPERSEDED, ACTIVE)
    assert registration.latestRegistration(pair.phone, pair.lock) == 2


def test_superseding_takes_another_method(
    registration: Any, register: Register, pair: Pair, actors: Actors, server: dict[str, Any]
) -> None:
    """The new registration may be by another method; the old one stays by its own."""
    registration.defineMethod([FIRST], {"from": actors.authority})
    register("first")
    registration.supersede(1, pair.method + 1, MEDIUM, word("second"), server)
    assert [record[3] for record in registration.registrations(1, 2)] == [pair.method, pair.method + 1]


def test_a_suspended_registration_is_superseded_under_fresh_keys(
    registration: Any, register: Register, pair: Pair, server: dict[str, Any], thumbprint: Callable[..., bytes]
) -> None:
    """After a lost key the pair comes back with another one, and only so."""
    register("first")
    registration.suspend(1, server)
    with reverts("Registration_FreshKeyRequired", 1, thumbprint(keys("phone"))):
        registration.supersede(1, pair.method, HIGH, word("second"), server)
    registration.rotateUserDeviceKeys(pair.phone, *keys("phone, replaced"), server)
    registration.supersede(1, pair.method, HIGH, word("second"), server)
    assert (status(registration, 1), status(registration, 2)) == (SUPERSEDED, ACTIVE)


def test_keys_that_were_in_force_at_suspension_are_not_fresh(
    registration: Any, register: Register, pair: Pair, server: dict[str, Any], thumbprint: Callable[..., bytes]
) -> None:
    """What was suspended is the keys in use when the device was lost, rotated since registration or not."""
    register("first")
    registration.rotateUserDeviceKeys(pair.phone, *keys("phone, lost"), server)
    registration.suspend(1, server)
    with reverts("Registration_FreshKeyRequired", 1, thumbprint(keys("phone, lost"))):
        registration.supersede(1, pair.method, HIGH, word("second"), server)


def test_keys_that_were_lost_stay_lost_after_revocation(
    registration: Any, register: Register, pair: Pair, server: dict[str, Any], thumbprint: Callable[..., bytes]
) -> None:
    """Suspended, revoked, and registered again: only under fresh keys. After a reinstatement nothing was lost."""
    register("first")
    registration.suspend(1, server)
    registration.reinstate(1, server)
    registration.revoke(1, server)
    register("second")
    registration.suspend(2, server)
    registration.revoke(2, server)
    with reverts("Registration_FreshKeyRequired", 2, thumbprint(keys("phone"))):
        register("second")
    with reverts("Registration_FreshKeyRequired", 2, thumbprint(keys("phone"))):
        registration.registerBatch([request(pair.phone, pair.lock, "third")], server)
    registration.rotateUserDeviceKeys(pair.phone, *keys("phone, replaced"), server)
    register("third")
    assert (status(registration, 2), status(registration, 3)) == (REVOKED, ACTIVE)


def test_superseding_refuses_what_registering_refuses(
    registration: Any, register: Register, pair: Pair, server: dict[str, Any]
) -> None:
    """An unknown method, an empty commitment and a used commitment, and the old registration stays as it was."""
    register("first")
    with reverts("Registration_UnknownMethod", 9):
        registration.supersede(1, 9, MEDIUM, word("second"), server)
    with reverts("Registration_EmptyCommitment"):
        registration.supersede(1, pair.method, MEDIUM, NOTHING, server)
    with reverts("Registration_CommitmentReused", 1, word("first")):
        registration.supersede(1, pair.method, MEDIUM, word("first"), server)
    assert (status(registration, 1), registration.registrationCount()) == (ACTIVE, 1)


# --------------------------------------------------------------------------------------------------------------- status

MOVES = {"suspend": SUSPENDED, "reinstate": ACTIVE, "revoke": REVOKED, "supersede": SUPERSEDED}
WAYS = {ACTIVE: [], SUSPENDED: ["suspend"], SUPERSEDED: ["supersede"], REVOKED: ["revoke"]}
ALLOWED = {
    ACTIVE: {"suspend", "revoke", "supersede"},
    SUSPENDED: {"reinstate", "revoke", "supersede"},
    SUPERSEDED: set(),
    REVOKED: set(),
}


class Mover:
    """Moves a registration's status by the name of the move; superseding brings fresh keys and a fresh commitment."""

    def __init__(self, registration: Any, pair: Pair, server: dict[str, Any]) -> None:
        self._registration, self._pair, self._server = registration, pair, server

    def move(self, name: str, identifier: int) -> Any:
        if name != "supersede":
            return getattr(self._registration, name)(identifier, self._server)
        fresh = f"fresh {len(self._registration.userDeviceKeys(self._pair.phone))}"
        self._registration.rotateUserDeviceKeys(self._pair.phone, *keys(fresh), self._server)
        return self._registration.supersede(identifier, self._pair.method, MEDIUM, word(fresh), self._server)


@pytest.fixture
def mover(registration: Any, pair: Pair, server: dict[str, Any]) -> Mover:
    return Mover(registration, pair, server)


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("start", WAYS)
def test_status_moves_only_as_allowed(
    registration: Any, register: Register, mover: Mover, start: int, name: str
) -> None:
    """Active ⇄ Suspended, either → Superseded or Revoked; every other move is refused and says from where to where."""
    register()
    for way in WAYS[start]:
        mover.move(way, 1)
    if name in ALLOWED[start]:
        mover.move(name, 1)
        assert status(registration, 1) == MOVES[name]
    else:
        with reverts("Registration_ForbiddenTransition", 1, start, MOVES[name]):
            mover.move(name, 1)
        assert status(registration, 1) == start


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("identifier", [0, 2, 2**48 - 1])
def test_a_registration_never_made_is_unknown(
    registration: Any, register: Register, mover: Mover, name: str, identifier: int
) -> None:
    """0 stands for none, and the next one is not there yet."""
    register()
    with reverts("Registration_UnknownRegistration", identifier):
        mover.move(name, identifier)


@pytest.mark.parametrize("identifier", [0, 2, 2**48 - 1])
def test_nothing_is_read_of_a_registration_never_made(registration: Any, register: Register, identifier: int) -> None:
    """The record and the moves of an unknown registration are refused, not empty."""
    register()
    with reverts("Registration_UnknownRegistration", identifier):
        registration.registrationById(identifier)
    with reverts("Registration_UnknownRegistration", identifier):
        registration.statusChangeCount(identifier)
    with reverts("Registration_UnknownRegistration", identifier):
        registration.statusChanges(identifier, 0, 10)


def test_each_move_says_where_to(registration: Any, register: Register, mover: Mover) -> None:
    """Suspend, reinstate and revoke each emit the new status."""
    register()
    for name in ("suspend", "reinstate", "revoke"):
        assert dict(mover.move(name, 1).events["StatusChanged"]) == {"registration": 1, "status": MOVES[name]}


# ------------------------------------------------------------------------------------------------------- batch suspension


@pytest.fixture
def registered(registration: Any, phones: list[int], pair: Pair, server: dict[str, Any]) -> list[int]:
    """A registration for each of the phones."""
    registration.registerBatch([request(phone, pair.lock, f"phone {phone}") for phone in phones], server)
    return list(range(1, len(phones) + 1))


def test_a_batch_is_suspended_each_as_if_alone(
    registration: Any, registered: list[int], pair: Pair, server: dict[str, Any], thumbprint: Callable[..., bytes]
) -> None:
    """An event and a change for each, in their order, and each asks for fresh keys; the others stay as they were."""
    receipt = registration.suspendBatch([4, 1, 3], server)
    assert [dict(event) for event in receipt.events["StatusChanged"]] == [
        {"registration": number, "status": SUSPENDED} for number in (4, 1, 3)
    ]
    assert [status(registration, number) for number in registered] == [
        SUSPENDED, ACTIVE, SUSPENDED, SUSPENDED, ACTIVE,
    ]  # fmt: skip
    assert [registration.statusChangeCount(number) for number in registered] == [1, 0, 1, 1, 0]
    with reverts("Registration_FreshKeyRequired", 1, thumbprint(keys("phone"))):
        registration.supersede(1, pair.method, HIGH, word("next"), server)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_batch_is_suspended_whole_or_not_at_all(
    registration: Any, registered: list[int], server: dict[str, Any], place: int
) -> None:
    """One that is unknown, or final, or suspended before, wherever it stands, and none of the others is suspended."""
    registration.revoke(4, server)
    registration.suspend(5, server)
    refusals = {
        77: ("Registration_UnknownRegistration", 77),
        4: ("Registration_ForbiddenTransition", 4, REVOKED, SUSPENDED),
        5: ("Registration_ForbiddenTransition", 5, SUSPENDED, SUSPENDED),
    }
    for bad, refusal in refusals.items():
        asked = [1, 2]
        asked.insert(place, bad)
        with reverts(*refusal):
            registration.suspendBatch(asked, server)
    assert [status(registration, number) for number in (1, 2)] == [ACTIVE, ACTIVE]


def test_a_batch_suspends_nothing_twice(registration: Any, registered: list[int], server: dict[str, Any]) -> None:
    """The second time it meets a registration that is suspended by then."""
    with reverts("Registration_ForbiddenTransition", 2, SUSPENDED, SUSPENDED):
        registration.suspendBatch([2, 1, 2], server)


def test_suspending_nothing_is_refused(registration: Any, server: dict[str, Any]) -> None:
    """It is a mistake, as registering nothing is."""
    with reverts("Registration_NothingToSuspend"):
        registration.suspendBatch([], server)


# -------------------------------------------------------------------------------------------------------------- history


@pytest.fixture
def moved(registration: Any, register: Register, mover: Mover) -> Any:
    """The contract, its first registration moved five times."""
    register()
    for name in ("suspend", "reinstate", "suspend", "reinstate", "revoke"):
        mover.move(name, 1)
    return registration


@pytest.fixture
def filled(registration: Any, phones: list[int], pair: Pair, server: dict[str, Any]) -> Any:
    """The contract with five registrations."""
    registration.registerBatch([request(phone, pair.lock, f"phone {phone}") for phone in phones], server)
    return registration


def test_each_move_is_kept_with_its_time_and_sender(
    registration: Any, register: Register, mover: Mover, actors: Actors, chain: Any
) -> None:
    """A registration that was never moved has no moves; afterwards all of them, oldest first."""
    register()
    assert (registration.statusChangeCount(1), tuple(registration.statusChanges(1, 0, 10))) == (0, ())
    expected = []
    for name in ("suspend", "reinstate", "suspend", "supersede"):
        chain.sleep(60)
        moved = mover.move(name, 1)
        expected.append((MOVES[name], chain[moved.block_number].timestamp, actors.server.address))
    assert registration.statusChangeCount(1) == 4
    assert [tuple(change) for change in registration.statusChanges(1, 0, 10)] == expected
    assert registration.statusChangeCount(2) == 0


@pytest.mark.parametrize(
    ("offset", "limit", "page"),
    [
        (0, 2, [0, 1]),
        (2, 2, [2, 3]),
        (4, 2, [4]),
        (0, 5, [0, 1, 2, 3, 4]),
        (5, 2, []),
        (9, 2, []),
        (0, 0, []),
        (5, 0, []),
        (3, 2**256 - 1, [3, 4]),
        (2**256 - 1, 2**256 - 1, []),
    ],
)
def test_status_changes_are_read_page_by_page(moved: Any, offset: int, limit: int, page: list[int]) -> None:
    """At most as many as asked for, fewer or none past the end, whatever the numbers."""
    everything = list(moved.statusChanges(1, 0, 5))
    assert [change[0] for change in everything] == [SUSPENDED, ACTIVE, SUSPENDED, ACTIVE, REVOKED]
    assert list(moved.statusChanges(1, offset, limit)) == [everything[number] for number in page]


@pytest.mark.parametrize(
    ("first", "limit", "page"),
    [
        (1, 2, [1, 2]),
        (3, 2, [3, 4]),
        (5, 2, [5]),
        (1, 5, [1, 2, 3, 4, 5]),
        (6, 2, []),
        (2**48 - 1, 2, []),
        (1, 0, []),
        (4, 2**256 - 1, [4, 5]),
        (2**48 - 1, 2**256 - 1, []),
    ],
)
def test_registrations_are_read_page_by_page(filled: Any, first: int, limit: int, page: list[int]) -> None:
    """At most as many as asked for, fewer or none past the end, whatever the numbers."""
    read = filled.registrations(first, limit)
    assert [record[0] for record in read] == page
    assert list(read) == [filled.registrationById(number) for number in page]


def test_registrations_from_none_are_refused(registration: Any, register: Register) -> None:
    """0 stands for none, so no page begins there."""
    register()
    with reverts("Registration_UnknownRegistration", 0):
        registration.registrations(0, 5)


def test_a_pairs_whole_history_follows_from_the_latest(
    registration: Any, register: Register, mover: Mover, pair: Pair
) -> None:
    """From the latest back by `previous` to none, versions falling by one, with no search through events."""
    register()
    for identifier in (1, 2, 3):
        mover.move("supersede", identifier)
    history, identifier = [], registration.latestRegistration(pair.phone, pair.lock)
    while identifier:
        record = registration.registrationById(identifier)
        history.append((record["id"], record["version"], record["status"]))
        identifier = record["previous"]
    assert history == [(4, 4, ACTIVE), (3, 3, SUPERSEDED), (2, 2, SUPERSEDED), (1, 1, SUPERSEDED)]


def test_nothing_else_of_a_registration_changes(registration: Any, register: Register, mover: Mover) -> None:
    """Whatever happens to a registration, every field but its status reads as on the first day."""
    register()
    before = registration.registrationById(1).dict()
    for name in ("suspend", "reinstate", "supersede"):
        mover.move(name, 1)
        after = registration.registrationById(1).dict()
        assert {**after, "status": ACTIVE} == before
