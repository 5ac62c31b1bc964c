"""The parties of a certification, each the program of a process: real roles, channels and stores, on what is on its disk."""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from multiprocessing.connection import Connection as Line
from pathlib import Path
from typing import Any

from certchain.channel.coap import CoapAddress, CoapChannel, CoapEndpoint, CoapLimits
from certchain.channel.https import HttpsChannel
from certchain.encoding.message import from_cbor
from certchain.errors import CertchainError, Unavailable
from certchain.keys import Argon2Cost, CertificateAuthority, ServerTls
from certchain.log import KeeperPolicy, LogEngine
from certchain.models.certification import Certification, SessionOutcome, Signed
from certchain.models.entry import Subject, SubjectKind
from certchain.models.identifier import service_party
from certchain.roles.certification_server import CertificationServer
from certchain.roles.custodian import Custodian
from certchain.roles.iot_device import IotDevice
from certchain.roles.user_device import InstalledApp, UserDevice
from certchain.services import RequestLimits, certification_app, custodian_app, running
from certchain.storage import (
    DirectoryFileStore,
    SegmentLogStore,
    SqlManagementDatabase,
    SqlShareStore,
    SqlSubjectKeys,
)
from certchain.verification.lockout import LockPolicy
from certchain.verification.login import LoginPolicy
from certchain.verification.policy import CertificationPolicy
from tests.crash_scene import (
    KEEPERS,
    LOCK,
    PATIENCE,
    PHONE,
    SERVER,
    Gate,
    Scene,
    Watched,
    WatchedChannel,
    watched_handler,
)

Deeds = Mapping[str, Callable[..., Any]]
CHEAP = Argon2Cost(iterations=1, memory=8, lanes=1)
BUSY = RequestLimits(peer="10000/second", address="10000/second", stranger="10000/second")
OFTEN = CoapLimits(first_burst=1000, first_rate=1000, address_burst=1000, address_rate=1000)
NEVER_BY_ITSELF = KeeperPolicy(interval=100_000, age=100_000, batch=1_000_000)
"""The log is published and anchored when the test says so."""
POLICY = CertificationPolicy(key_memory=(0, 0, 0), locks=LockPolicy(user_failures=1000, device_failures=1000))
"""Every certification asks the custodians."""
ATTEMPTS = 3
GRANTED, OBEYED = "granted", "obeyed"


def live(party: Callable[[Scene, Gate], AbstractContextManager[Deeds]], scene: Scene, line: Line) -> None:
    """A process: opens what is on the disk, says that it is ready, and does what the test says, until it is killed."""
    gate = Gate(line)
    with party(scene, gate) as deeds:
        gate.say("ready")
        while True:
            try:
                word, *told = line.recv()
            except EOFError:
                os._exit(0)
            if word == "arm":
                gate.arm(*told)
            elif word == "release":
                gate.release()
            else:
                threading.Thread(target=_do, args=(deeds, gate, *told), daemon=True).start()


def _do(deeds: Deeds, gate: Gate, number: int, deed: str, *arguments: Any) -> None:
    try:
        result = deeds[deed](*arguments)
    except CertchainError as refusal:
        kind = "outage" if isinstance(refusal, Unavailable) else "refusal"
        gate.say("failed", number, type(refusal).__name__, str(refusal), kind)
    except BaseException as problem:
        gate.say("failed", number, type(problem).__name__, str(problem), "fault")
        raise
    else:
        gate.say("done", number, result)


# ------------------------------------------------------------------------------------------------------- certification server


@contextmanager
def opened_server(
    scene: Scene, gate: Gate, custodians: Mapping[Any, Any]
) -> Iterator[tuple[CertificationServer, LogEngine]]:
    """The role on the server's disk."""
    disk, ledger = scene.disk(SERVER), scene.ledger(SERVER, gate)
    with ExitStack() as closes:
        database = closes.enter_context(closing(SqlManagementDatabase(disk / "management.sqlite")))
        shares = closes.enter_context(closing(SqlShareStore(disk / "management.sqlite")))
        keys = closes.enter_context(closing(SqlSubjectKeys(disk / "keys.sqlite", scene.sealing_key("subjects"))))
        engine = LogEngine.over(
            store=Watched(SegmentLogStore(disk / "log", write=True), gate, "log", "append"),
            keys=keys,
            files=Watched(DirectoryFileStore(disk / "notes"), gate, "notes", "write"),
            ledger=ledger.login_log,
            identity=scene.identity(SERVER),
            policy=NEVER_BY_ITSELF,
        )
        closes.callback(engine.close)
        writes = ("app", "put_key_data", "take_permit", "count_failure", "clear_failures")
        role = CertificationServer(
            identity=scene.identity(SERVER),
            ledger=ledger,
            database=Watched(database, gate, "database", *writes),
            log=engine,
            authority=CertificateAuthority.make(scene.deployment.identity, 0),
            sealing_key=scene.sealing_key(SERVER),
            shares=shares,
            custodians=custodians,
            policy=POLICY,
        )
        closes.callback(role.close)
        yield role, engine


@contextmanager
def server(scene: Scene, gate: Gate) -> Iterator[Deeds]:
    """Over HTTPS, its custodians over HTTPS as well."""
    asking = scene.tls_identity(SERVER)
    custodians = {
        number: WatchedChannel(HttpsChannel(scene.url(str(number)), asking, service_party(number), PATIENCE), gate)
        for number in scene.custodians
    }
    with opened_server(scene, gate, custodians) as (role, engine):
        app = certification_app(_Gated(role, gate), engine, limits=BUSY)  # type: ignore[arg-type]
        with running(app, port=scene.ports[SERVER], tls=ServerTls(asking)):
            alice = Subject(SubjectKind.USER, scene.alice)
            yield {
                "flush": role.flush,
                "permit": lambda: role.registrar.permit(scene.alice, scene.phone, scene.lock.device),
                "revoke": role.registrar.revoke,
                "unlock": lambda: role.lockout.unlock(alice, "Olga", "she has shown her passport"),
                "failures": lambda: role.lockout.database.failures(alice).failures,
            }


class _Gated:
    """The role, with a gate in front."""

    def __init__(self, role: CertificationServer, gate: Gate) -> None:
        self._role = role
        self.answer = watched_handler(role.answer, gate)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._role, name)


@contextmanager
def keepers(scene: Scene, gate: Gate) -> Iterator[Deeds]:
    """All custodians, each with a store and an address of its own, in one process."""
    ledger = scene.ledger(KEEPERS)
    with ExitStack() as closes:
        for number in scene.custodians:
            store = closes.enter_context(closing(SqlShareStore(scene.disk(KEEPERS) / f"{number}.sqlite")))
            role = Custodian(
                identity=scene.identity(str(number)),
                ledger=ledger,
                store=Watched(store, gate, "share", "put"),
                sealing_key=scene.sealing_key(str(number)),
                servers=[scene.server],
            )
            role.tidy()
            app = custodian_app(watched_handler(role.answer, gate), limits=BUSY)
            tls = ServerTls(scene.tls_identity(str(number)))
            closes.enter_context(running(app, port=scene.ports[str(number)], tls=tls))
        yield {}


# ------------------------------------------------------------------------------------------------------------------ devices


@contextmanager
def lock(scene: Scene, gate: Gate) -> Iterator[Deeds]:
    """Over CoAP; what it obeyed, and which sessions it let control it, it writes down durably."""
    disk, ledger = scene.disk(LOCK), scene.ledger(LOCK)

    def execute(command: bytes) -> bytes:
        gate.passing("before the command")
        note(disk / OBEYED, command.decode())
        gate.passing("after the command")
        return b"done: " + command

    store = DirectoryFileStore(disk / "store")
    role = IotDevice(
        identity=scene.identity(LOCK),
        information=scene.lock,
        ledger=ledger,
        store=Watched(store, gate, "login book", "write"),
        server=WatchedChannel(
            HttpsChannel(scene.url(SERVER), scene.tls_identity(LOCK), scene.party(SERVER), PATIENCE), gate
        ),
        certification_server=scene.server,
        execute=execute,
        policy=LoginPolicy(attempts=ATTEMPTS, failures_a_minute=1000, conversations=1000),
    )

    def answer(connection: Any, message: object) -> object:
        answered = role.answer(connection, message)
        if isinstance(message, Certification) and isinstance(answered, Signed):
            outcome = from_cbor(SessionOutcome, answered.body)
            note(disk / GRANTED, f"{outcome.session.hex()} {outcome.index}")
        return answered

    def public_keys(party: Any) -> Any:
        gate.passing("asked who opens the channel")
        return ledger.registrations.public_keys(party)

    identity = scene.identity(LOCK)
    with CoapEndpoint(identity, watched_handler(answer, gate), public_keys, port=scene.ports[LOCK], limits=OFTEN):
        yield {}


@contextmanager
def phone(scene: Scene, gate: Gate) -> Iterator[Deeds]:
    """Asks over CoAP and HTTPS."""
    disk, ledger = scene.disk(PHONE), scene.ledger(PHONE, gate)
    identity = scene.identity(PHONE)
    role = UserDevice(
        identity=identity,
        information=scene.phone_information,
        ledger=ledger,
        store=Watched(DirectoryFileStore(disk / "store"), gate, "file", "write", "remove"),
        server=scene.server,
        server_keys=scene.identity(SERVER).keys.public,
        app=InstalledApp("door", "1.0", scene.app),
        cost=CHEAP,
    )

    def to_lock() -> WatchedChannel:
        gate.passing("opening the channel")
        keys = ledger.registrations.public_keys
        address = CoapAddress("127.0.0.1", scene.ports[LOCK])
        return WatchedChannel(CoapChannel(address, identity, scene.party(LOCK), keys, timeout=PATIENCE), gate)

    def certify(secret: str) -> tuple[str, int, str]:
        """A session and one command; returns the session, its entry's index, and what the device said."""
        with closing(to_lock()) as channel:
            session = role.certify(channel, scene.lock.device, secret)  # type: ignore[arg-type]
            name = session.outcome.session.hex()
            return name, session.outcome.index, session.command(name.encode()).decode()

    def introduce() -> int:
        with closing(to_lock()) as channel:
            return role.introduce(channel, scene.lock.device)  # type: ignore[arg-type]

    def register(secret: str, directly: bool) -> int:
        named = scene.alice, scene.lock.device, scene.method, secret
        if not directly:
            with closing(to_lock()) as channel:
                return role.register(channel, *named).registration  # type: ignore[arg-type]
        to_server = HttpsChannel(scene.url(SERVER), scene.tls_identity(PHONE), scene.party(SERVER), PATIENCE)
        with closing(WatchedChannel(to_server, gate)) as service:
            role.register(service, *named)  # type: ignore[arg-type]
        return introduce()

    yield {"certify": certify, "register": register, "introduce": introduce}


def note(path: Path, line: str) -> None:
    """Adds a line, durably."""
    with path.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def noted(path: Path) -> list[str]:
    """The lines that are there whole: a kill may leave a part of the last one."""
    return path.read_text().split("\n")[:-1] if path.exists() else []
