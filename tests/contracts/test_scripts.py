"""The scripts: a network deployed, its roles granted and filled, one after another."""

from pathlib import Path
from typing import Any

import pytest

from certchain.ledger.deployment import CONTRACTS, Deployment
from certchain.ledger.permission import permission_table
from certchain.models.log import LogMode
from scripts import deploy, grant_roles, seed
from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import ACTIVE, HIGH, word

# The scripts reach no branch that the other tests do not.
pytestmark = pytest.mark.skip_coverage


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the scripts keep what they deploy."""
    monkeypatch.setattr(deploy, "DEPLOYMENTS", tmp_path / "deployments")
    return tmp_path


@pytest.fixture(params=LogMode)
def granted(folder: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A network that the scripts deployed and granted the roles of, with a login log of either mode."""
    deploy.main(login_log_mode=request.param)
    grant_roles.main()
    return deploy.deployed()


def test_deploying_keeps_where_everything_is(folder: Path, chain: Any, web3: Any) -> None:
    """The client layer reads the file; there is code at each address, and the admin is who deployed."""
    deploy.main()
    deployment = Deployment.load(deploy.deployment_file())
    assert deploy.deployment_file().is_relative_to(folder)
    assert (deployment.chain_id, tuple(deployment.contracts)) == (chain.id, CONTRACTS)
    assert all(web3.eth.get_code(address) for address in deployment.contracts.values())
    assert not web3.eth.get_code(deployment.contracts["Permissions"], deployment.block - 1)


def test_the_first_account_is_the_admin_and_two_approvals_are_required(granted: dict[str, Any], accounts: Any) -> None:
    """What the scripts say they do without arguments."""
    assert granted["Permissions"].hasRole(0, accounts[0])[0]
    assert granted["UpdateRegistry"].approvalsRequired() == 2


def test_arguments_choose_the_admin_and_the_approvals(folder: Path, accounts: Any) -> None:
    """Brownie passes them as texts."""
    deploy.main("3", "8")
    contracts = deploy.deployed()
    assert contracts["Permissions"].hasRole(0, accounts[8])[0]
    assert not contracts["Permissions"].hasRole(0, accounts[0])[0]
    assert contracts["UpdateRegistry"].approvalsRequired() == 3


@pytest.mark.parametrize(("mode", "change"), [(LogMode.RECORDED, "append"), (LogMode.ANCHORED, "anchor")])
def test_the_login_logs_mode_is_kept_and_is_that_of_its_contract(folder: Path, mode: LogMode, change: str) -> None:
    """Recorded is what comes without an argument."""
    deploy.main(*() if mode is LogMode.RECORDED else ("2", "0", mode))
    assert Deployment.load(deploy.deployment_file()).login_log_mode is mode
    assert {"append", "anchor"} & deploy.deployed()["LoginLog"].signatures.keys() == {change}


def test_every_function_of_the_table_asks_for_its_role(granted: dict[str, Any]) -> None:
    """The AccessManager has the whole table, but the change of the login log's other mode."""
    table, permissions = permission_table(), granted["Permissions"]
    for contract, functions in table.functions.items():
        known = granted[contract].signatures
        assert len(functions.keys() - known.keys()) == (contract == "LoginLog")
        for function in functions.keys() & known.keys():
            found = permissions.getTargetFunctionRole(granted[contract], known[function])
            assert found == table.number(functions[function])


def test_every_role_has_its_local_holders_and_no_other(granted: dict[str, Any], accounts: Any) -> None:
    """An account of the node that no role is meant for has none."""
    for role, holders in grant_roles.local_holders().items():
        number = permission_table().number(role)
        held = [account for account in accounts if granted["Permissions"].hasRole(number, account)[0]]
        assert held == holders


def test_a_file_names_other_holders(folder: Path, actors: Actors) -> None:
    """Across organisations the roles go to the addresses that the operator lists."""
    deploy.main()
    holders = folder / "holders.toml"
    holders.write_text(f'certification_server = ["{actors.thief}"]\n')
    grant_roles.main(str(holders))
    contracts = deploy.deployed()
    contracts["LoginLog"].append(0, [], [word("leaf")], {"from": actors.thief})
    server = grant_roles.local_holders()["certification_server"][0]
    selector = bytes.fromhex(contracts["LoginLog"].signatures["append"].removeprefix("0x"))
    with reverts("Permissioned_NotAuthorised", server, selector):
        contracts["LoginLog"].append(1, [word("leaf")], [word("leaf")], {"from": server})


def test_seeding_leaves_something_of_everything(granted: dict[str, Any]) -> None:
    """Fifteen methods, one of each kind that can be enrolled, a registration by three factors, and three entries."""
    seed.main()
    registration = granted["Registration"]
    counts = [getattr(registration, f"{kind}Count")() for kind in ("service", "device", "userDevice", "user")]
    assert (registration.methodCount(), counts) == (15, [1, 1, 1, 1])
    record = registration.registrationById(1)
    assert (record["status"], record["risk"], record["version"]) == (ACTIVE, HIGH, 1)
    assert tuple(registration.methodFactors(record["method"])) == (0, 1, 2)
    assert granted["LoginLog"].size() == 3


def test_seeding_is_for_a_fresh_deployment(granted: dict[str, Any]) -> None:
    """Methods are defined once, so a second time is refused at the first of them."""
    seed.main()
    with reverts("Registration_MethodAlreadyDefined", 1):
        seed.main()
    assert granted["Registration"].registrationCount() == 1
