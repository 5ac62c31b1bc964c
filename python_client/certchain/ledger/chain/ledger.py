"""The ledger on a chain."""

from dataclasses import dataclass
from typing import Self

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress

from certchain.errors import LedgerMismatch
from certchain.ledger.chain.abi import artifact
from certchain.ledger.chain.alert import ChainAlerts
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.custody import ChainKeyCustody
from certchain.ledger.chain.log import ChainLog
from certchain.ledger.chain.outbox import MemoryOutbox, Outbox
from certchain.ledger.chain.permission import ChainPermissions
from certchain.ledger.chain.registration import ChainRegistration
from certchain.ledger.chain.sender import DEFAULT_POLICY, Sender, SendingPolicy
from certchain.ledger.chain.steady import SteadyContract
from certchain.ledger.chain.update import ChainUpdateRegistry
from certchain.ledger.deployment import CONTRACTS, Deployment
from certchain.ledger.permission import permission_table


@dataclass(frozen=True, slots=True)
class ChainLedger:
    """One account's view of a deployment."""

    account: ChecksumAddress
    network: bytes
    registrations: ChainRegistration
    login_log: ChainLog
    updates: ChainUpdateRegistry
    custody: ChainKeyCustody
    alerts: ChainAlerts
    permissions: ChainPermissions

    @classmethod
    def connect(
        cls,
        connection: Connection,
        deployment: Deployment,
        key: LocalAccount,
        *,
        outbox: Outbox | None = None,
        policy: SendingPolicy = DEFAULT_POLICY,
    ) -> Self:
        """The ledger of a deployment, for the account of a private key, which signs here and never leaves.

        Without an outbox on disk, what may have been accepted is remembered only as long as this ledger lives. Raises
        ``LedgerMismatch`` if the node is of another network, or has no contract, or one of another kind, where the deployment says.
        """
        require_deployed(connection, deployment)
        sender = Sender(connection, key, MemoryOutbox() if outbox is None else outbox, policy)
        bound = {
            name: BoundContract(artifact(deployment.source(name)), deployment.contracts[name], connection, sender)
            for name in CONTRACTS
        }
        return cls(
            account=sender.account,
            network=deployment.identity,
            registrations=ChainRegistration(SteadyContract.of(bound["Registration"]), deployment.block),
            login_log=ChainLog(bound["LoginLog"], deployment.login_log_mode, deployment.block),
            updates=ChainUpdateRegistry(bound["UpdateRegistry"]),
            custody=ChainKeyCustody(bound["KeyCustody"]),
            alerts=ChainAlerts(bound["Alerts"]),
            permissions=ChainPermissions(bound["Permissions"], permission_table()),
        )


def require_deployed(connection: Connection, deployment: Deployment) -> Deployment:
    """The deployment, if the node has it. Raises ``LedgerMismatch``."""
    chain_id = connection.chain_id()
    if chain_id != deployment.chain_id:
        raise LedgerMismatch(f"its chain id is {chain_id}, and the deployment's {deployment.chain_id}")
    for name, address in deployment.contracts.items():
        code, source = connection.code(address), deployment.source(name)
        if not code:
            raise LedgerMismatch(f"there is no contract at {address}, where {name} should be")
        if not artifact(source).fits(code):
            raise LedgerMismatch(f"the contract at {address} is no {source}, as {name} should be")
    return deployment
