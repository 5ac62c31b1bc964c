"""Deploys a network's contracts: `brownie run deploy --network <network>`.

Where they are is kept in deployments/<network>.json. With `brownie run deploy main 3 operator` a package asks for three
approvals, and the sender is Brownie's stored account `operator`; without these it is two, and the node's first account.
"""

from pathlib import Path
from typing import Any

import brownie
from brownie import accounts, chain, network

from certchain.ledger.deployment import Deployment
from scripts.anvil import answer_when_mined

DEPLOYMENTS = Path("deployments")


def main(approvals_required: str = "2", admin: str = "0") -> None:
    """Deploys everything and keeps where it is."""
    answer_when_mined()
    print(f"kept in {keep(deploy(account(admin), int(approvals_required)))}")


def deploy(admin: Any, approvals_required: int) -> dict[str, Any]:
    """The contracts by name, newly deployed by `admin`, who becomes the admin of the network's permissions."""
    permissions = admin.deploy(brownie.Permissions, admin)
    return {
        "Permissions": permissions,
        "Registration": admin.deploy(brownie.Registration, permissions),
        "LoginLog": admin.deploy(brownie.LoginLog, permissions),
        "UpdateRegistry": admin.deploy(brownie.UpdateRegistry, permissions, approvals_required),
    }


def keep(contracts: dict[str, Any]) -> Path:
    """Writes where the contracts are, for the other scripts and the client layer, and returns the file."""
    addresses = {name: contract.address for name, contract in contracts.items()}
    Deployment(chain.id, contracts["Permissions"].tx.block_number, addresses).save(deployment_file())
    return deployment_file()


def deployed() -> dict[str, Any]:
    """The contracts by name, where this network's deployment file says that they are."""
    addresses = Deployment.load(deployment_file()).contracts
    return {name: getattr(brownie, name).at(address) for name, address in addresses.items()}


def deployment_file() -> Path:
    """Where it is kept where the active network's contracts are."""
    return DEPLOYMENTS / f"{network.show_active()}.json"


def account(name: str) -> Any:
    """A number stands for an account of the node, anything else for one that Brownie stores under that name."""
    return accounts[int(name)] if name.isdigit() else accounts.load(name)
