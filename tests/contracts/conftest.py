"""The network that every contract test runs on, with the table of roles applied, and the people who use it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from brownie import AnchoredLog

from certchain.encoding.digest import key_thumbprint
from certchain.ledger.permission import permission_table
from certchain.models.registration import PublicKeys
from scripts.anvil import answer_when_mined
from scripts.deploy import deploy
from scripts.grant_roles import apply_table, grant
from tests.contracts.sample import FIRST, SECOND, THIRD, Keys, keys

APPROVALS_REQUIRED = 2


@dataclass(frozen=True, slots=True)
class Actors:
    """Everyone who sends transactions. The thief, and only the thief, holds no role."""

    admin: Any
    authority: Any
    approver: Any
    second_approver: Any
    third_approver: Any
    manufacturer: Any
    rival: Any
    server: Any
    thief: Any

    def holders(self) -> dict[str, list[Any]]:
        """Who holds each role of the table."""
        return {
            "authority": [self.authority],
            "approver": [self.approver, self.second_approver, self.third_approver],
            "manufacturer": [self.manufacturer, self.rival],
            "certification_server": [self.server],
        }


@pytest.fixture(scope="session", autouse=True)
def _mined() -> None:
    answer_when_mined()


@pytest.fixture(autouse=True)
def isolation(fn_isolation: None) -> None:
    """Every test starts from the state that its module's fixtures left."""


@pytest.fixture(scope="session")
def actors(accounts: Any) -> Actors:
    return Actors(*list(accounts)[:9])


@pytest.fixture(scope="module")
def contracts(actors: Actors, module_isolation: None) -> dict[str, Any]:
    """The deployed contracts by name; every role of the table is granted."""
    deployed = deploy(actors.admin, APPROVALS_REQUIRED)
    apply_table(deployed, actors.admin)
    grant(deployed["Permissions"], actors.holders(), actors.admin)
    return deployed


@pytest.fixture(scope="module")
def permissions(contracts: dict[str, Any]) -> Any:
    return contracts["Permissions"]


@pytest.fixture(scope="module")
def registration(contracts: dict[str, Any]) -> Any:
    return contracts["Registration"]


@pytest.fixture(scope="module")
def recorded_log(contracts: dict[str, Any]) -> Any:
    """The login log, as it is deployed by default."""
    return contracts["LoginLog"]


@pytest.fixture(scope="module")
def anchored_log(contracts: dict[str, Any], actors: Actors) -> Any:
    """A login log in the other mode, under the same permissions."""
    permissions = contracts["Permissions"]
    log = actors.admin.deploy(AnchoredLog, permissions)
    role = permission_table().number("certification_server")
    permissions.setTargetFunctionRole(log, [log.signatures["anchor"]], role, {"from": actors.admin})
    return log


@pytest.fixture(scope="module")
def update_registry(contracts: dict[str, Any]) -> Any:
    return contracts["UpdateRegistry"]


@pytest.fixture(scope="module")
def key_custody(contracts: dict[str, Any]) -> Any:
    return contracts["KeyCustody"]


@pytest.fixture(scope="module")
def alerts(contracts: dict[str, Any]) -> Any:
    return contracts["Alerts"]


@pytest.fixture(scope="module")
def method(registration: Any, actors: Actors) -> int:
    """A combination method of all three factors."""
    defined = registration.defineMethod([FIRST, SECOND, THIRD], {"from": actors.authority})
    return int(defined.events["MethodDefined"]["method"])


@pytest.fixture(scope="module")
def phone(registration: Any, actors: Actors) -> int:
    """An enrolled user device."""
    enrolled = registration.enrolUserDevice(*keys("phone"), {"from": actors.server})
    return int(enrolled.events["UserDeviceEnrolled"]["userDevice"])


@pytest.fixture(scope="module")
def lock(registration: Any, actors: Actors) -> int:
    """An enrolled IoT device."""
    enrolled = registration.enrolDevice(*keys("lock"), {"from": actors.server})
    return int(enrolled.events["DeviceEnrolled"]["device"])


@pytest.fixture(scope="session")
def thumbprint() -> Callable[[Keys], bytes]:
    """H("keys", signing key, exchange key), as the client layer computes it."""
    return lambda pair: key_thumbprint(PublicKeys(*pair)).value
