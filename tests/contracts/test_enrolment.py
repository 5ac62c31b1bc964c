"""Registration: enrolment of devices, user devices, services and users, and the rotation of their keys."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import NOTHING, Keys, keys, word


class Kind(NamedTuple):
    """One kind of keyed identifier: the functions, event, error and actor that belong to it."""

    name: str
    enrol: str
    rotate: str
    keys: str
    counter: str
    event: str
    rotated: str
    field: str
    unknown: str
    by: str


DEVICE = Kind(
    "device", "enrolDevice", "rotateDeviceKeys", "deviceKeys", "deviceCount",
    "DeviceEnrolled", "DeviceKeysRotated", "device", "Registration_UnknownDevice", "server",
)  # fmt: skip
USER_DEVICE = Kind(
    "user device", "enrolUserDevice", "rotateUserDeviceKeys", "userDeviceKeys", "userDeviceCount",
    "UserDeviceEnrolled", "UserDeviceKeysRotated", "userDevice", "Registration_UnknownUserDevice", "server",
)  # fmt: skip
SERVICE = Kind(
    "service", "enrolService", "rotateServiceKeys", "serviceKeys", "serviceCount",
    "ServiceEnrolled", "ServiceKeysRotated", "service", "Registration_UnknownService", "authority",
)  # fmt: skip
KINDS = [DEVICE, USER_DEVICE, SERVICE]

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
malformed_keys = pytest.mark.parametrize(
    ("signing", "exchange"),
    [(0, 33), (31, 33), (33, 33), (32, 0), (32, 32), (32, 34), (32, 65), (0, 0), (33, 32)],
)


class Enrolment:
    """The functions of one kind of identifier, under the same names for all kinds, sent by the actor who may."""

    def __init__(self, registration: Any, actors: Actors, kind: Kind) -> None:
        self._registration = registration
        self._sender = {"from": getattr(actors, kind.by)}
        self.kind = kind

    def enrol(self, keys: Keys) -> Any:
        return getattr(self._registration, self.kind.enrol)(*keys, self._sender)

    def rotate(self, identifier: int, keys: Keys) -> Any:
        return getattr(self._registration, self.kind.rotate)(identifier, *keys, self._sender)

    def keys(self, identifier: int) -> list[tuple[bytes, int]]:
        return [(bytes(key[0]), key[1]) for key in getattr(self._registration, self.kind.keys)(identifier)]

    def count(self) -> int:
        return int(getattr(self._registration, self.kind.counter)())

    def unknown(self, identifier: int) -> Any:
        return reverts(self.kind.unknown, identifier)


Thumbprint = Callable[[Keys], bytes]


@pytest.fixture
def enrolment(registration: Any, actors: Actors, kind: Kind) -> Enrolment:
    return Enrolment(registration, actors, kind)


@every_kind
def test_identifiers_follow_one_another_from_one(enrolment: Enrolment) -> None:
    """The contract issues identifiers itself, one after another from 1."""
    issued = [enrolment.enrol(keys(name)).events[enrolment.kind.event][enrolment.kind.field] for name in "abc"]
    assert issued == [1, 2, 3]
    assert enrolment.count() == 3


def test_each_kind_counts_for_itself(registration: Any, actors: Actors) -> None:
    """An identifier of one kind does not use up one of another."""
    enrolments = [Enrolment(registration, actors, kind) for kind in KINDS]
    for enrolment in enrolments:
        enrolment.enrol(keys(enrolment.kind.name))
    assert [enrolment.count() for enrolment in enrolments] == [1, 1, 1]


@every_kind
def test_enrolment_returns_the_identifier(registration: Any, actors: Actors, kind: Kind) -> None:
    """The function returns what the event says."""
    enrol = getattr(registration, kind.enrol)
    assert enrol.call(*keys("first"), {"from": getattr(actors, kind.by)}) == 1


@every_kind
def test_enrolled_keys_are_kept_by_thumbprint(enrolment: Enrolment, thumbprint: Thumbprint, chain: Any) -> None:
    """The thumbprint on the chain is H("keys", signing key, exchange key), in force since its block."""
    receipt = enrolment.enrol(keys("first"))
    assert enrolment.keys(1) == [(thumbprint(keys("first")), chain[receipt.block_number].timestamp)]


@every_kind
def test_enrolment_publishes_the_keys(enrolment: Enrolment, thumbprint: Thumbprint) -> None:
    """Anyone can take the keys themselves from the event."""
    event = enrolment.enrol(keys("first")).events[enrolment.kind.event]
    assert bytes(event["thumbprint"]) == thumbprint(keys("first"))
    assert (bytes(event["signingKey"]), bytes(event["exchangeKey"])) == keys("first")


@every_kind
@malformed_keys
def test_malformed_keys_are_refused(enrolment: Enrolment, signing: int, exchange: int) -> None:
    """A signing key is 32 bytes, an exchange key 33; the refusal says what was offered."""
    with reverts("Registration_MalformedKey", signing, exchange):
        enrolment.enrol(Keys(b"\x02" * signing, b"\x02" * exchange))


@every_kind
@pytest.mark.parametrize("other", KINDS, ids=lambda kind: kind.name)
def test_keys_are_enrolled_once_across_all_kinds(
    enrolment: Enrolment, thumbprint: Thumbprint, registration: Any, actors: Actors, other: Kind
) -> None:
    """Keys belong to one identifier of the whole network."""
    enrolment.enrol(keys("shared"))
    with reverts("Registration_KeyAlreadyEnrolled", thumbprint(keys("shared"))):
        Enrolment(registration, actors, other).enrol(keys("shared"))


@every_kind
@pytest.mark.parametrize("taken", ["signing", "exchange"])
def test_a_single_key_is_enrolled_once(enrolment: Enrolment, thumbprint: Thumbprint, taken: str) -> None:
    """A stolen signing key does not come back beside another exchange key, nor the other way round."""
    enrolment.enrol(keys("first"))
    mixed = keys("second")._replace(**{taken: getattr(keys("first"), taken)})
    with reverts("Registration_KeyAlreadyEnrolled", thumbprint(mixed)):
        enrolment.enrol(mixed)
    enrolment.enrol(keys("third"))
    with reverts("Registration_KeyAlreadyEnrolled", thumbprint(mixed)):
        enrolment.rotate(2, mixed)


@every_kind
def test_rotation_puts_new_keys_in_force_and_keeps_the_old(
    enrolment: Enrolment, thumbprint: Thumbprint, chain: Any
) -> None:
    """All keys an identifier has had stay readable, oldest first."""
    enrolled = enrolment.enrol(keys("first"))
    chain.sleep(60)
    rotated = enrolment.rotate(1, keys("second"))
    assert enrolment.keys(1) == [
        (thumbprint(keys("first")), chain[enrolled.block_number].timestamp),
        (thumbprint(keys("second")), chain[rotated.block_number].timestamp),
    ]
    assert enrolment.count() == 1


@every_kind
def test_rotation_publishes_the_keys(enrolment: Enrolment, thumbprint: Thumbprint) -> None:
    """The new keys are published under the same identifier."""
    enrolment.enrol(keys("first"))
    event = enrolment.rotate(1, keys("second")).events[enrolment.kind.rotated]
    assert event[enrolment.kind.field] == 1
    assert bytes(event["thumbprint"]) == thumbprint(keys("second"))
    assert (bytes(event["signingKey"]), bytes(event["exchangeKey"])) == keys("second")


@every_kind
def test_rotation_to_malformed_keys_is_refused(enrolment: Enrolment) -> None:
    """Rotation asks as much of keys as enrolment does."""
    enrolment.enrol(keys("first"))
    with reverts("Registration_MalformedKey", 31, 33):
        enrolment.rotate(1, Keys(bytes(31), bytes(33)))


@every_kind
def test_rotation_to_keys_of_its_own_past_is_refused(enrolment: Enrolment, thumbprint: Thumbprint) -> None:
    """Keys that were rotated away, perhaps because they leaked, never come back."""
    enrolment.enrol(keys("leaked"))
    enrolment.rotate(1, keys("second"))
    with reverts("Registration_KeyAlreadyEnrolled", thumbprint(keys("leaked"))):
        enrolment.rotate(1, keys("leaked"))


@every_kind
def test_rotation_to_keys_of_another_is_refused(enrolment: Enrolment, thumbprint: Thumbprint) -> None:
    """Nobody takes over the keys of another identifier."""
    enrolment.enrol(keys("first"))
    enrolment.enrol(keys("second"))
    with reverts("Registration_KeyAlreadyEnrolled", thumbprint(keys("second"))):
        enrolment.rotate(1, keys("second"))


@every_kind
@pytest.mark.parametrize("identifier", [0, 2, 2**48 - 1])
def test_an_identifier_never_issued_is_unknown(enrolment: Enrolment, identifier: int) -> None:
    """0 stands for none, and the next one is not there yet."""
    enrolment.enrol(keys("first"))
    with enrolment.unknown(identifier):
        enrolment.rotate(identifier, keys("second"))
    with enrolment.unknown(identifier):
        enrolment.keys(identifier)


def test_users_stay_unnamed(registration: Any, actors: Actors) -> None:
    """Of a user the chain keeps a commitment to the name, and an identifier."""
    enrolled = registration.enrolUser(word("alice"), {"from": actors.server})
    assert (enrolled.events["UserEnrolled"]["user"], bytes(enrolled.events["UserEnrolled"]["nameCommitment"])) == (
        1,
        word("alice"),
    )
    assert bytes(registration.userNameCommitment(1)) == word("alice")


def test_users_follow_one_another_from_one(registration: Any, actors: Actors) -> None:
    """A user's identifier is issued like a device's."""
    assert registration.userCount() == 0
    registration.enrolUser(word("alice"), {"from": actors.server})
    assert registration.enrolUser.call(word("bob"), {"from": actors.server}) == 2
    registration.enrolUser(word("bob"), {"from": actors.server})
    assert (registration.userCount(), bytes(registration.userNameCommitment(2))) == (2, word("bob"))


def test_an_empty_name_commitment_is_refused(registration: Any, actors: Actors) -> None:
    """Zero stands for none and commits to nothing."""
    with reverts("Registration_EmptyNameCommitment"):
        registration.enrolUser(NOTHING, {"from": actors.server})


def test_a_name_commitment_is_enrolled_once(registration: Any, actors: Actors) -> None:
    """The same commitment again would be the same user again."""
    registration.enrolUser(word("alice"), {"from": actors.server})
    with reverts("Registration_NameCommitmentAlreadyEnrolled", word("alice")):
        registration.enrolUser(word("alice"), {"from": actors.server})


@pytest.mark.parametrize("user", [0, 2, 2**48 - 1])
def test_a_user_never_enrolled_is_unknown(registration: Any, actors: Actors, user: int) -> None:
    """There is no commitment to read where there is no user."""
    registration.enrolUser(word("alice"), {"from": actors.server})
    with reverts("Registration_UnknownUser", user):
        registration.userNameCommitment(user)
