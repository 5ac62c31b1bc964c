"""The program certchain as tests run it: in the process, on a network in memory, in a home folder of the test's own."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from sqlalchemy import Table, create_engine, delete

from certchain.cli import main
from certchain.cli.workspace import opener
from certchain.config import Configuration, Home, SystemClock
from certchain.errors import NotDeployed
from certchain.ledger import Ledger
from certchain.ledger.deployment import CONTRACTS, Deployment
from certchain.ledger.memory import MemoryNetwork
from certchain.ledger.memory.contract import random_account
from certchain.models.log import LogMode

CHEAP_KEYS = "key_memory = 32\nunrecorded_installation = true\n"
"""Settings of tests: keys that are cheap to open, and the sources as they lie here."""
PAIR = ("--user", "alice", "--user-device", "phone", "--device", "porch-lock")
SESSION = ("session", "certify", "--user-device", "phone", "--device", "porch-lock")


@dataclass
class MemoryChain:
    """A network in memory, which outlives the commands as a chain does."""

    configuration: Configuration | None = None
    network: MemoryNetwork | None = None
    down: BaseException | None = None

    def open(self, home: Home, configuration: Configuration, _: ExitStack) -> "MemoryChain":
        self.configuration, self.home = configuration, home
        return self

    def fund(self, accounts: object) -> None:
        """Gas is free here."""

    def deploy(self, admin: LocalAccount) -> None:
        assert self.configuration is not None
        if self.network is None:
            self.network = MemoryNetwork(
                SystemClock(),
                self.configuration.approvals_required,
                admin=admin.address,
                login_log_mode=LogMode(self.configuration.login_log_mode),
            )
        if not self.home.deployment.exists():
            mode = LogMode(self.configuration.login_log_mode)
            deployment = Deployment(0, 0, {name: random_account() for name in CONTRACTS}, mode)
            self.network.identity = deployment.identity
            deployment.save(self.home.deployment)

    def ledger(self, account: LocalAccount) -> Ledger:
        if self.down:
            raise self.down
        if self.network is None:
            raise NotDeployed("local")
        return self.network.ledger(account.address)


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    def value(self) -> Any:
        """The JSON value on stdout; the run has to have succeeded, and to have said nothing else."""
        assert (self.code, self.err) == (0, ""), self.err
        return json.loads(self.out)

    def refusal(self, code: int, error: str) -> dict[str, Any]:
        """The JSON error on stderr; the run has to have shown nothing else, and to have ended with its exit code."""
        shown: dict[str, Any] = json.loads(self.err)
        assert (self.code, shown["exit_code"], shown["error"], self.out) == (code, code, error, ""), self.err
        assert shown["sentence"].endswith(".")
        assert shown["advice"].endswith(".")
        return shown


@dataclass(frozen=True)
class Program:
    """certchain in one home folder; every run is as a new process."""

    home: Path
    chain: MemoryChain
    capture: pytest.CaptureFixture[str] = field(repr=False)

    def __call__(self, *arguments: str) -> Ended:
        code = main([*arguments, "--home", str(self.home)], opener(self.chain.open))
        captured = self.capture.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Ended(code, captured.out, captured.err)

    def quietly(self, *arguments: str) -> None:
        """A run in another thread, whose output nobody reads; it has to succeed."""
        assert main([*arguments, "--home", str(self.home), "--json"], opener(self.chain.open)) == 0

    def json(self, *arguments: str) -> Ended:
        """The same with JSON."""
        return self(*arguments, "--json")

    def forget(self, table: Table) -> None:
        """Someone has removed all rows of a table of the management database."""
        engine = create_engine(f"sqlite:///{self.home / 'management.sqlite'}")
        with engine.begin() as connection:
            connection.execute(delete(table))
        engine.dispose()
