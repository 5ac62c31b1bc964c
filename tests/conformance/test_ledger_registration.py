"""Registrations: every ledger makes, moves, pages and refuses them alike."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from certchain.errors import (
    AlreadyRegistered,
    CommitmentReused,
    EmptyCommitment,
    ForbiddenTransition,
    FreshKeyRequired,
    NothingToRegister,
    NothingToSuspend,
    UnknownDevice,
    UnknownMethod,
    UnknownRegistration,
    UnknownUserDevice,
)
from certchain.ledger import RegistrationLedger
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, UserDeviceId, user_device_party
from certchain.models.registration import Registration, RegistrationStatus, RiskLevel
from tests.world import NOTHING, World, keys, refused, word

ACTIVE, SUSPENDED, SUPERSEDED, REVOKED = RegistrationStatus


@pytest.fixture
def registrations(world: World) -> RegistrationLedger:
    """The certification server's side."""
    return world["server"].registrations


def thumbprint(registrations: RegistrationLedger, user_device: UserDeviceId) -> Digest:
    return registrations.keys(user_device_party(user_device))[-1].thumbprint


def test_a_registration_is_kept_whole(world: World, registrations: RegistrationLedger) -> None:
    registered_at, request = int(time.time()), world.request(risk=RiskLevel.CRITICAL)

    number = registrations.register(request)

    kept = world["thief"].registrations.registration(number)
    assert kept.registered_at >= registered_at
    assert kept == Registration(
        id=number,
        user_device=request.user_device,
        device=request.device,
        method=request.method,
        version=1,
        risk=RiskLevel.CRITICAL,
        status=ACTIVE,
        registered_at=kept.registered_at,
        key_thumbprint=thumbprint(registrations, request.user_device),
        commitment=request.commitment,
        previous=None,
    )
    assert registrations.registration_count() == number
    assert registrations.latest_registration(request.user_device, request.device) == number


def test_a_pair_has_one_live_registration(world: World, registrations: RegistrationLedger) -> None:
    request = world.request()
    number = registrations.register(request)
    again = replace(request, commitment=word())

    with refused(AlreadyRegistered(request.user_device, request.device, number)):
        registrations.register(again)
    registrations.suspend(number)
    with refused(AlreadyRegistered(request.user_device, request.device, number)):
        registrations.register(again)


def test_after_a_revocation_the_pair_is_registered_anew(world: World, registrations: RegistrationLedger) -> None:
    request = world.request()
    first = registrations.register(request)
    registrations.revoke(first)

    with refused(CommitmentReused(first, request.commitment.value)):
        registrations.register(request)
    second = registrations.register(replace(request, commitment=word()))

    record = registrations.registration(second)
    assert (record.version, record.previous, record.status) == (2, first, ACTIVE)
    assert registrations.latest_registration(request.user_device, request.device) == second


def test_a_registration_keeps_the_keys_that_it_was_made_with(world: World, registrations: RegistrationLedger) -> None:
    request = world.request()
    number, old = registrations.register(request), thumbprint(registrations, request.user_device)

    registrations.rotate_user_device_keys(request.user_device, keys())

    assert registrations.registration(number).key_thumbprint == old
    assert thumbprint(registrations, request.user_device) != old


def test_what_is_asked_is_looked_at_in_order(world: World, registrations: RegistrationLedger) -> None:
    """Each request has all the faults of those after it."""
    request = world.request()
    number = registrations.register(request)
    faulty = replace(request, commitment=NOTHING)
    no_method = MethodNumber(registrations.method_count() + 1)
    no_device, no_user_device = DeviceId(registrations.device_count() + 1), UserDeviceId(0)

    with refused(AlreadyRegistered(request.user_device, request.device, number)):
        registrations.register(request)
    with refused(EmptyCommitment()):
        registrations.register(faulty)
    with refused(UnknownMethod(no_method)):
        registrations.register(replace(faulty, method=no_method))
    with refused(UnknownDevice(no_device)):
        registrations.register(replace(faulty, method=no_method, device=no_device))
    with refused(UnknownUserDevice(no_user_device)):
        registrations.register(replace(faulty, method=no_method, device=no_device, user_device=no_user_device))


def test_a_batch_is_registered_in_its_order(world: World, registrations: RegistrationLedger) -> None:
    first = registrations.registration_count() + 1
    requests = [world.request() for _ in range(3)]

    numbers = registrations.register_batch(requests)

    assert numbers == (first, first + 1, first + 2)
    kept = registrations.registrations(RegistrationId(first), 3)
    assert [record.commitment for record in kept] == [request.commitment for request in requests]


def test_a_batch_is_registered_whole_or_not_at_all(world: World, registrations: RegistrationLedger) -> None:
    revoked = world.request()
    before = registrations.register(revoked)
    registrations.revoke(before)
    count, good, anew = registrations.registration_count(), world.request(), replace(revoked, commitment=word())
    next_one = RegistrationId(count + 2)

    with refused(AlreadyRegistered(good.user_device, good.device, next_one)):
        registrations.register_batch([anew, good, replace(good, commitment=word())])

    assert registrations.registration_count() == count
    assert registrations.latest_registration(good.user_device, good.device) is None
    assert registrations.latest_registration(revoked.user_device, revoked.device) == before
    assert registrations.register_batch([good]) == (count + 1,)


def test_an_empty_batch_is_refused(registrations: RegistrationLedger) -> None:
    with refused(NothingToRegister()):
        registrations.register_batch([])


def test_a_new_version_supersedes_the_old(world: World, registrations: RegistrationLedger) -> None:
    request, commitment = world.request(), word()
    old = registrations.register(request)

    new = registrations.supersede(old, world.three_factors, RiskLevel.HIGH, commitment)

    record = registrations.registration(new)
    assert (record.version, record.previous, record.risk) == (2, old, RiskLevel.HIGH)
    assert (record.commitment, record.status) == (commitment, ACTIVE)
    assert registrations.registration(old).status is SUPERSEDED
    assert registrations.latest_registration(request.user_device, request.device) == new


def test_superseding_is_looked_at_in_order_and_refused_whole(world: World, registrations: RegistrationLedger) -> None:
    request = world.request()
    number = registrations.register(request)
    stranger = RegistrationId(registrations.registration_count() + 1)
    no_method = MethodNumber(registrations.method_count() + 1)

    with refused(UnknownRegistration(stranger)):
        registrations.supersede(stranger, no_method, RiskLevel.LOW, NOTHING)
    with refused(UnknownMethod(no_method)):
        registrations.supersede(number, no_method, RiskLevel.LOW, NOTHING)
    with refused(EmptyCommitment()):
        registrations.supersede(number, world.three_factors, RiskLevel.LOW, NOTHING)
    with refused(CommitmentReused(number, request.commitment.value)):
        registrations.supersede(number, world.three_factors, RiskLevel.LOW, request.commitment)

    assert registrations.registration(number).status is ACTIVE
    assert registrations.status_change_count(number) == 0


def test_a_suspended_registration_is_superseded_only_under_fresh_keys(
    world: World, registrations: RegistrationLedger
) -> None:
    """The lost phone: who found it does not come back with its keys, not even with some that were rotated in before."""
    request = world.request()
    number = registrations.register(request)
    registrations.rotate_user_device_keys(request.user_device, keys())
    lost = thumbprint(registrations, request.user_device)
    registrations.suspend(number)

    with refused(FreshKeyRequired(number, lost.value)):
        registrations.supersede(number, world.three_factors, RiskLevel.LOW, request.commitment)
    registrations.rotate_user_device_keys(request.user_device, keys())
    new = registrations.supersede(number, world.three_factors, RiskLevel.LOW, word())

    assert registrations.registration(new).key_thumbprint == thumbprint(registrations, request.user_device)


def test_a_registration_revoked_while_suspended_is_followed_only_under_fresh_keys(
    world: World, registrations: RegistrationLedger
) -> None:
    """Revocation is no way around the loss, neither alone nor in a batch."""
    request = world.request()
    number = registrations.register(request)
    lost, again = thumbprint(registrations, request.user_device), replace(request, commitment=word())
    registrations.suspend(number)
    registrations.revoke(number)

    with refused(FreshKeyRequired(number, lost.value)):
        registrations.register(request)
    with refused(FreshKeyRequired(number, lost.value)):
        registrations.register_batch([world.request(), again])
    registrations.rotate_user_device_keys(request.user_device, keys())
    new = registrations.register(again)

    assert registrations.registration(new).key_thumbprint == thumbprint(registrations, request.user_device) != lost


def test_a_registration_revoked_after_it_was_reinstated_is_followed_under_its_keys(
    world: World, registrations: RegistrationLedger
) -> None:
    request = world.request()
    number = registrations.register(request)
    registrations.suspend(number)
    registrations.reinstate(number)
    registrations.revoke(number)

    assert registrations.register(replace(request, commitment=word())) > number


def test_a_reinstated_registration_is_superseded_under_its_keys(
    world: World, registrations: RegistrationLedger
) -> None:
    number = world.registration()
    registrations.suspend(number)
    registrations.reinstate(number)

    assert registrations.supersede(number, world.three_factors, RiskLevel.LOW, word()) > number


def test_each_move_of_the_status_is_kept(world: World, registrations: RegistrationLedger) -> None:
    began, number = int(time.time()), world.registration()

    registrations.suspend(number)
    registrations.reinstate(number)
    registrations.revoke(number)

    changes = registrations.status_changes(number, 0, 10)
    assert [change.status for change in changes] == [SUSPENDED, ACTIVE, REVOKED]
    assert {change.by for change in changes} == {world["server"].account}
    assert all(change.at >= began for change in changes)
    assert registrations.status_change_count(number) == 3
    assert registrations.registration(number).status is REVOKED


def test_moves_are_read_page_by_page(world: World, registrations: RegistrationLedger) -> None:
    number = world.registration()
    registrations.suspend(number)
    registrations.reinstate(number)
    whole = registrations.status_changes(number, 0, 2)

    assert registrations.status_changes(number, 1, 1) == whole[1:]
    assert registrations.status_changes(number, 1, 100) == whole[1:]
    assert registrations.status_changes(number, 2, 100) == registrations.status_changes(number, 0, 0) == ()


MOVES: dict[RegistrationStatus, Callable[[RegistrationLedger, RegistrationId], object]] = {
    ACTIVE: lambda registrations, number: registrations.reinstate(number),
    SUSPENDED: lambda registrations, number: registrations.suspend(number),
    SUPERSEDED: lambda registrations, number: registrations.supersede(number, MethodNumber(1), RiskLevel.LOW, word()),
    REVOKED: lambda registrations, number: registrations.revoke(number),
}


@pytest.mark.parametrize(
    ("before", "afters"),
    [
        (ACTIVE, [ACTIVE]),
        (SUSPENDED, [SUSPENDED]),
        (SUPERSEDED, [ACTIVE, SUSPENDED, SUPERSEDED, REVOKED]),
        (REVOKED, [ACTIVE, SUSPENDED, SUPERSEDED, REVOKED]),
    ],
)
def test_no_status_moves_to_itself_and_the_final_ones_not_at_all(
    world: World, registrations: RegistrationLedger, before: RegistrationStatus, afters: list[RegistrationStatus]
) -> None:
    number = world.registration()
    if before is not ACTIVE:
        MOVES[before](registrations, number)

    for after in afters:
        with refused(ForbiddenTransition(number, int(before), int(after))):
            MOVES[after](registrations, number)


def test_registrations_are_read_page_by_page(world: World, registrations: RegistrationLedger) -> None:
    first = world.registration()
    second = world.registration()

    both = registrations.registrations(first, 100)

    assert [record.id for record in both] == [first, second]
    assert registrations.registrations(first, 1) == both[:1]
    assert registrations.registrations(second, 1) == both[1:]
    assert registrations.registrations(first, 0) == ()
    assert registrations.registrations(RegistrationId(second + 1), 100) == ()
    with refused(UnknownRegistration(0)):
        registrations.registrations(RegistrationId(0), 100)


@pytest.mark.parametrize(
    "question",
    [
        lambda registrations, number: registrations.registration(number),
        lambda registrations, number: registrations.status_change_count(number),
        lambda registrations, number: registrations.status_changes(number, 0, 1),
        lambda registrations, number: registrations.status_changes(number, 0, 0),
        lambda registrations, number: registrations.suspend(number),
        lambda registrations, number: registrations.reinstate(number),
        lambda registrations, number: registrations.revoke(number),
    ],
)
def test_a_registration_that_was_never_made_is_unknown(
    registrations: RegistrationLedger, question: Callable[[RegistrationLedger, RegistrationId], object]
) -> None:
    for stranger in (RegistrationId(0), RegistrationId(registrations.registration_count() + 1)):
        with refused(UnknownRegistration(stranger)):
            question(registrations, stranger)


def test_a_pair_that_was_never_registered_has_no_registration(registrations: RegistrationLedger) -> None:
    assert registrations.latest_registration(UserDeviceId(0), DeviceId(0)) is None


def test_a_lost_keys_registrations_are_suspended_at_once(world: World, registrations: RegistrationLedger) -> None:
    """Each as if it were suspended alone, so that fresh keys are asked for."""
    request = world.request()
    numbers = [registrations.register(request)]
    numbers += [registrations.register(world.request(user_device=request.user_device)) for _ in range(2)]

    registrations.suspend_batch(numbers)

    assert [registrations.registration(number).status for number in numbers] == [SUSPENDED] * 3
    assert [change.status for change in registrations.status_changes(numbers[1], 0, 9)] == [SUSPENDED]
    in_force = thumbprint(registrations, request.user_device).value
    with refused(FreshKeyRequired(numbers[0], in_force)):
        registrations.supersede(numbers[0], request.method, RiskLevel.LOW, word())


def test_several_registrations_are_suspended_whole_or_not_at_all(
    world: World, registrations: RegistrationLedger
) -> None:
    good, revoked, stranger = world.registration(), world.registration(), RegistrationId(0)
    registrations.revoke(revoked)

    with refused(ForbiddenTransition(revoked, REVOKED, SUSPENDED)):
        registrations.suspend_batch([good, revoked])
    with refused(UnknownRegistration(stranger)):
        registrations.suspend_batch([good, stranger])
    with refused(ForbiddenTransition(good, SUSPENDED, SUSPENDED)):
        registrations.suspend_batch([good, good])
    with refused(NothingToSuspend()):
        registrations.suspend_batch([])
    assert registrations.registration(good).status is ACTIVE
    assert registrations.status_change_count(good) == 0


def test_a_user_device_s_registrations_are_found(world: World, registrations: RegistrationLedger) -> None:
    """All of them, whatever became of them, and nobody else's."""
    request = world.request()
    first = registrations.register(request)
    world.registration()
    second = registrations.supersede(first, request.method, RiskLevel.HIGH, word())
    world.registration(device=request.device)
    registrations.rotate_user_device_keys(request.user_device, keys())
    third = registrations.register(world.request(user_device=request.user_device))
    registrations.revoke(third)

    assert world["thief"].registrations.registrations_of(request.user_device) == (first, second, third)


def test_a_user_device_without_registrations_has_none_and_an_unknown_one_is_refused(
    world: World, registrations: RegistrationLedger
) -> None:
    assert registrations.registrations_of(world.user_device()) == ()
    for stranger in (UserDeviceId(0), UserDeviceId(registrations.user_device_count() + 1)):
        with refused(UnknownUserDevice(stranger)):
            registrations.registrations_of(stranger)
