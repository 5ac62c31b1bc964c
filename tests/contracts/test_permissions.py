"""Permissions: every function of every contract, tried by the holder of every role and by the thief."""

from collections.abc import Iterator
from typing import Any

import pytest
from brownie import Alerts, AnchoredLog, KeyCustody, Permissions, RecordedLog, Registration, UpdateRegistry
from brownie.exceptions import VirtualMachineError

from certchain.ledger.permission import permission_table
from tests.contracts.conftest import Actors
from tests.contracts.reverting import refusal_name, reverts
from tests.contracts.sample import word

GOVERNED = {
    "Registration": Registration,
    "RecordedLog": RecordedLog,
    "AnchoredLog": AnchoredLog,
    "UpdateRegistry": UpdateRegistry,
    "KeyCustody": KeyCustody,
    "Alerts": Alerts,
}
# By which name the table has a contract: the login log is in one mode or the other.
PLACES = {"RecordedLog": "LoginLog", "AnchoredLog": "LoginLog"}
TABLE = permission_table()
NOBODY = "nobody"

# Everything that can change anything, written out: a new function here is a decision, not an accident.
CHANGES = {
    "Registration": {
        "enrolDevice",
        "enrolUserDevice",
        "enrolService",
        "enrolUser",
        "rotateDeviceKeys",
        "rotateUserDeviceKeys",
        "rotateServiceKeys",
        "defineMethod",
        "register",
        "registerBatch",
        "supersede",
        "suspend",
        "suspendBatch",
        "reinstate",
        "revoke",
        "anchorBatch",
        "enrolFromBatch",
    },
    "RecordedLog": {"append"},
    "AnchoredLog": {"anchor"},
    "UpdateRegistry": {"registerProduct", "requestVersion", "issueVersion", "recordPackage", "approve", "withdraw"},
    "KeyCustody": {"divide"},
    "Alerts": {"raiseAlert"},
}


def changes(abi: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The functions of an ABI that may change something."""
    return [item for item in abi if item["type"] == "function" and item["stateMutability"] not in {"view", "pure"}]


def cells() -> Iterator[Any]:
    """Every function that changes something by every role of the table, its admin and nobody."""
    for name, contract in GOVERNED.items():
        for function in changes(contract.abi):
            for role in (*TABLE.roles, "admin", NOBODY):
                yield pytest.param(name, function, role, id=f"{name}.{function['name']} by {role}")


def plausible(item: dict[str, Any], actors: Actors) -> Any:
    """An argument that can be encoded for an input of the ABI, whatever the function then thinks of it."""
    kind = item["type"]
    if kind.endswith("[]"):
        return []
    if kind == "tuple":
        return tuple(plausible(component, actors) for component in item["components"])
    if kind.startswith("uint"):
        return 1
    return {
        "bytes": b"",
        "bytes4": b"\x01" * 4,
        "bytes32": word("any"),
        "string": "any",
        "address": actors.thief,
        "bool": False,
    }[kind]


@pytest.fixture(scope="module")
def governed(contracts: dict[str, Any], recorded_log: Any, anchored_log: Any) -> dict[str, Any]:
    """The deployed contracts by the names of their sources."""
    return {**contracts, "RecordedLog": recorded_log, "AnchoredLog": anchored_log}


def place(name: str) -> str:
    """The contract's name in the table."""
    return PLACES.get(name, name)


def attempt(contract: Any, function: dict[str, Any], sender: Any, actors: Actors) -> str:
    """What refuses the sender: the name of an error, or nothing."""
    arguments = [plausible(item, actors) for item in function["inputs"]]
    try:
        getattr(contract, function["name"]).call(*arguments, {"from": sender})
    except VirtualMachineError as refusal:
        return refusal_name(refusal)
    return ""


def holder(role: str, actors: Actors) -> Any:
    """One holder of the role."""
    return {**actors.holders(), "admin": [actors.admin], NOBODY: [actors.thief]}[role][0]


# --------------------------------------------------------------------------------------------------------------- matrix


@pytest.mark.parametrize(("name", "function", "role"), list(cells()))
def test_a_function_is_for_its_role_only(
    governed: dict[str, Any], actors: Actors, name: str, function: dict[str, Any], role: str
) -> None:
    """The table's role gets past the permission, whatever comes next; every other, the admin too, is refused by it."""
    refused_by = attempt(governed[name], function, holder(role, actors), actors)
    allowed = TABLE.role_of(place(name), function["name"]) == role
    assert (refused_by != "Permissioned_NotAuthorised") == allowed


def test_a_refusal_says_who_and_which_function(registration: Any, actors: Actors) -> None:
    """The caller and the selector, so that an operator sees which role is missing."""
    selector = bytes.fromhex(registration.signatures["suspend"].removeprefix("0x"))
    with reverts("Permissioned_NotAuthorised", actors.thief, selector):
        registration.suspend(1, {"from": actors.thief})


@pytest.mark.parametrize("name", TABLE.functions)
def test_the_table_names_every_change_and_nothing_else(name: str) -> None:
    """A state-changing function that the table forgot, or a name in it that is no such function, is found here."""
    found = [changes(contract.abi) for source, contract in GOVERNED.items() if place(source) == name]
    assert {function["name"] for functions in found for function in functions} == set(TABLE.functions[name])


def test_the_table_governs_these_contracts_only() -> None:
    """And each role it uses is one of its own."""
    assert set(TABLE.functions) == {place(name) for name in GOVERNED}
    assert {role for functions in TABLE.functions.values() for role in functions.values()} == set(TABLE.roles)


# ----------------------------------------------------------------------------------------------------------------- WORM


@pytest.mark.parametrize("name", GOVERNED)
def test_nothing_but_the_known_functions_changes_anything(name: str) -> None:
    """No function that could change or remove what was written can slip in, nor an overload of a known one."""
    assert sorted(function["name"] for function in changes(GOVERNED[name].abi)) == sorted(CHANGES[name])


@pytest.mark.parametrize("name", GOVERNED)
def test_nothing_is_payable_and_nothing_unnamed_is_answered(name: str) -> None:
    """No fallback, no receive function, no ether."""
    assert {item["type"] for item in GOVERNED[name].abi} <= {"constructor", "function", "event", "error"}
    assert "payable" not in {item.get("stateMutability") for item in GOVERNED[name].abi}


@pytest.mark.parametrize("name", GOVERNED)
def test_no_code_can_be_exchanged_or_destroyed(governed: dict[str, Any], name: str, web3: Any) -> None:
    """The deployed code has no DELEGATECALL, CALLCODE, SELFDESTRUCT or CREATE in it."""
    forbidden = {0xF0: "CREATE", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xF5: "CREATE2", 0xFF: "SELFDESTRUCT"}
    assert not {
        forbidden[opcode] for opcode in opcodes(web3.eth.get_code(governed[name].address)) if opcode in forbidden
    }


def opcodes(code: bytes) -> Iterator[int]:
    """The instructions of deployed code, without what PUSH takes and without the metadata behind the code."""
    end = len(code) - 2 - int.from_bytes(code[-2:], "big")
    position = 0
    while position < end:
        yield code[position]
        position += 1 + max(0, code[position] - 0x5F) * (0x60 <= code[position] <= 0x7F)


# ---------------------------------------------------------------------------------------------------------- permissions


@pytest.mark.parametrize("name", GOVERNED)
def test_every_contract_asks_the_networks_permissions(governed: dict[str, Any], name: str) -> None:
    """One AccessManager for all, fixed at deployment."""
    assert governed[name].authority() == governed["Permissions"]


def test_nobody_exchanges_the_permissions_of_a_contract(governed: dict[str, Any], actors: Actors) -> None:
    """Not even the admin, through the AccessManager's own function for it."""
    permissions = governed["Permissions"]
    other = actors.admin.deploy(Permissions, actors.admin)
    for name in GOVERNED:
        with pytest.raises(VirtualMachineError):
            permissions.updateAuthority(governed[name], other, {"from": actors.admin})
        assert governed[name].authority() == permissions


@pytest.mark.parametrize(
    "function",
    [
        item
        for item in changes(Permissions.abi)
        if item["name"]
        in {
            "grantRole",
            "revokeRole",
            "labelRole",
            "setRoleAdmin",
            "setRoleGuardian",
            "setGrantDelay",
            "setTargetFunctionRole",
            "setTargetAdminDelay",
            "setTargetClosed",
            "updateAuthority",
        }
    ],
    ids=lambda function: function["name"],
)
def test_only_the_admin_changes_permissions(permissions: Any, actors: Actors, function: dict[str, Any]) -> None:
    """No role of the table, and nobody without one, gets past the AccessManager's own refusal."""
    for role in (*TABLE.roles, NOBODY):
        assert attempt(permissions, function, holder(role, actors), actors) == "AccessManagerUnauthorizedAccount"
    assert attempt(permissions, function, actors.admin, actors) != "AccessManagerUnauthorizedAccount"


def test_a_revoked_role_is_gone_at_once(permissions: Any, recorded_log: Any, actors: Actors) -> None:
    """After the admin took it back, its former holder is refused like anyone."""
    recorded_log.append(0, [], [word("leaf")], {"from": actors.server})
    permissions.revokeRole(TABLE.number("certification_server"), actors.server, {"from": actors.admin})
    selector = bytes.fromhex(recorded_log.signatures["append"].removeprefix("0x"))
    with reverts("Permissioned_NotAuthorised", actors.server, selector):
        recorded_log.append(1, [word("leaf")], [word("leaf")], {"from": actors.server})


def test_a_role_with_a_delay_does_not_act_directly(permissions: Any, recorded_log: Any, actors: Actors) -> None:
    """A holder with an execution delay is refused: this network grants roles without one."""
    permissions.grantRole(TABLE.number("certification_server"), actors.thief, 3600, {"from": actors.admin})
    selector = bytes.fromhex(recorded_log.signatures["append"].removeprefix("0x"))
    with reverts("Permissioned_NotAuthorised", actors.thief, selector):
        recorded_log.append(0, [], [word("leaf")], {"from": actors.thief})


def test_nobody_acts_in_the_name_of_the_permissions(permissions: Any, update_registry: Any, actors: Actors) -> None:
    """The AccessManager can pass a call on under its own address: one approver would count twice, and nobody be named."""
    update_registry.registerProduct("lock", "model A", {"from": actors.manufacturer})
    update_registry.requestVersion(1, 1, {"from": actors.manufacturer})
    update_registry.issueVersion(1, 1, word("VerID"), {"from": actors.authority})
    update_registry.recordPackage(1, 1, word("PkgID"), word("digest"), 1, {"from": actors.manufacturer})
    update_registry.approve(word("PkgID"), {"from": actors.approver})
    passed_on = update_registry.approve.encode_input(word("PkgID"))
    selector = bytes.fromhex(update_registry.signatures["approve"].removeprefix("0x"))
    with reverts("Permissioned_NotAuthorised", permissions, selector):
        permissions.execute(update_registry, passed_on, {"from": actors.approver})
    assert update_registry.packageById(word("PkgID"))["approvals"] == 1


def test_a_closed_contract_refuses_everyone(permissions: Any, recorded_log: Any, actors: Actors) -> None:
    """In an emergency the admin can stop all changes of a contract; what was written stays readable."""
    recorded_log.append(0, [], [word("leaf")], {"from": actors.server})
    permissions.setTargetClosed(recorded_log, True, {"from": actors.admin})
    selector = bytes.fromhex(recorded_log.signatures["append"].removeprefix("0x"))
    with reverts("Permissioned_NotAuthorised", actors.server, selector):
        recorded_log.append(1, [word("leaf")], [word("leaf")], {"from": actors.server})
    assert recorded_log.size() == 1
    permissions.setTargetClosed(recorded_log, False, {"from": actors.admin})
    recorded_log.append(1, [word("leaf")], [word("leaf")], {"from": actors.server})


def test_roles_are_labelled(permissions: Any) -> None:
    """The deployment names each role on the chain, for whoever reads its events."""
    events = permissions.events.RoleLabel.get_logs(from_block=permissions.tx.block_number)
    assert {event.args.label: event.args.roleId for event in events} == dict(TABLE.roles)


@pytest.mark.parametrize("name", ["KeyCustody", "Alerts"])
def test_a_contract_that_asks_who_is_enrolled_asks_the_networks_registration(
    governed: dict[str, Any], name: str
) -> None:
    """One Registration for all, fixed at deployment."""
    assert governed[name].registration() == governed["Registration"]
