"""Deploys a network's contracts: `brownie run deploy --network <network>`.

Where they are is kept in deployments/<network>.json. With `brownie run deploy main 3 operator anchored` a package asks for three
approvals, the sender is Brownie's stored account `operator`, and the login log is in the anchored mode; without these it is two, the
node's first account, and the recorded mode.
"""

from pathlib import Path
from typing import Any

import brownie
from brownie import accounts, chain, network

from certchain.ledger.deployment import Deployment, source
from certchain.models.log import LogMode
from scripts.anvil import answer_when_mined

DEPLOYMENTS = Path("deployments")


def main(approvals_required: str = "2", admin: str = "0", login_log_mode: str = LogMode.RECORDED) -> None:
    """Deploys everything and keeps where it is."""
    answer_when_mined()
    mode = LogMode(login_log_mode)
    print(f"kept in {keep(deploy(account(admin), int(approvals_required), mode), mode)}")


def deploy(admin: Any, approvals_required: int, login_log_mode: LogMode = LogMode.RECORDED) -> dict[str, Any]:
    """The contracts by name, newly deployed by `admin`, who becomes the admin of the network's permissions."""
    permissions = admin.deploy(brownie.Permissions, admin)
    registration = admin.deploy(brownie.Registration, permissions)
    return {
        "Permissions": permissions,
        "Registration": registration,
        "LoginLog": admin.deploy(getattr(brownie, source("LoginLog", login_log_mode)), permissions),
        "UpdateRegistry": admin.deploy(brownie.UpdateRegistry, permissions, approvals_required),
        "KeyCustody": admin.deploy(brownie.KeyCustody, permissions, registration),
        "Alerts": admin.deploy(brownie.Alerts, permissions, registration),
    }


def keep(contracts: dict[str, Any], login_log_mode: LogMode) -> Path:
    """Writes where the contracts are, for the other scripts and the client layer, and returns the file."""
    addresses = {name: contract.address for name, contract in contracts.items()}
    block = contracts["Permissions"].tx.block_number
    Deployment(chain.id, block, addresses, login_log_mode).save(deployment_file())
    return deployment_file()


def deployed() -> dict[str, Any]:
    """The contracts by name, where this network's deployment file says that they are."""
    known = Deployment.load(deployment_file())
    return {name: getattr(brownie, known.source(name)).at(address) for name, address in known.contracts.items()}


def deployment_file() -> Path:
    """Where it is kept where the active network's contracts are."""
    return DEPLOYMENTS / f"{network.show_active()}.json"


def account(name: str) -> Any:
    """A number stands for an account of the node, anything else for one that Brownie stores under that name."""
    return accounts[int(name)] if name.isdigit() else accounts.load(name)
