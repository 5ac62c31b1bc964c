"""A household for tests: its certification server, Alice with her phone, her door lock; each valid by default."""

import atexit
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from certchain.channel import Connection, MemoryChannel
from certchain.keys import Argon2Cost, CertificateAuthority, KeyPair, SealingKey
from certchain.log import LogEngine, LogLimits
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.entry import LoginEntry
from certchain.models.identifier import (
    NOBODY,
    DeviceId,
    MethodNumber,
    Party,
    ServiceId,
    UserDeviceId,
    UserId,
    device_party,
    service_party,
    user_device_party,
)
from certchain.models.registration import Factor, PublicKeys
from certchain.roles.certification_server import CertificationServer
from certchain.roles.iot_device import IotDevice
from certchain.roles.user_device import ControlSession, InstalledApp, UserDevice
from certchain.roles.vendor import Vendor
from certchain.storage import (
    MemoryFileStore,
    MemoryLogStore,
    MemoryShareStore,
    MemorySubjectKeys,
)
from certchain.verification.login import LoginPolicy
from certchain.verification.policy import CertificationPolicy
from certchain.verification.statement import Identity
from tests.custodians import Keeper, channels, enrolled
from tests.databases import fresh_database
from tests.industry import MemoryAccounts, TestClock

CHEAP = Argon2Cost(iterations=1, memory=8, lanes=1)
SECRET = "correct horse battery staple"
CUSTODIANS = 5
ALL_FACTORS = (Factor.SECOND, Factor.FIRST, Factor.THIRD)


@dataclass(slots=True)
class Server:
    """A certification server with everything that outlives its process."""

    ledger: Any
    identity: Identity
    clock: TestClock
    policy: CertificationPolicy = field(default_factory=CertificationPolicy)
    database: Any = field(default_factory=fresh_database)
    authority: Any = None
    sealing_key: SealingKey = field(default_factory=SealingKey.generate)
    shares: Any = field(default_factory=MemoryShareStore)
    custodians: dict[ServiceId, Any] = field(default_factory=dict)
    log_store: Any = field(default_factory=MemoryLogStore)
    subject_keys: Any = field(default_factory=MemorySubjectKeys)
    log_files: Any = field(default_factory=MemoryFileStore)
    log_limits: LogLimits = field(default_factory=LogLimits)
    asker: Party = NOBODY
    log: LogEngine = field(init=False)
    role: CertificationServer = field(init=False)

    def __post_init__(self) -> None:
        self.authority = self.authority or CertificateAuthority.make(self.ledger.network, self.clock.now())
        self.restart()

    def restart(self) -> None:
        self.log = LogEngine.over(
            store=self.log_store,
            keys=self.subject_keys,
            files=self.log_files,
            ledger=self.ledger.login_log,
            identity=self.identity,
            clock=self.clock,
            limits=self.log_limits,
        )
        self.role = CertificationServer(
            identity=self.identity,
            ledger=self.ledger,
            database=self.database,
            log=self.log,
            authority=self.authority,
            sealing_key=self.sealing_key,
            shares=self.shares,
            custodians=self.custodians,
            policy=self.policy,
            clock=self.clock,
        )

    @property
    def id(self) -> ServiceId:
        return ServiceId(self.identity.party.number)

    def channel(self, asker: Party | None = None) -> MemoryChannel:
        """From the household's lock, or another."""
        return MemoryChannel(self.answer, asker=asker or self.asker, answerer=self.identity.party)

    def answer(self, connection: Connection, message: object) -> object:
        return self.role.answer(connection, message)

    def entries(self) -> list[LoginEntry]:
        """What the log says, of entries that were not erased."""
        logged = self.log.reader.entries(0, self.log_store.size())
        return [kept.body.entry for kept in logged if kept.body and isinstance(kept.body.entry, LoginEntry)]

    def last(self) -> LoginEntry:
        return self.entries()[-1]


@dataclass(slots=True)
class Lock:
    """A door lock with everything that outlives its process, and what it was told to do."""

    identity: Identity
    information: DeviceInformation
    ledger: Any
    server: Server
    clock: TestClock
    policy: LoginPolicy = field(default_factory=LoginPolicy)
    store: Any = field(default_factory=MemoryFileStore)
    done: list[bytes] = field(default_factory=list)
    to_server: Any = None
    asker: Party = NOBODY
    role: IotDevice = field(init=False)

    def __post_init__(self) -> None:
        self.to_server = self.to_server or self.server.channel(self.identity.party)
        self.restart()

    def restart(self) -> None:
        self.role = IotDevice(
            identity=self.identity,
            information=self.information,
            ledger=self.ledger,
            store=self.store,
            server=self.to_server,
            certification_server=self.server.id,
            execute=self.execute,
            policy=self.policy,
            clock=self.clock,
        )

    def execute(self, command: bytes) -> bytes:
        self.done.append(command)
        return b"done: " + command

    @property
    def id(self) -> DeviceId:
        return self.information.device

    def channel(self, asker: Party | None = None) -> MemoryChannel:
        """From the household's phone, or another user device."""
        return MemoryChannel(self.answer, asker=asker or self.asker, answerer=self.identity.party)

    def answer(self, connection: Connection, message: object) -> object:
        return self.role.answer(connection, message)


@dataclass(slots=True)
class Phone:
    """A user device with everything that outlives its process."""

    identity: Identity
    information: UserDeviceInformation
    ledger: Any
    server: ServiceId
    server_keys: PublicKeys
    clock: TestClock
    folder: Path
    version: str = "1.0"
    store: Any = field(default_factory=MemoryFileStore)
    role: UserDevice = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.role = UserDevice(
            identity=self.identity,
            information=self.information,
            ledger=self.ledger,
            store=self.store,
            server=self.server,
            server_keys=self.server_keys,
            app=InstalledApp("door", self.version, self.folder),
            cost=CHEAP,
            clock=self.clock,
        )

    @property
    def id(self) -> UserDeviceId:
        return UserDeviceId(self.identity.party.number)


@dataclass(slots=True)
class Household:
    """Everyone; ``account`` gives the ledger of a person by name, so that the same household lives on any ledger."""

    account: Callable[[str], Any] = field(default_factory=MemoryAccounts)
    clock: TestClock = field(default_factory=TestClock)
    policy: CertificationPolicy = field(default_factory=CertificationPolicy)
    database: Any = field(default_factory=fresh_database)
    custodians: dict[ServiceId, Keeper] = field(default_factory=dict)
    server: Server = field(init=False)
    lock: Lock = field(init=False)
    phone: Phone = field(init=False)
    alice: UserId = field(init=False)
    method: MethodNumber = field(init=False)
    vendor: Vendor = field(init=False)

    def __post_init__(self) -> None:
        self.server = self.another_server(self.database)
        self.vendor = self.another_vendor()
        self.method = self.define(*ALL_FACTORS)
        self.phone = self.another_phone()
        self.lock = self.another_lock("front door")
        self.server.asker = self.lock.identity.party
        self.alice = self.server.role.enrolment.enrol_user("Alice")

    # ---------------------------------------------------------------------------------------------------------- parties

    def another_server(self, database: Any = None) -> Server:
        keys = KeyPair.generate()
        service = self.account("authority").registrations.enrol_service(keys.public)
        ledger = self.account("certification server")
        identity = Identity(ledger.network, service_party(service), keys)
        while len(self.custodians) < CUSTODIANS:
            self.another_custodian()
        return Server(
            ledger,
            identity,
            self.clock,
            self.policy,
            database or fresh_database(),
            custodians=channels(self.custodians, identity.party),
        )

    def another_custodian(self) -> Keeper:
        """One more; a server that is there already does not know it."""
        keeper = enrolled(self.account)
        self.custodians[keeper.id] = keeper
        return keeper

    def another_vendor(self) -> Vendor:
        keys = KeyPair.generate()
        service = self.account("authority").registrations.enrol_service(keys.public)
        return Vendor(Identity(self.server.identity.network, service_party(service), keys))

    def rotated_vendor(self) -> Vendor:
        """The same vendor, with other keys in force from now on."""
        keys, party = KeyPair.generate(), self.vendor.identity.party
        self.account("authority").registrations.rotate_service_keys(ServiceId(party.number), keys.public)
        return Vendor(Identity(self.server.identity.network, party, keys))

    def another_lock(self, serial: str, model: str = "bolt", policy: LoginPolicy | None = None) -> Lock:
        keys, ledger = KeyPair.generate(), self.account("lock")
        device = self.server.role.enrolment.enrol_device("Acme", model, serial, keys.public)
        information = DeviceInformation(device, "Acme", model, serial)
        identity = Identity(ledger.network, device_party(device), keys)
        asker = self.phone.identity.party
        return Lock(identity, information, ledger, self.server, self.clock, policy or LoginPolicy(), asker=asker)

    def another_phone(self, instance: str = "a1") -> Phone:
        keys, ledger = KeyPair.generate(), self.account("phone")
        information = UserDeviceInformation("Pixel 9", "Android", instance)
        user_device = self.server.role.enrolment.enrol_user_device(information, keys.public)
        identity = Identity(ledger.network, user_device_party(user_device), keys)
        folder = self.released_app()
        server_keys = self.server.identity.keys.public
        return Phone(identity, information, ledger, self.server.id, server_keys, self.clock, folder)

    def released_app(self, version: str = "1.0") -> Path:
        """A folder with the app, as its vendor released it and the server allows it."""
        folder = Path(mkdtemp(prefix="certchain-app-"))
        atexit.register(rmtree, folder, ignore_errors=True)
        (folder / "lib").mkdir()
        (folder / "main.js").write_text(f"open('the door') // {version}")
        (folder / "lib" / "crypto.wasm").write_bytes(bytes(range(256)))
        self.server.role.apps.allow(self.vendor.release("door", version, folder).release, "Olga", "released")
        return folder

    def define(self, *factors: Factor) -> MethodNumber:
        method: MethodNumber = self.account("authority").registrations.define_method(factors)
        return method

    # ------------------------------------------------------------------------------------------------------------- deeds

    def register(self, secret: str = SECRET, method: MethodNumber | None = None) -> None:
        """Alice's phone is registered for the lock, by way of the lock."""
        self.server.role.registrar.permit(self.alice, self.phone.id, self.lock.id)
        to_lock = self.lock.channel(self.phone.identity.party)
        self.phone.role.register(to_lock, self.alice, self.lock.id, method or self.method, secret)

    def certify(self, secret: str = SECRET) -> ControlSession:
        return self.phone.role.certify(self.lock.channel(self.phone.identity.party), self.lock.id, secret)

    def outcomes(self) -> Sequence[tuple[str, str]]:
        """Step and reason of every entry in the server's log."""
        return [(entry.step, entry.reason) for entry in self.server.entries()]
