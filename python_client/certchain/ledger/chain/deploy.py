"""Deploying a network's contracts, with the table of permissions."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from certchain.errors import LedgerMisbehaved
from certchain.ledger import argument
from certchain.ledger.chain.abi import artifact
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.outbox import MemoryOutbox, Outbox
from certchain.ledger.chain.sender import DEFAULT_POLICY, Sender, SendingPolicy
from certchain.ledger.deployment import CONTRACTS, Deployment, write_settings
from certchain.ledger.permission import PermissionTable, permission_table
from certchain.models.log import LogMode

ASK_WHO_IS_ENROLLED = ("KeyCustody", "Alerts")
"""These contracts ask the Registration contract, which is fixed at their deployment."""


def deploy(
    connection: Connection,
    admin: LocalAccount,
    approvals_required: int,
    *,
    login_log_mode: LogMode = LogMode.RECORDED,
    file: Path | None = None,
    outbox: Outbox | None = None,
    policy: SendingPolicy = DEFAULT_POLICY,
) -> Deployment:
    """Deploys the contracts and applies the table of permissions; ``admin`` is the account that may grant roles.

    The login log's mode is settled here for good. With a ``file`` the deployment is written there, and one that was interrupted
    goes on where it stopped: what is there already is in a file beside it. Raises ``NoApprovalsRequired``, or what a transaction raises.
    """
    required = argument.number("approvals_required", approvals_required, argument.APPROVAL_BITS)
    sender = Sender(connection, admin, MemoryOutbox() if outbox is None else outbox, policy)
    part = file and file.with_name(file.name + ".part")
    started = _started(connection, login_log_mode, part)
    for name in CONTRACTS[len(started.contracts) :]:
        started = _with(started, name, _created(sender, name, started, required))
        _keep(started, part)
    apply_table(connection, sender, started, permission_table())
    if file and part:
        started.save(file)
        part.unlink()
    return started


def apply_table(connection: Connection, sender: Sender, deployment: Deployment, table: PermissionTable) -> None:
    """Makes the network's permissions what the table says, in one transaction, or in none if they are."""
    permissions = BoundContract(artifact("Permissions"), deployment.contracts["Permissions"], connection, sender)
    functions = permissions.artifact.functions
    rules = [functions["setTargetFunctionRole"].encode(*rule) for rule in _missing(permissions, deployment, table)]
    if rules:
        labels = [functions["labelRole"].encode(number, role) for role, number in table.roles.items()]
        permissions.change("multicall", labels + rules)


def _missing(
    permissions: BoundContract, deployment: Deployment, table: PermissionTable
) -> Iterator[tuple[ChecksumAddress, list[bytes], int]]:
    """Per contract and role, the selectors of the functions that do not ask for that role yet."""
    for contract in table.functions:
        target, functions = deployment.contracts[contract], artifact(deployment.source(contract)).functions
        for role, number in table.roles.items():
            names = [name for name in table.functions_of(contract, role) if name in functions]
            selectors = [functions[name].selector for name in names]
            missing = [each for each in selectors if permissions.read("getTargetFunctionRole", target, each) != number]
            if missing:
                yield target, missing, number


def _created(sender: Sender, name: str, started: Deployment, approvals_required: int) -> ChecksumAddress:
    """Deploys one contract."""
    creation = artifact(started.source(name)).creation(
        sender.account if name == "Permissions" else started.contracts["Permissions"],
        *([approvals_required] if name == "UpdateRegistry" else []),
        *([started.contracts["Registration"]] if name in ASK_WHO_IS_ENROLLED else []),
    )
    created = sender.send(f"deploy {name}", None, creation).created
    if created is None:
        raise LedgerMisbehaved(f"the receipt of {name}'s deployment names no contract")
    return argument.account(name, created)


def _with(started: Deployment, name: str, address: ChecksumAddress) -> Deployment:
    return replace(started, contracts={**started.contracts, name: address})


def _keep(started: Deployment, part: Path | None) -> None:
    if part:
        write_settings(part, started.to_json())


def _started(connection: Connection, login_log_mode: LogMode, part: Path | None) -> Deployment:
    """What an interrupted deployment of the same kind left on this chain, or nothing yet."""
    chain_id = connection.chain_id()
    nothing = Deployment(chain_id, connection.block_number(), {}, login_log_mode)
    if part is None or not part.exists():
        return nothing
    left = Deployment.load(part, partial=True)
    there = all(connection.code(address) for address in left.contracts.values())
    same = (left.chain_id, left.login_log_mode) == (chain_id, login_log_mode)
    return left if there and same else nothing
