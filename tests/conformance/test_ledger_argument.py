"""Arguments outside their types on the chain are refused alike, and before anything is asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certchain.errors import MalformedValue
from certchain.ledger import Ledger
from certchain.models.alert import AlertRule
from certchain.models.custody import CommittedShare
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, Party, PartyKind, UserDeviceId
from certchain.models.log import ConsistencyProof, InclusionProof
from certchain.models.production import BatchMembership
from certchain.models.registration import RegistrationRequest, RiskLevel
from tests.world import World, keys, refused

WORD = Digest(bytes(range(32)))
REQUEST: Any = RegistrationRequest(UserDeviceId(1), DeviceId(1), MethodNumber(1), RiskLevel.LOW, WORD)

# By what is wrong: the bits of its type, and the calls with such a value.
NUMBERS: list[tuple[str, int, Callable[[Any, int], object]]] = [
    ("device", 48, lambda ledger, value: ledger.registrations.rotate_device_keys(value, keys())),
    ("user_device", 48, lambda ledger, value: ledger.registrations.rotate_user_device_keys(value, keys())),
    ("service", 48, lambda ledger, value: ledger.registrations.rotate_service_keys(value, keys())),
    ("user_device", 48, lambda ledger, value: ledger.registrations.register(replace(REQUEST, user_device=value))),
    (
        "device",
        48,
        lambda ledger, value: ledger.registrations.register_batch([REQUEST, replace(REQUEST, device=value)]),
    ),
    ("method", 16, lambda ledger, value: ledger.registrations.register(replace(REQUEST, method=value))),
    ("current", 48, lambda ledger, value: ledger.registrations.supersede(value, 1, RiskLevel.LOW, WORD)),
    ("method", 16, lambda ledger, value: ledger.registrations.supersede(1, value, RiskLevel.LOW, WORD)),
    ("registration", 48, lambda ledger, value: ledger.registrations.suspend(value)),
    ("registration", 48, lambda ledger, value: ledger.registrations.suspend_batch([1, value])),
    ("registration", 48, lambda ledger, value: ledger.registrations.reinstate(value)),
    ("registration", 48, lambda ledger, value: ledger.registrations.revoke(value)),
    ("size", 32, lambda ledger, value: ledger.registrations.anchor_batch(WORD, value)),
    (
        "batch",
        32,
        lambda ledger, value: ledger.registrations.enrol_from_batch(BatchMembership(value, 0, ()), WORD, keys()),  # type: ignore[arg-type]
    ),
    (
        "index",
        32,
        lambda ledger, value: ledger.registrations.enrol_from_batch(BatchMembership(1, value, ()), WORD, keys()),  # type: ignore[arg-type]
    ),
    ("batch", 32, lambda ledger, value: ledger.registrations.batch(value)),
    ("batch", 32, lambda ledger, value: ledger.registrations.enrolled_from_batch(value, 0)),
    ("index", 32, lambda ledger, value: ledger.registrations.enrolled_from_batch(1, value)),
    ("party", 48, lambda ledger, value: ledger.registrations.public_keys(Party(PartyKind.DEVICE, value))),
    ("user_device", 48, lambda ledger, value: ledger.registrations.registrations_of(value)),
    ("number", 16, lambda ledger, value: ledger.custody.divide(WORD, value, 1, [])),
    ("threshold", 8, lambda ledger, value: ledger.custody.divide(WORD, 1, value, [])),
    ("custodian", 48, lambda ledger, value: ledger.custody.divide(WORD, 1, 1, [CommittedShare(value, WORD)])),  # type: ignore[arg-type]
    ("number", 16, lambda ledger, value: ledger.custody.division(WORD, value)),
    ("device", 48, lambda ledger, value: ledger.alerts.raise_alert(AlertRule.FAILURE_BURST, value, WORD)),
    ("number", 48, lambda ledger, value: ledger.alerts.alert(value)),
    ("first", 48, lambda ledger, value: ledger.alerts.alerts(value, 1)),
    ("limit", 256, lambda ledger, value: ledger.alerts.alerts(1, value)),
    ("party", 48, lambda ledger, value: ledger.registrations.keys(Party(PartyKind.DEVICE, value))),
    ("user", 48, lambda ledger, value: ledger.registrations.user_name_commitment(value)),
    ("method", 16, lambda ledger, value: ledger.registrations.method_factors(value)),
    ("registration", 48, lambda ledger, value: ledger.registrations.registration(value)),
    ("user_device", 48, lambda ledger, value: ledger.registrations.latest_registration(value, 1)),
    ("device", 48, lambda ledger, value: ledger.registrations.latest_registration(1, value)),
    ("first", 48, lambda ledger, value: ledger.registrations.registrations(value, 1)),
    ("limit", 256, lambda ledger, value: ledger.registrations.registrations(1, value)),
    ("registration", 48, lambda ledger, value: ledger.registrations.status_change_count(value)),
    ("registration", 48, lambda ledger, value: ledger.registrations.status_changes(value, 0, 1)),
    ("offset", 256, lambda ledger, value: ledger.registrations.status_changes(1, value, 1)),
    ("limit", 256, lambda ledger, value: ledger.registrations.status_changes(1, 0, value)),
    ("expected_size", 64, lambda ledger, value: ledger.login_log.append(value, (), [WORD])),
    ("size", 64, lambda ledger, value: ledger.login_log.root_at(value)),
    ("index", 64, lambda ledger, value: ledger.login_log.check_inclusion(WORD, InclusionProof(value, 1, ()))),
    ("size", 64, lambda ledger, value: ledger.login_log.check_inclusion(WORD, InclusionProof(0, value, ()))),
    (
        "old_size",
        64,
        lambda ledger, value: ledger.login_log.check_consistency(ConsistencyProof(value, 1, ()), WORD),
    ),
    (
        "new_size",
        64,
        lambda ledger, value: ledger.login_log.check_consistency(ConsistencyProof(0, value, ()), WORD),
    ),
    ("start", 64, lambda ledger, value: ledger.login_log.batches(value, 1)),
    ("limit", 256, lambda ledger, value: ledger.login_log.batches(0, value)),
    ("product", 48, lambda ledger, value: ledger.updates.request_version(value, 1)),
    ("version", 64, lambda ledger, value: ledger.updates.request_version(1, value)),
    ("product", 48, lambda ledger, value: ledger.updates.issue_version(value, 1, WORD)),
    ("version", 64, lambda ledger, value: ledger.updates.record_package(1, value, WORD, WORD, 1)),
    ("length", 64, lambda ledger, value: ledger.updates.record_package(1, 1, WORD, WORD, value)),
    ("product", 48, lambda ledger, value: ledger.updates.latest(value)),
    ("product", 48, lambda ledger, value: ledger.updates.product(value)),
    ("version", 64, lambda ledger, value: ledger.updates.package_at(1, value)),
    ("product", 48, lambda ledger, value: ledger.updates.version_count(value)),
    ("product", 48, lambda ledger, value: ledger.updates.packages(value, 0, 1)),
    ("offset", 256, lambda ledger, value: ledger.updates.packages(1, value, 1)),
    ("limit", 256, lambda ledger, value: ledger.updates.packages(1, 0, value)),
]


@pytest.mark.parametrize(("name", "bits", "call"), NUMBERS)
def test_a_number_is_unsigned_and_of_its_bits(
    world: World, name: str, bits: int, call: Callable[[Ledger, int], object]
) -> None:
    for value in (-1, 1 << bits):
        with refused(MalformedValue(name, f"{value} is not a number of {bits} bits")):
            call(world["thief"], value)


def test_a_choice_is_one_of_its_values(world: World) -> None:
    registrations: Any = world["thief"].registrations

    with refused(MalformedValue("factor", "3 is none of 0, 1, 2")):
        registrations.define_method([0, 3])
    with refused(MalformedValue("risk", "4 is none of 0, 1, 2, 3")):
        registrations.register(replace(REQUEST, risk=4))
    with refused(MalformedValue("risk", "-1 is none of 0, 1, 2, 3")):
        registrations.supersede(1, 1, -1, WORD)
    with refused(MalformedValue("rule", "6 is none of 0, 1, 2, 3, 4, 5")):
        world["thief"].alerts.raise_alert(6, 1, WORD)  # type: ignore[arg-type]


def test_an_approver_is_an_account(world: World) -> None:
    with refused(MalformedValue("approver", "'nobody' is not an address")):
        world["thief"].updates.has_approved(WORD, "nobody")
