"""Enrolment and combination methods: every ledger issues, keeps and refuses alike."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.errors import (
    CertchainError,
    EmptyNameCommitment,
    KeyAlreadyEnrolled,
    MalformedKey,
    MalformedMethod,
    MethodAlreadyDefined,
    NameCommitmentAlreadyEnrolled,
    RepeatedFactor,
    UnknownDevice,
    UnknownMethod,
    UnknownService,
    UnknownUser,
    UnknownUserDevice,
)
from certchain.models.identifier import MethodNumber, Party, PartyKind, UserId
from certchain.models.registration import Factor, PublicKeys
from tests.world import NOTHING, World, keys, refused, word

if TYPE_CHECKING:
    from collections.abc import Callable

# By kind of party: who enrols it, its enrolment, its key rotation, its count, and the error of one that is unknown.
PARTIES = {
    PartyKind.DEVICE: ("server", "enrol_device", "rotate_device_keys", "device_count", UnknownDevice),
    PartyKind.USER_DEVICE: (
        "server",
        "enrol_user_device",
        "rotate_user_device_keys",
        "user_device_count",
        UnknownUserDevice,
    ),
    PartyKind.SERVICE: ("authority", "enrol_service", "rotate_service_keys", "service_count", UnknownService),
}


class Enrolment:
    """The functions for one kind of party."""

    def __init__(self, world: World, kind: PartyKind) -> None:
        who, enrol, rotate, count, self.unknown = PARTIES[kind]
        self.kind, self.registrations = kind, world[who].registrations
        self.enrol: Callable[[PublicKeys], int] = getattr(self.registrations, enrol)
        self.rotate: Callable[[int, PublicKeys], None] = getattr(self.registrations, rotate)
        self.count: Callable[[], int] = getattr(self.registrations, count)

    def keys(self, number: int) -> Any:
        return self.registrations.keys(Party(self.kind, number))


@pytest.fixture(params=PartyKind)
def parties(request: pytest.FixtureRequest, world: World) -> Enrolment:
    return Enrolment(world, request.param)


def test_identifiers_are_issued_one_after_another(parties: Enrolment) -> None:
    before = parties.count()

    assert [parties.enrol(keys()), parties.enrol(keys())] == [before + 1, before + 2]
    assert parties.count() == before + 2


def test_a_party_has_the_thumbprint_of_its_keys_since_its_enrolment(parties: Enrolment) -> None:
    enrolled_at, own = int(time.time()), keys()

    (record,) = parties.keys(parties.enrol(own))

    assert record.thumbprint == key_thumbprint(own)
    assert record.since >= enrolled_at


def test_rotated_keys_are_in_force_and_the_old_ones_stay_readable(parties: Enrolment) -> None:
    first, second = keys(), keys()
    number = parties.enrol(first)

    parties.rotate(number, second)

    assert [record.thumbprint for record in parties.keys(number)] == [key_thumbprint(first), key_thumbprint(second)]


def test_nobody_is_enrolled_with_keys_that_were_enrolled(parties: Enrolment, world: World) -> None:
    known = keys()
    world["server"].registrations.enrol_device(known)
    before = parties.count()

    with refused(KeyAlreadyEnrolled(key_thumbprint(known).value)):
        parties.enrol(known)
    assert parties.count() == before


@pytest.mark.parametrize("part", ["signing", "exchange"])
def test_half_of_an_old_pair_is_enough_to_be_refused(parties: Enrolment, part: str) -> None:
    old, fresh = keys(), keys()
    number = parties.enrol(old)
    mixed = PublicKeys(old.signing, fresh.exchange) if part == "signing" else PublicKeys(fresh.signing, old.exchange)

    with refused(KeyAlreadyEnrolled(key_thumbprint(mixed).value)):
        parties.rotate(number, mixed)
    assert len(parties.keys(number)) == 1


def test_a_party_that_was_never_enrolled_has_no_keys_and_gets_none(parties: Enrolment) -> None:
    for stranger in (0, parties.count() + 1):
        unknown: CertchainError = parties.unknown(stranger)
        with refused(unknown):
            parties.keys(stranger)
        with refused(unknown):
            parties.rotate(stranger, keys())


def test_the_keys_themselves_are_found_when_enrolled_and_when_rotated(parties: Enrolment) -> None:
    """Those in force, and no others; as often as they are asked for."""
    first, second, other = keys(), keys(), keys()
    number, neighbour = parties.enrol(first), parties.enrol(other)
    party = Party(parties.kind, number)
    assert parties.registrations.public_keys(party) == first == parties.registrations.public_keys(party)

    parties.rotate(number, second)

    assert parties.registrations.public_keys(party) == second
    assert parties.registrations.public_keys(Party(parties.kind, neighbour)) == other


def test_a_party_that_was_never_enrolled_has_no_public_keys(parties: Enrolment) -> None:
    for stranger in (0, parties.count() + 1):
        unknown: CertchainError = parties.unknown(stranger)
        with refused(unknown):
            parties.registrations.public_keys(Party(parties.kind, stranger))


def test_keys_of_another_length_are_none() -> None:
    with refused(MalformedKey(31, 33)):
        PublicKeys(bytes(31), bytes(33))


def test_a_user_is_known_by_a_commitment(world: World) -> None:
    commitment, before = word(), world["server"].registrations.user_count()

    user = world["server"].registrations.enrol_user(commitment)

    assert user == before + 1 == world["server"].registrations.user_count()
    assert world["thief"].registrations.user_name_commitment(user) == commitment


def test_a_user_is_enrolled_once_and_not_without_a_commitment(world: World) -> None:
    registrations, commitment = world["server"].registrations, word()
    registrations.enrol_user(commitment)

    with refused(NameCommitmentAlreadyEnrolled(commitment.value)):
        registrations.enrol_user(commitment)
    with refused(EmptyNameCommitment()):
        registrations.enrol_user(NOTHING)
    stranger = UserId(registrations.user_count() + 1)
    with refused(UnknownUser(stranger)):
        registrations.user_name_commitment(stranger)


def test_a_method_is_numbered_and_keeps_its_factors_in_their_order(world: World) -> None:
    registrations, factors = world["authority"].registrations, (Factor.THIRD, Factor.FIRST)
    before = registrations.method_count()

    method = registrations.define_method(factors)

    assert method == before + 1 == registrations.method_count()
    assert registrations.method_factors(method) == factors


def test_the_same_method_is_not_defined_twice(world: World) -> None:
    with refused(MethodAlreadyDefined(world.three_factors)):
        world["authority"].registrations.define_method((Factor.FIRST, Factor.SECOND, Factor.THIRD))


@pytest.mark.parametrize(
    ("factors", "refusal"),
    [
        ((), MalformedMethod(0)),
        ((Factor.FIRST, Factor.SECOND, Factor.THIRD, Factor.FIRST), MalformedMethod(4)),
        ((Factor.SECOND, Factor.SECOND), RepeatedFactor(1)),
        ((Factor.FIRST, Factor.THIRD, Factor.FIRST), RepeatedFactor(0)),
    ],
)
def test_a_method_is_one_to_three_different_factors(
    world: World, factors: tuple[Factor, ...], refusal: CertchainError
) -> None:
    with refused(refusal):
        world["authority"].registrations.define_method(factors)


def test_a_method_that_was_never_defined_has_no_factors(world: World) -> None:
    for stranger in (MethodNumber(0), MethodNumber(world["thief"].registrations.method_count() + 1)):
        with refused(UnknownMethod(stranger)):
            world["thief"].registrations.method_factors(stranger)
