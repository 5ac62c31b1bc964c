"""A network of any kind for tests: the same people, with the same roles, on memory, eth-tester, anvil or Ganache."""

import itertools
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from certchain.config.clock import SystemClock
from certchain.errors import CertchainError, ProgramMissing
from certchain.ledger import Ledger, LogLedger
from certchain.ledger.chain import ChainLedger, Connection, deploy, fund
from certchain.ledger.embedded import embedded_chain
from certchain.ledger.memory import MemoryNetwork
from certchain.ledger.node import Program, find_program, free_port, start_node
from certchain.merkle import CompactRange, consistency_path
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, ProductId, RegistrationId, UserDeviceId
from certchain.models.log import ConsistencyProof, LogMode
from certchain.models.registration import Factor, PublicKeys, RegistrationRequest, RiskLevel

KINDS = ("memory", "eth-tester", "anvil", "ganache")
APPROVALS_REQUIRED = 2

ROLES = {
    "admin": "admin",
    "authority": "authority",
    "approver": "approver",
    "second approver": "approver",
    "third approver": "approver",
    "manufacturer": "manufacturer",
    "rival": "manufacturer",
    "server": "certification_server",
    "thief": None,
}


@dataclass(frozen=True, slots=True)
class Step:
    """What was added to the login log at once, and the root that it led to."""

    first_index: int
    size: int
    root: Digest
    leaf_hashes: tuple[Digest, ...]


@dataclass
class GrowingLog:
    """A log's leaves and steps, as whoever adds to it knows them."""

    tree: CompactRange = field(default_factory=CompactRange)
    leaf_hashes: list[Digest] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def grow(self, log: LogLedger, count: int) -> Step:
        """Adds new leaves to the log, as its mode asks for."""
        step = self.next_step(count)
        self.bring(log, step)
        return self.take(step)

    def next_step(self, count: int) -> Step:
        """A step that nobody has brought yet."""
        added = tuple(word() for _ in range(count))
        after = CompactRange.at(self.tree.size, self.tree.frontier)
        after.extend(added)
        return Step(self.tree.size, after.size, after.root(), added)

    def bring(self, log: LogLedger, step: Step) -> None:
        """Tells the log's contract the next step."""
        if log.mode is LogMode.RECORDED:
            log.append(step.first_index, self.tree.frontier, step.leaf_hashes)
        else:
            leaf_hashes = [*self.leaf_hashes, *step.leaf_hashes]
            path = consistency_path(leaf_hashes, step.first_index, step.size)
            log.anchor(ConsistencyProof(step.first_index, step.size, path), step.root)

    def take(self, step: Step) -> Step:
        """From now on the step is the log's newest."""
        self.leaf_hashes.extend(step.leaf_hashes)
        self.tree.extend(step.leaf_hashes)
        self.steps.append(step)
        return step

    def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        """The proof that the log was only added to."""
        return ConsistencyProof(old_size, new_size, consistency_path(self.leaf_hashes, old_size, new_size))


@dataclass
class World:
    """The ledgers of all the people on one network; what they make is new and valid by default."""

    ledgers: dict[str, Any]
    log: GrowingLog = field(default_factory=GrowingLog)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    three_factors: MethodNumber = field(init=False)

    def __post_init__(self) -> None:
        factors = (Factor.FIRST, Factor.SECOND, Factor.THIRD)
        self.three_factors = self["authority"].registrations.define_method(factors)

    def __getitem__(self, name: str) -> Ledger:
        found: Ledger = self.ledgers[name]
        return found

    def device(self) -> DeviceId:
        return self["server"].registrations.enrol_device(keys())

    def user_device(self) -> UserDeviceId:
        return self["server"].registrations.enrol_user_device(keys())

    def request(self, **values: Any) -> RegistrationRequest:
        """A registration request for a new pair, but for what is given."""
        given = {"method": self.three_factors, "risk": RiskLevel.MEDIUM, "commitment": word(), **values}
        given["user_device"] = given.get("user_device") or self.user_device()
        given["device"] = given.get("device") or self.device()
        return RegistrationRequest(**given)

    def registration(self, **values: Any) -> RegistrationId:
        return self["server"].registrations.register(self.request(**values))

    @property
    def tree(self) -> CompactRange:
        return self.log.tree

    @property
    def leaf_hashes(self) -> list[Digest]:
        return self.log.leaf_hashes

    @property
    def steps(self) -> list[Step]:
        return self.log.steps

    def grow(self, count: int) -> Step:
        """Adds new leaves to the login log."""
        return self.log.grow(self["server"].login_log, count)

    def consistency(self, old_size: int, new_size: int) -> ConsistencyProof:
        return self.log.consistency(old_size, new_size)

    def product(self) -> ProductId:
        return self["manufacturer"].updates.register_product("lock", f"model {next(self.numbers)}")

    def issued(self, version: int = 1) -> ProductId:
        """A product with one version, requested and issued (R1 to R3)."""
        product = self.product()
        self.issue(product, version)
        return product

    def issue(self, product: ProductId, version: int) -> None:
        self["manufacturer"].updates.request_version(product, version)
        self["authority"].updates.issue_version(product, version, word())

    def recorded(self, product: ProductId, version: int = 1) -> tuple[Digest, Digest]:
        """PkgID and digest of a package of an issued version, recorded (R5)."""
        pkg_id, digest = word(), word()
        self["manufacturer"].updates.record_package(product, version, pkg_id, digest, 296_756)
        return pkg_id, digest

    def approved(self, product: ProductId, version: int = 1) -> tuple[Digest, Digest]:
        """The same, approved (R6)."""
        pkg_id, digest = self.recorded(product, version)
        self["approver"].updates.approve(pkg_id)
        self["second approver"].updates.approve(pkg_id)
        return pkg_id, digest


def word() -> Digest:
    """32 bytes that nobody has seen."""
    return Digest(secrets.token_bytes(32))


NOTHING = Digest(bytes(32))


def keys() -> PublicKeys:
    """Keys that nobody has seen."""
    return PublicKeys(secrets.token_bytes(32), b"\x02" + secrets.token_bytes(32))


@contextmanager
def refused(expected: CertchainError) -> Iterator[None]:
    """What is done within raises just this error, with just these values."""
    with pytest.raises(CertchainError) as caught:
        yield
    assert type(caught.value) is type(expected), repr(caught.value)
    assert caught.value.values() == expected.values()


@contextmanager
def world(kind: str, folder: Path, mode: LogMode = LogMode.RECORDED) -> Iterator[World]:
    """A network of one of ``KINDS``. Where its program is missing, the test is skipped; in CI it fails."""
    if kind == "memory":
        yield World(_in_memory(mode))
    elif kind == "eth-tester":
        yield World(on_chain(embedded_chain(), mode))
    else:
        require_program(Program(kind))
        with start_node(Program(kind), folder, free_port()) as node:
            connection = Connection.http(node.url)
            yield World(on_chain(connection, mode))
            connection.close()


def require_program(program: Program) -> Path:
    try:
        return find_program(program)
    except ProgramMissing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"{program} is not installed; `make setup` gets it")


def on_chain(connection: Connection, mode: LogMode = LogMode.RECORDED) -> dict[str, Any]:
    """Ledgers of all the people on a new deployment."""
    accounts = {name: Account.create() for name in ROLES}
    fund(connection, [account.address for account in accounts.values()])
    deployment = deploy(connection, accounts["admin"], APPROVALS_REQUIRED, login_log_mode=mode)
    return _with_roles(
        {name: ChainLedger.connect(connection, deployment, account) for name, account in accounts.items()}
    )


def _in_memory(mode: LogMode) -> dict[str, Any]:
    network = MemoryNetwork(SystemClock(), APPROVALS_REQUIRED, login_log_mode=mode)
    accounts = {name: network.admin if name == "admin" else "0x" + secrets.token_hex(20) for name in ROLES}
    return _with_roles({name: network.ledger(account) for name, account in accounts.items()})


def _with_roles(ledgers: dict[str, Any]) -> dict[str, Any]:
    for name, role in ROLES.items():
        if role and name != "admin":
            ledgers["admin"].permissions.grant(role, ledgers[name].account)
    return ledgers
