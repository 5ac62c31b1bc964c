"""A deployment on a node that takes transactions without mining them, is killed and comes again."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from certchain.ledger.chain import ChainLedger, Connection, FileOutbox, SendingPolicy, deploy, fund
from certchain.ledger.deployment import Deployment
from certchain.ledger.node import LocalNode, Program, free_port, start_node
from certchain.models.log import LogMode
from tests.proxy import Proxy, command
from tests.world import require_program

PATIENT = SendingPolicy(receipt_timeout=30.0, poll_interval=0.02, rebroadcast_interval=0.2)
HASTY = SendingPolicy(receipt_timeout=0.5, poll_interval=0.02, rebroadcast_interval=0.1)
PATIENCE = 5.0
IMPATIENCE = 0.3
"""How long the answer to one question is waited for; a slow node takes longer than the impatient wait."""

HOLD = {Program.ANVIL: ("--no-mining",), Program.GANACHE: ("--miner.blockTime", "3600")}
"""What makes a node take transactions and not mine them."""


@dataclass
class Network:
    """A deployment on a node that can be killed, and the certification server's account there."""

    program: Program
    folder: Path
    node: LocalNode
    mode: LogMode = LogMode.RECORDED
    server: LocalAccount = field(default_factory=Account.create)
    deployment: Deployment = field(init=False)
    connections: list[Connection] = field(default_factory=list)

    def __post_init__(self) -> None:
        admin, connection = Account.create(), self.connection()
        fund(connection, [admin.address, self.server.address])
        file = self.folder / "deployment.json"
        self.deployment = deploy(connection, admin, 1, login_log_mode=self.mode, file=file)
        permissions = ChainLedger.connect(connection, self.deployment, admin).permissions
        permissions.grant("certification_server", self.server.address)

    def connection(self, url: str | None = None, timeout: float = PATIENCE) -> Connection:
        self.connections.append(Connection.http(url or self.node.url, timeout, attempts=1))
        return self.connections[-1]

    def ledger(
        self, outbox: Path, policy: SendingPolicy = PATIENT, connection: Connection | None = None
    ) -> ChainLedger:
        """The server's ledger, as a process that has just started has it."""
        line = connection or self.connection()
        return ChainLedger.connect(line, self.deployment, self.server, outbox=FileOutbox(outbox), policy=policy)

    def hasty_ledger(self, outbox: Path, proxy: Proxy) -> ChainLedger:
        """The same behind a proxy, soon at the end of its patience."""
        return self.ledger(outbox, HASTY, self.connection(proxy.url, IMPATIENCE))

    def start(self, *options: str) -> None:
        """Brings the node up again on the same port."""
        self.node = start_node(self.program, self.folder, self.node.port, options)

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
        self.node.stop()


@contextmanager
def running(program: Program, folder: Path, mode: LogMode = LogMode.RECORDED) -> Iterator[Network]:
    """A deployment on a node of its own."""
    require_program(program)
    network = Network(program, folder, start_node(program, folder, free_port()), mode)
    yield network
    network.close()


@contextmanager
def holding(program: Program, folder: Path, mode: LogMode = LogMode.RECORDED) -> Iterator[Network]:
    """The same, to be killed: the node takes transactions and does not mine them until it is started again."""
    with running(program, folder, mode) as network:
        network.connections[0].close()
        network.node.stop()
        network.start(*HOLD[program])
        yield network


def hold(network: Network) -> None:
    """From now on the node takes transactions and does not mine them."""
    command(network.node.url, "evm_setAutomine", False)


def release(network: Network) -> None:
    command(network.node.url, "evm_setAutomine", True)
    command(network.node.url, "evm_mine")


def eventually(true: Callable[[], bool], timeout: float = 20.0) -> None:
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def sent(network: Network, outbox: Path) -> Callable[[], bool]:
    """Whether the one transaction in the outbox has reached the node."""
    connection = network.connection()
    return lambda: any(connection.knows(each.hash) for each in FileOutbox(outbox).waiting())
