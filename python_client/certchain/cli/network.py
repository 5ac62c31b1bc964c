"""The chain that a home folder belongs to: where its node is, how it is deployed, and a ledger for each account."""

import tomllib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from certchain.config import Configuration, Home
from certchain.config.settings import LOCAL
from certchain.errors import ConfigurationInvalid, LedgerUnavailable, NotDeployed
from certchain.ledger import Ledger
from certchain.ledger.chain import ChainLedger, Connection, FileOutbox, SendingPolicy, deploy
from certchain.ledger.chain.funding import fund
from certchain.ledger.deployment import Deployment
from certchain.models.log import LogMode


class Network(Protocol):
    """A chain, before and after it is deployed."""

    def fund(self, accounts: Sequence[str]) -> None:
        """Gives accounts what they need to send, where the node has accounts of its own to give from."""

    def deploy(self, admin: LocalAccount) -> None:
        """Deploys the contracts with their table of permissions, or finishes a deployment that was interrupted."""

    def ledger(self, account: LocalAccount) -> Ledger:
        """The record as an account sees and changes it. Raises ``NotDeployed``, ``LedgerMismatch`` or ``LedgerUnavailable``."""
        ...


NetworkOpener = Callable[[Home, Configuration, ExitStack], Network]


@dataclass
class ChainNetwork:
    """A chain behind a node. ``connect`` makes the connection when it is first needed; ``closing`` closes it."""

    home: Home
    configuration: Configuration
    connect: Callable[[], Connection]
    closing: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def connection(self) -> Connection:
        """The node. Raises ``LedgerUnavailable`` and ``ConfigurationInvalid``."""
        connection = self.connect()
        self.closing.callback(connection.close)
        return connection

    def fund(self, accounts: Sequence[str]) -> None:
        """See ``Network.fund``."""
        fund(self.connection, [to_checksum_address(account) for account in accounts])

    def deploy(self, admin: LocalAccount) -> None:
        """See ``Network.deploy``. The deployment file is written when everything is there."""
        if not self.home.deployment.exists():
            deploy(
                self.connection,
                admin,
                self.configuration.approvals_required,
                login_log_mode=LogMode(self.configuration.login_log_mode),
                file=self.home.deployment,
                outbox=FileOutbox(self.home.outbox),
                policy=self._policy,
            )

    def ledger(self, account: LocalAccount) -> Ledger:
        """See ``Network.ledger``."""
        if not self.home.deployment.exists():
            raise NotDeployed(self.configuration.network)
        outbox = FileOutbox(self.home.outbox)
        return ChainLedger.connect(self.connection, self._deployment, account, outbox=outbox, policy=self._policy)

    @cached_property
    def _deployment(self) -> Deployment:
        return Deployment.load(self.home.deployment)

    @property
    def _policy(self) -> SendingPolicy:
        return SendingPolicy(self.configuration.gas_cap, float(self.configuration.receipt_timeout))


def open_chain(home: Home, configuration: Configuration, closing: ExitStack) -> Network:
    """The chain that the configuration names, over HTTP."""
    return ChainNetwork(home, configuration, lambda: Connection.http(node_address(home, configuration)), closing)


def node_address(home: Home, configuration: Configuration) -> str:
    """Where the node of the configured network is.

    Raises ``LedgerUnavailable`` when it is the local one and does not run, ``ConfigurationInvalid`` for a name that is not configured.
    """
    if configuration.network == LOCAL:
        return running_node(home)
    address = configuration.address(configuration.network)
    if address is None:
        raise ConfigurationInvalid(str(home.configuration), f"there is no network {configuration.network!r}")
    return address


def running_node(home: Home) -> str:
    """The address of the node that `certchain node` runs. Raises ``LedgerUnavailable``."""
    try:
        return str(tomllib.loads(home.running_node.read_text(encoding="utf-8"))["address"])
    except FileNotFoundError:
        raise LedgerUnavailable("no node runs in this home folder; start one with `certchain node`") from None
    except (OSError, ValueError, KeyError) as problem:
        raise ConfigurationInvalid(str(home.running_node), f"it does not say where the node is: {problem}") from problem
