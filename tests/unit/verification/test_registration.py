"""Whether a registration may be made, and whether the grant is what was asked for."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import (
    commitment,
    first_factor,
    key_thumbprint,
    registration_hash,
    third_factor,
    user_name_commitment,
)
from certchain.errors import (
    CertchainError,
    DatabaseChanged,
    InformationChanged,
    MethodTooWeak,
    OutcomeForged,
    RegistrationRefused,
)
from certchain.keys import KeyPair
from certchain.models.application import LoginGrant, RegistrationApplication, RegistrationGrant
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, ServiceId, UserDeviceId, UserId
from certchain.models.registration import Factor, KeyRecord, Registration, RegistrationStatus, RiskLevel, StatusChange
from certchain.verification.policy import CertificationPolicy, ModelRisk
from certchain.verification.registration import (
    OnRecord,
    combine,
    find_granted,
    verify_application,
    verify_current,
    verify_granted,
    verify_grants,
    verify_login_grant,
    verify_method,
    verify_user,
)

USER, PHONE, LOCK, SERVER, METHOD = UserId(1), UserDeviceId(2), DeviceId(3), ServiceId(4), MethodNumber(1)
PHONE_KEYS, LOCK_KEYS, OTHER_KEYS = (KeyPair.generate().public for _ in range(3))
INFORMATION = DeviceInformation(LOCK, "Acme", "bolt", "1")
PHONE_INFORMATION = UserDeviceInformation("Pixel", "Android", "a1")
RECORD = OnRecord(INFORMATION, LOCK_KEYS, PHONE_INFORMATION, PHONE_KEYS)
LOCK_RECORDS = (KeyRecord(Digest(bytes(32)), 0), KeyRecord(key_thumbprint(LOCK_KEYS), 1))
VERIFIER = b"v" * 32
APPLICATION = RegistrationApplication(
    USER, PHONE, LOCK, SERVER, METHOD, PHONE_INFORMATION, RegistrationId(6), VERIFIER, b"sealed"
)
R = registration_hash(METHOD, b"x" * 32, [Digest(b"1" * 32)])
REGISTRATION = Registration(
    RegistrationId(7),
    PHONE,
    LOCK,
    METHOD,
    2,
    RiskLevel.HIGH,
    RegistrationStatus.ACTIVE,
    500,
    key_thumbprint(PHONE_KEYS),
    commitment(R),
    RegistrationId(6),
)
GRANT = RegistrationGrant(
    RegistrationId(7), USER, PHONE, LOCK, SERVER, METHOD, RiskLevel.HIGH, b"x" * 32, Digest(b"3" * 32)
)
LOGIN = LoginGrant(RegistrationId(7), USER, PHONE, LOCK, SERVER, VERIFIER)


def test_an_application_as_enrolled_is_accepted() -> None:
    assert verify_application(APPLICATION, PHONE_KEYS, RECORD, LOCK_RECORDS) is APPLICATION


@pytest.mark.parametrize(
    ("application", "record", "error"),
    [
        ({"information": replace(PHONE_INFORMATION, model="old")}, {}, InformationChanged),
        ({"login_verifier": b"v"}, {}, RegistrationRefused),
        ({}, {"user_device": replace(PHONE_INFORMATION, model="old")}, InformationChanged),
        ({}, {"user_device_keys": OTHER_KEYS}, DatabaseChanged),
        ({}, {"device_keys": OTHER_KEYS}, DatabaseChanged),
    ],
)
def test_an_application_that_differs_from_the_record_is_refused(
    application: dict[str, Any], record: dict[str, Any], error: type[CertchainError]
) -> None:
    with pytest.raises(error):
        verify_application(replace(APPLICATION, **application), PHONE_KEYS, replace(RECORD, **record), LOCK_RECORDS)


def test_a_users_name_is_the_one_that_the_chain_is_committed_to() -> None:
    on_chain = user_name_commitment(b"s" * 32, "Alice")
    assert verify_user("Alice", b"s" * 32, on_chain) == "Alice"
    with pytest.raises(DatabaseChanged):
        verify_user("Mallory", b"s" * 32, on_chain)


@pytest.mark.parametrize(
    ("previous", "latest", "current"),
    [
        (None, None, None),
        (7, REGISTRATION, REGISTRATION),
        (7, replace(REGISTRATION, status=RegistrationStatus.SUSPENDED), "itself"),
        (7, replace(REGISTRATION, status=RegistrationStatus.REVOKED), None),
    ],
)
def test_an_application_names_the_pairs_latest_registration(previous: Any, latest: Any, current: Any) -> None:
    found = verify_current(replace(APPLICATION, previous=previous), latest)
    assert found is (latest if current == "itself" else current)


@pytest.mark.parametrize(("previous", "latest"), [(None, REGISTRATION), (6, REGISTRATION), (7, None)])
def test_an_application_for_another_moment_is_refused(previous: Any, latest: Registration | None) -> None:
    with pytest.raises(RegistrationRefused):
        verify_current(replace(APPLICATION, previous=previous), latest)


@pytest.mark.parametrize(
    ("latest", "may"),
    [
        (REGISTRATION, True),
        (None, False),
        (replace(REGISTRATION, previous=None), False),
        (replace(REGISTRATION, status=RegistrationStatus.SUSPENDED), False),
        (replace(REGISTRATION, method=MethodNumber(2)), False),
    ],
)
def test_only_the_active_registration_made_after_the_same_one_may_have_been_granted(
    latest: Registration | None, may: bool
) -> None:
    assert find_granted(APPLICATION, latest) is (latest if may else None)


def test_a_method_has_the_factors_that_risk_and_loss_demand() -> None:
    policy = CertificationPolicy(model_risks=(ModelRisk("Acme", "bolt", RiskLevel.MEDIUM),))
    two, three = (Factor.FIRST, Factor.SECOND), tuple(Factor)
    assert verify_method(two, policy, INFORMATION, changes("SUSPENDED", "ACTIVE", "REVOKED")) == two
    verify_method(two, policy, INFORMATION, changes("REVOKED"))
    assert verify_method(three, policy, INFORMATION, changes("SUSPENDED")) == three
    with pytest.raises(MethodTooWeak):
        verify_method(two[:1], policy, INFORMATION, ())
    with pytest.raises(MethodTooWeak):
        verify_method(two, policy, INFORMATION, changes("SUSPENDED"))
    with pytest.raises(MethodTooWeak):
        verify_method(two, policy, INFORMATION, changes("SUSPENDED", "REVOKED"))


def changes(*statuses: str) -> tuple[StatusChange, ...]:
    return tuple(StatusChange(RegistrationStatus[status], 500, "0x" + "ab" * 20) for status in statuses)


def test_factors_are_combined_in_the_methods_order() -> None:
    second = Digest(b"2" * 32)
    factors = RECORD.factors(second)
    order = (Factor.THIRD, Factor.SECOND, Factor.FIRST)
    expected = [third_factor(INFORMATION, LOCK_KEYS), second, first_factor(PHONE_INFORMATION, PHONE_KEYS)]
    assert combine(METHOD, order, b"x" * 32, factors) == registration_hash(METHOD, b"x" * 32, expected)
    assert combine(METHOD, order[::-1], b"x" * 32, factors) != combine(METHOD, order, b"x" * 32, factors)


def test_a_missing_second_factor_is_not_passed_over() -> None:
    factors = RECORD.factors(None)
    combine(METHOD, (Factor.FIRST, Factor.THIRD), b"x" * 32, factors)
    with pytest.raises(RegistrationRefused, match="second factor"):
        combine(METHOD, (Factor.FIRST, Factor.SECOND), b"x" * 32, factors)


def test_grants_for_the_application_are_accepted() -> None:
    assert verify_grants(APPLICATION, GRANT, LOGIN) is GRANT


@pytest.mark.parametrize(
    ("grant", "login"),
    [({name: 9}, {}) for name in ("registration", "user", "user_device", "device", "server", "method")]
    + [({}, {name: 9}) for name in ("registration", "user", "user_device", "device", "server")]
    + [({}, {"login_verifier": bytes(32)})],
    ids=str,
)
def test_grants_for_another_application_are_refused(grant: dict[str, Any], login: dict[str, Any]) -> None:
    with pytest.raises(OutcomeForged):
        verify_grants(APPLICATION, replace(GRANT, **grant), replace(LOGIN, **login))


def test_a_grant_that_the_chain_confirms_is_accepted() -> None:
    assert verify_granted(R, REGISTRATION, GRANT) is GRANT


@pytest.mark.parametrize(
    "change", [{"user_device": 9}, {"device": 9}, {"method": 9}, {"commitment": Digest(bytes(32))}], ids=str
)
def test_a_grant_that_the_chain_does_not_confirm_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(OutcomeForged):
        verify_granted(R, replace(REGISTRATION, **change), GRANT)


def test_a_login_grant_of_the_active_registration_is_accepted() -> None:
    assert verify_login_grant(LOGIN, LOCK, REGISTRATION) is LOGIN


@pytest.mark.parametrize(
    ("device", "latest"),
    [
        (9, REGISTRATION),
        (3, None),
        (3, replace(REGISTRATION, id=RegistrationId(8))),
        (3, replace(REGISTRATION, status=RegistrationStatus.SUSPENDED)),
    ],
)
def test_another_login_grant_is_refused(device: int, latest: Registration | None) -> None:
    with pytest.raises(RegistrationRefused):
        verify_login_grant(LOGIN, DeviceId(device), latest)
