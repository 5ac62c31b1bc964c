"""Applies the table of roles to a deployment and grants the roles: `brownie run grant_roles --network <network>`.

The table is certchain's own permissions.toml. `brownie run grant_roles main holders.toml operator` grants each role to
the addresses that holders.toml lists under it (`authority = ["0x…"]`), sent from Brownie's stored account `operator`;
without these the roles go to accounts of the node, and the first of them is the admin.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brownie import accounts

from certchain.ledger.permission import permission_table
from scripts.anvil import answer_when_mined
from scripts.deploy import account, deployed

# Accounts of the node by number; 0 is the admin.
LOCAL_HOLDERS = {"authority": [1], "approver": [2, 3], "manufacturer": [4], "certification_server": [5]}


def main(holders_file: str = "", admin: str = "0") -> None:
    """Applies the table and grants the roles."""
    answer_when_mined()
    contracts, sender = deployed(), account(admin)
    holders = tomllib.loads(Path(holders_file).read_text()) if holders_file else local_holders()
    apply_table(contracts, sender)
    grant(contracts["Permissions"], holders, sender)
    for role, addresses in holders.items():
        print(f"{role}: {', '.join(str(address) for address in addresses)}")


def local_holders() -> dict[str, list[Any]]:
    """Who holds each role on a node with accounts of its own."""
    return {role: [accounts[number] for number in numbers] for role, numbers in LOCAL_HOLDERS.items()}


def apply_table(contracts: Mapping[str, Any], admin: Any) -> None:
    """Names the roles, and gives each function that a contract has the role that it asks for."""
    table, permissions = permission_table(), contracts["Permissions"]
    for role, number in table.roles.items():
        permissions.labelRole(number, role, {"from": admin})
        for name in table.functions:
            known = contracts[name].signatures
            selectors = [known[function] for function in table.functions_of(name, role) if function in known]
            if selectors:
                permissions.setTargetFunctionRole(contracts[name], selectors, number, {"from": admin})


def grant(permissions: Any, holders: Mapping[str, Sequence[Any]], admin: Any) -> None:
    """Grants each role to its holders, at once and without a delay."""
    for role, addresses in holders.items():
        for address in addresses:
            permissions.grantRole(permission_table().number(role), address, 0, {"from": admin})
