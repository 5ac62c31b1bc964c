"""A deployment on a chain in the process, for all the unit tests of the ledger."""

from dataclasses import dataclass, replace

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from certchain.ledger.chain import ChainLedger, Connection, MemoryOutbox, SendingPolicy, deploy, fund
from certchain.ledger.chain.abi import artifact
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.chain.outbox import Outbox
from certchain.ledger.chain.sender import Sender
from certchain.ledger.deployment import Deployment
from certchain.ledger.embedded import embedded_chain
from certchain.models.log import LogMode

HASTY = SendingPolicy(receipt_timeout=0.3, poll_interval=0.01, rebroadcast_interval=0.05, nonce_attempts=2)


@dataclass(frozen=True)
class Chain:
    """The chain, where its contracts are, and who may what there."""

    connection: Connection
    deployment: Deployment
    admin: LocalAccount
    server: LocalAccount

    def ledger(
        self, key: LocalAccount | None = None, outbox: Outbox | None = None, policy: SendingPolicy = HASTY
    ) -> ChainLedger:
        return ChainLedger.connect(self.connection, self.deployment, key or self.server, outbox=outbox, policy=policy)

    def contract(self, name: str, outbox: Outbox | None = None, policy: SendingPolicy = HASTY) -> BoundContract:
        """A contract as the certification server calls it."""
        sender = Sender(self.connection, self.server, outbox or MemoryOutbox(), policy)
        compiled, address = artifact(self.deployment.source(name)), self.deployment.contracts[name]
        return BoundContract(compiled, address, self.connection, sender)

    def on_a_line_of_its_own(self) -> "Chain":
        """The same, over a connection to be meddled with."""
        return replace(self, connection=Connection(self.connection._web3, attempts=1))


@pytest.fixture(scope="session")
def connection() -> Connection:
    return embedded_chain()


def deployed_on(connection: Connection, mode: LogMode) -> Chain:
    admin, server = Account.create(), Account.create()
    fund(connection, [admin.address, server.address])
    chain = Chain(connection, deploy(connection, admin, 2, login_log_mode=mode), admin, server)
    chain.ledger(admin).permissions.grant("certification_server", server.address)
    chain.ledger(admin).permissions.grant("authority", server.address)
    return chain


@pytest.fixture(scope="session")
def recorded(connection: Connection) -> Chain:
    return deployed_on(connection, LogMode.RECORDED)


@pytest.fixture(scope="session")
def anchored(connection: Connection) -> Chain:
    return deployed_on(connection, LogMode.ANCHORED)


@pytest.fixture
def chain(recorded: Chain) -> Chain:
    """A deployment, over a connection of the test's own."""
    return recorded.on_a_line_of_its_own()
