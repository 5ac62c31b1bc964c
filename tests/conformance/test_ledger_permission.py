"""Who may call what: every function by every role, on every ledger."""

from collections.abc import Callable

import pytest

from certchain.errors import CertchainError, MalformedValue, PermissionDenied
from certchain.ledger import Ledger
from certchain.ledger.permission import permission_table
from certchain.models.alert import AlertRule
from certchain.models.identifier import DeviceId, MethodNumber, ProductId, RegistrationId, ServiceId, UserDeviceId
from certchain.models.log import ConsistencyProof
from certchain.models.production import BatchMembership, BatchNumber
from certchain.models.registration import Factor, RegistrationRequest, RiskLevel
from tests.world import NOTHING, ROLES, World, keys, refused

DEVICE, USER_DEVICE, SERVICE = DeviceId(1), UserDeviceId(1), ServiceId(1)
REGISTRATION, METHOD, PRODUCT = RegistrationId(0), MethodNumber(1), ProductId(0)
MEMBERSHIP = BatchMembership(BatchNumber(0), 0, ())
REQUEST = RegistrationRequest(UserDeviceId(0), DeviceId(0), METHOD, RiskLevel.LOW, NOTHING)

# Each function that changes something, asked for what the contract refuses to whoever may call it, or what harms nobody.
CALLS: dict[str, Callable[[Ledger], object]] = {
    "enrolService": lambda ledger: ledger.registrations.enrol_service(keys()),
    "rotateServiceKeys": lambda ledger: ledger.registrations.rotate_service_keys(ServiceId(0), keys()),
    "defineMethod": lambda ledger: ledger.registrations.define_method((Factor.FIRST, Factor.FIRST)),
    "enrolDevice": lambda ledger: ledger.registrations.enrol_device(keys()),
    "enrolUserDevice": lambda ledger: ledger.registrations.enrol_user_device(keys()),
    "enrolUser": lambda ledger: ledger.registrations.enrol_user(NOTHING),
    "rotateDeviceKeys": lambda ledger: ledger.registrations.rotate_device_keys(DeviceId(0), keys()),
    "rotateUserDeviceKeys": lambda ledger: ledger.registrations.rotate_user_device_keys(UserDeviceId(0), keys()),
    "register": lambda ledger: ledger.registrations.register(REQUEST),
    "registerBatch": lambda ledger: ledger.registrations.register_batch([]),
    "supersede": lambda ledger: ledger.registrations.supersede(REGISTRATION, METHOD, RiskLevel.LOW, NOTHING),
    "suspend": lambda ledger: ledger.registrations.suspend(REGISTRATION),
    "reinstate": lambda ledger: ledger.registrations.reinstate(REGISTRATION),
    "revoke": lambda ledger: ledger.registrations.revoke(REGISTRATION),
    "suspendBatch": lambda ledger: ledger.registrations.suspend_batch([]),
    "anchorBatch": lambda ledger: ledger.registrations.anchor_batch(NOTHING, 0),
    "enrolFromBatch": lambda ledger: ledger.registrations.enrol_from_batch(MEMBERSHIP, NOTHING, keys()),
    "divide": lambda ledger: ledger.custody.divide(NOTHING, 1, 1, []),
    "raiseAlert": lambda ledger: ledger.alerts.raise_alert(AlertRule.FAILURE_BURST, DeviceId(0), NOTHING),
    "append": lambda ledger: ledger.login_log.append(0, (), []),
    "anchor": lambda ledger: ledger.login_log.anchor(ConsistencyProof(0, 0, ()), NOTHING),
    "registerProduct": lambda ledger: ledger.updates.register_product("", ""),
    "requestVersion": lambda ledger: ledger.updates.request_version(PRODUCT, 1),
    "recordPackage": lambda ledger: ledger.updates.record_package(PRODUCT, 1, NOTHING, NOTHING, 0),
    "withdraw": lambda ledger: ledger.updates.withdraw(NOTHING),
    "issueVersion": lambda ledger: ledger.updates.issue_version(PRODUCT, 1, NOTHING),
    "approve": lambda ledger: ledger.updates.approve(NOTHING),
}
ALLOWED = {name: role for functions in permission_table().functions.values() for name, role in functions.items()}
ACTORS = ("admin", "authority", "approver", "manufacturer", "server", "thief")


def test_every_function_of_the_table_is_tried() -> None:
    assert CALLS.keys() == ALLOWED.keys()


@pytest.mark.parametrize("function", sorted(CALLS.keys() - {"anchor"}))
def test_a_function_is_for_the_role_that_the_table_names(world: World, function: str) -> None:
    is_for_its_role(world, function)


def test_anchoring_is_for_the_role_that_the_table_names(anchored: World) -> None:
    is_for_its_role(anchored, "anchor")


def is_for_its_role(world: World, function: str) -> None:
    for name in ACTORS:
        denied = PermissionDenied(world[name].account, function)
        if ROLES[name] == ALLOWED[function]:
            assert outcome(world[name], function) is not PermissionDenied
        else:
            with refused(denied):
                CALLS[function](world[name])


def outcome(ledger: Ledger, function: str) -> type[CertchainError] | None:
    """Why the contract refused, or ``None`` if it did not."""
    try:
        CALLS[function](ledger)
    except CertchainError as refusal:
        return type(refusal)
    return None


def test_a_role_is_had_from_its_grant_to_its_withdrawal(world: World) -> None:
    admin, rival = world["admin"].permissions, world["rival"]
    assert not admin.has_role("approver", rival.account)

    admin.grant("approver", rival.account)
    assert world["thief"].permissions.has_role("approver", rival.account)
    pkg_id, _ = world.recorded(world.issued())
    rival.updates.approve(pkg_id)

    admin.withdraw_role("approver", rival.account)
    assert not admin.has_role("approver", rival.account)
    with refused(PermissionDenied(rival.account, "approve")):
        rival.updates.approve(pkg_id)


def test_granting_and_withdrawing_can_be_repeated(world: World) -> None:
    admin, thief = world["admin"].permissions, world["thief"].account

    admin.grant("approver", thief)
    admin.grant("approver", thief)
    assert admin.has_role("approver", thief)
    admin.withdraw_role("approver", thief)
    admin.withdraw_role("approver", thief)
    assert not admin.has_role("approver", thief)


@pytest.mark.parametrize("name", ["authority", "server", "thief"])
def test_only_the_admin_grants_and_withdraws(world: World, name: str) -> None:
    account = world[name].account

    with refused(PermissionDenied(account, "grantRole")):
        world[name].permissions.grant("authority", account)
    with refused(PermissionDenied(account, "revokeRole")):
        world[name].permissions.withdraw_role("manufacturer", world["rival"].account)
    assert world[name].permissions.has_role("manufacturer", world["rival"].account)


def test_an_admin_can_name_another(world: World) -> None:
    world["admin"].permissions.grant("admin", world["authority"].account)

    assert world["thief"].permissions.has_role("admin", world["authority"].account)
    world["authority"].permissions.withdraw_role("admin", world["authority"].account)
    assert not world["thief"].permissions.has_role("admin", world["authority"].account)


def test_a_role_or_an_account_that_is_none_is_refused(world: World) -> None:
    permissions, account = world["admin"].permissions, world["thief"].account
    wrong_checksum = "0x" + account[2:].swapcase()
    no_role = "there is none named 'king'; there are authority, approver, manufacturer, certification_server"

    with refused(MalformedValue("role", no_role)):
        permissions.grant("king", account)
    for address in ("", "0x12", account[2:], wrong_checksum):
        malformed = MalformedValue("account", f"{address!r} is not an address")
        with refused(malformed):
            permissions.grant("approver", address)
        with refused(malformed):
            permissions.withdraw_role("approver", address)
        with refused(malformed):
            permissions.has_role("approver", address)
    assert not permissions.has_role("approver", account.lower())


def test_every_account_sees_the_same_network(world: World) -> None:
    assert len({world[name].network for name in ROLES}) == 1
    assert len(world["thief"].network) == 32
    assert len({world[name].account for name in ROLES}) == len(ROLES)
