"""A network whose parties are processes of their own: what is on each one's disk, the deployment, and the test's hands on the processes."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection as Line
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from eth_account import Account

from certchain.keys import CaCertificate, KeyPair, SealingKey, TlsIdentity, TlsKey
from certchain.ledger.chain import ChainLedger, Connection, FileOutbox, SendingPolicy, deploy, fund
from certchain.ledger.deployment import Deployment
from certchain.ledger.node import LocalNode, Program, free_port, start_node
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.identifier import (
    MethodNumber,
    Party,
    ServiceId,
    UserDeviceId,
    UserId,
    device_party,
    service_party,
    user_device_party,
)
from certchain.verification.statement import Identity
from tests.world import require_program

PATIENCE = 90.0
"""Seconds: longer than anything takes on a busy machine."""
CUSTODIANS = 5
QUICK = SendingPolicy(receipt_timeout=30.0, poll_interval=0.02, rebroadcast_interval=0.2)
FORKS = multiprocessing.get_context("forkserver")

PHONE, LOCK, SERVER, KEEPERS, CHAIN = "user device", "IoT device", "certification server", "custodians", "chain"


@dataclass(frozen=True)
class Scene:
    """What does not change while processes come and go; a process is given it when it starts, as its key files and settings."""

    folder: Path
    node: str
    deployment: Deployment
    keys: dict[str, bytes]
    accounts: dict[str, bytes]
    tls: dict[str, tuple[bytes, bytes]]
    ca: bytes
    ports: dict[str, int]
    server: ServiceId
    custodians: tuple[ServiceId, ...]
    lock: DeviceInformation
    phone: UserDeviceId
    phone_information: UserDeviceInformation
    alice: UserId
    method: MethodNumber
    app: Path

    def party(self, name: str) -> Party:
        if name == PHONE:
            return user_device_party(self.phone)
        if name == LOCK:
            return device_party(self.lock.device)
        return service_party(self.server if name == SERVER else ServiceId(int(name)))

    def identity(self, name: str) -> Identity:
        keys = KeyPair.from_private_bytes(self.keys[name])
        return Identity(self.deployment.identity, self.party(name), keys)

    def tls_identity(self, name: str) -> TlsIdentity:
        key, certificate = self.tls[name]
        return TlsIdentity(
            TlsKey.from_private_bytes(key), certificate, CaCertificate(self.deployment.identity, self.ca)
        )

    def ledger(self, name: str, gate: "Gate | None" = None) -> ChainLedger:
        """An account's view of the chain, by a connection of its own, with the outbox that it has on its disk."""
        account, line = Account.from_key(self.accounts[name]), Connection.http(self.node, PATIENCE)
        outbox: Any = FileOutbox(self.disk(name) / "outbox")
        if gate is not None:
            outbox = Watched(outbox, gate, "outbox", "put", "remove")
        ledger = ChainLedger.connect(line, self.deployment, account, outbox=outbox, policy=QUICK)
        if gate is None:
            return ledger
        return replace(
            ledger,
            registrations=Watched(ledger.registrations, gate, "chain", "method_factors", "register", "supersede"),
            login_log=Watched(ledger.login_log, gate, "chain", "append"),
            custody=Watched(ledger.custody, gate, "chain", "divide"),
        )

    def disk(self, name: str) -> Path:
        """A party's own folder."""
        folder = self.folder / name.replace(" ", "-")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def sealing_key(self, name: str) -> SealingKey:
        return SealingKey(self.keys[f"sealing {name}"])

    def url(self, name: str) -> str:
        return f"https://127.0.0.1:{self.ports[name]}"


@dataclass
class Gate:
    """Where a process stands still, at a point that the test has named, until the test has decided whom to kill."""

    line: Line | None
    armed: str = ""
    _saying: Any = field(default_factory=threading.RLock)
    _open: threading.Event = field(default_factory=threading.Event)

    def say(self, *words: Any) -> None:
        with self._saying:
            assert self.line is not None
            self.line.send(words)

    def arm(self, point: str) -> None:
        self._open.clear()
        self.armed = point
        self.say("armed")

    def release(self) -> None:
        self._open.set()

    def passing(self, point: str) -> None:
        with self._saying:
            if point != self.armed:
                return
            self.armed = ""
            self.say("reached", point)
        self._open.wait()


class Watched:
    """Anything whose named methods pass the gate, before they work and after."""

    def __init__(self, inner: Any, gate: Gate, seam: str, *methods: str) -> None:
        self._inner, self._gate, self._seam, self._methods = inner, gate, seam, methods

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._methods:
            return found

        def watched(*arguments: Any, **named: Any) -> Any:
            what = _named(*arguments[:1])
            self._gate.passing(f"before {self._seam}.{name}{what}")
            result = found(*arguments, **named)
            self._gate.passing(f"after {self._seam}.{name}{what}")
            return result

        return watched


def _named(first: Any = None) -> str:
    """What a method is called for: a file or a record by its name, a transaction by its operation."""
    name = getattr(first, "operation", first)
    return f" {name}" if isinstance(name, str) else ""


class WatchedChannel:
    """A channel whose requests pass the gate, before they are sent and once their answer, or a refusal, is here."""

    def __init__(self, inner: Any, gate: Gate) -> None:
        self._inner, self._gate = inner, gate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def request(self, message: object, answer: type[Any]) -> Any:
        name = said(message)
        self._gate.passing(f"sending {name}")
        try:
            return self._inner.request(message, answer)
        finally:
            self._gate.passing(f"told of {name}")


def watched_handler(handler: Any, gate: Gate) -> Any:
    """A handler that passes the gate when it is asked, and before its answer, or a refusal, goes out."""

    def answer(conversation: Any, message: object) -> object:
        name = said(message)
        gate.passing(f"asked {name}")
        try:
            return handler(conversation, message)
        finally:
            gate.passing(f"answering {name}")

    return answer


def said(message: object) -> str:
    """What a message is called in the protocol's tables."""
    return str(getattr(message, "kind", type(message).__name__))


@dataclass
class Actor:
    """A party's process, as the test has it in hand."""

    name: str
    scene: Scene
    life: tuple[Any, Any]
    lives: int = 0
    process: ForkServerProcess | None = None
    line: Any = None
    inbox: list[tuple[Any, ...]] = field(default_factory=list)
    deeds: int = 0

    def start(self) -> None:
        """From its disk; returns when it serves."""
        self.line, theirs = FORKS.Pipe()
        live, party = self.life
        self.process = FORKS.Process(target=live, args=(party, self.scene, theirs), daemon=True)
        self.process.start()
        theirs.close()
        self.inbox.clear()
        self.lives += 1
        self.expect("ready")

    def kill(self) -> None:
        """At once, as a power failure would."""
        assert self.process is not None
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL, "the process ended by itself"
        self.line.close()
        self.process.close()
        self.process = None

    def close(self) -> None:
        if self.process is not None and self.process.is_alive():
            self.kill()

    def arm(self, point: str) -> None:
        self.line.send(("arm", point))
        self.expect("armed")

    def release(self) -> None:
        self.line.send(("release",))

    def begin(self, deed: str, *arguments: Any) -> int:
        """Has the process do something, and goes on; ``outcome`` waits for what comes of it."""
        self.deeds += 1
        self.line.send(("do", self.deeds, deed, *arguments))
        return self.deeds

    def outcome(self, number: int) -> Any:
        """What a deed gave. Raises ``Failed`` with the name of the error that it met."""
        while True:
            for word in list(self.inbox):
                if word[0] in {"done", "failed"} and word[1] == number:
                    self.inbox.remove(word)
                    if word[0] == "failed":
                        raise Failed(*word[2:])
                    return word[2]
            self._hear()

    def do(self, deed: str, *arguments: Any) -> Any:
        return self.outcome(self.begin(deed, *arguments))

    def expect(self, wanted: str) -> tuple[Any, ...]:
        while True:
            for word in self.inbox:
                if word[0] == wanted:
                    self.inbox.remove(word)
                    return word
            self._hear()

    def wait(self, other: "Actor") -> None:
        """Until this process says something, or the other does."""
        lines = {actor.line for actor in (self, other) if actor.process is not None}
        assert wait(list(lines), PATIENCE), f"the {self.name} and the {other.name} say nothing"

    def heard(self) -> bool:
        """Takes in what is there."""
        while self.process is not None and self.line.poll(0):
            self._hear()
        return any(word[0] == "reached" for word in self.inbox)

    def _hear(self) -> None:
        assert self.line.poll(PATIENCE), f"the {self.name} says nothing"
        try:
            self.inbox.append(self.line.recv())
        except EOFError:
            raise AssertionError(f"the {self.name} has ended by itself") from None


class Failed(Exception):
    """A deed was refused, with an error of this name, of a kind: to be tried again (``outage``), a ``refusal``, or a ``fault``."""

    def __init__(self, error: str, text: str, kind: str) -> None:
        super().__init__(error, text, kind)
        self.error, self.kind = error, kind


@dataclass
class Node:
    """The chain's process."""

    folder: Path
    node: LocalNode

    @classmethod
    def new(cls, folder: Path) -> "Node":
        require_program(Program.ANVIL)
        return cls(folder, start_node(Program.ANVIL, folder, free_port()))

    def kill(self) -> None:
        """Once it has written down what it has done: what it forgets otherwise, other tests are about."""
        time.sleep(1.5)
        self.node.kill()

    def start(self) -> None:
        self.node = start_node(Program.ANVIL, self.folder, self.node.port)


@contextmanager
def deployed(folder: Path) -> Iterator[tuple[Node, Deployment, dict[str, bytes]]]:
    """A chain with the contracts, and accounts by name with their roles."""
    node = Node.new(folder / "chain")
    try:
        connection = Connection.http(node.node.url, PATIENCE)
        roles = {SERVER: "certification_server", "authority": "authority"}
        accounts = {name: Account.create() for name in ("admin", *roles, PHONE, LOCK, KEEPERS)}
        fund(connection, [account.address for account in accounts.values()])
        deployment = deploy(connection, accounts["admin"], 1)
        permissions = ChainLedger.connect(connection, deployment, accounts["admin"]).permissions
        for name, role in roles.items():
            permissions.grant(role, accounts[name].address)
        yield node, deployment, {name: bytes(account.key) for name, account in accounts.items()}
        connection.close()
    finally:
        with suppress(ProcessLookupError):
            node.node.stop()
