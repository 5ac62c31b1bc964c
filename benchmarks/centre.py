"""A certification centre on anvil, with everything on the disk, and the pairs of devices that it has registered."""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from anchoring import address
from chain import Chain
from eth_account import Account
from eth_account.signers.local import LocalAccount

from certchain.channel import MemoryChannel
from certchain.config.clock import SystemClock
from certchain.keys import Argon2Cost, CertificateAuthority, KeyPair, SealingKey, TlsIdentity, TlsKey
from certchain.ledger import Ledger
from certchain.ledger.chain import ChainLedger, Connection, SendingPolicy, deploy, fund
from certchain.ledger.deployment import Deployment
from certchain.log import KeeperPolicy, LogEngine
from certchain.models.application import RegistrationGrant
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.identifier import (
    MethodNumber,
    Party,
    ServiceId,
    UserId,
    device_party,
    service_party,
    user_device_party,
)
from certchain.models.log import LogMode
from certchain.models.registration import Factor
from certchain.roles.certification_server import CertificationServer
from certchain.roles.custodian import Custodian
from certchain.roles.user_device import InstalledApp, UserDevice
from certchain.roles.user_device.equipment import Equipment, KeptRegistration, registration_file
from certchain.roles.vendor import Vendor
from certchain.storage import (
    DirectoryFileStore,
    MemoryFileStore,
    SqlManagementDatabase,
    SqlShareStore,
    SqlSubjectKeys,
)
from certchain.storage.kept import kept
from certchain.storage.log import SegmentLogStore
from certchain.verification.statement import Identity

CHEAP = Argon2Cost(iterations=1, memory=8, lanes=1)
"""Argon2id is the user devices' work and is measured by itself: to set a thousand of them up, it is made cheap."""
SECRET = "correct horse battery staple"  # noqa: S105 - of nobody
KEEPER = KeeperPolicy(interval=1.0, batch=1000, age=1.0)
APP, VERSION = "door", "1.0"
_CUSTODIANS = 5
_ROLES = {"authority": "authority", "server": "certification_server", "anyone": None}
_POLL = 0.002
_ORDER = (Factor.SECOND, Factor.FIRST, Factor.THIRD)


@dataclass(frozen=True, slots=True)
class Network:
    """A deployment on a node, and the accounts that speak there."""

    url: str
    deployment: Deployment
    accounts: Mapping[str, LocalAccount]

    def ledger(self, name: str) -> Ledger:
        """The ledger of an account, over a connection of its own; it looks often for its receipts."""
        connection, policy = Connection.http(self.url), SendingPolicy(poll_interval=_POLL)
        return ChainLedger.connect(connection, self.deployment, self.accounts[name], policy=policy)


@dataclass(frozen=True, slots=True)
class Pair:
    """A user device and an IoT device with a registration, and what the two need for sessions."""

    user: UserId
    user_device: Identity
    user_device_information: UserDeviceInformation
    device: Identity
    information: DeviceInformation
    kept: KeptRegistration
    tls: TlsIdentity

    @property
    def grant(self) -> RegistrationGrant:
        """What the server granted the user device."""
        return self.kept.grant


@dataclass(frozen=True, slots=True)
class Centre:
    """What outlives a process of the certification server, and goes into another."""

    folder: Path
    network: Network
    identity: Identity
    authority: CertificateAuthority
    sealing_key: SealingKey
    log_key: SealingKey
    custodians: Mapping[ServiceId, tuple[Identity, SealingKey]]
    method: MethodNumber
    app: InstalledApp

    @contextmanager
    def opened(
        self, logged: Callable[[LogEngine, Ledger], LogEngine] = lambda engine, _: engine
    ) -> Iterator[tuple[CertificationServer, LogEngine]]:
        """The role over its files; the log writes durably, and its keeper runs when it is started. ``logged`` may put another before it."""
        ledger = self.network.ledger("server")
        with ExitStack() as closing:
            keys = SqlSubjectKeys(self.folder / "keys.sqlite", self.log_key)
            closing.callback(keys.close)
            engine = LogEngine.over(
                store=SegmentLogStore(self.folder / "log", write=True),
                keys=keys,
                files=DirectoryFileStore(self.folder / "notes"),
                ledger=ledger.login_log,
                identity=self.identity,
                policy=KEEPER,
            )
            closing.callback(engine.close)
            server = self.role(ledger, logged(engine, ledger), closing)
            closing.callback(server.close)
            yield server, engine

    def role(self, ledger: Ledger, engine: LogEngine, closing: ExitStack) -> CertificationServer:
        """The server's part, over this log."""
        database = SqlManagementDatabase(self.folder / "management.sqlite")
        closing.callback(database.close)
        shares = SqlShareStore(self.folder / "shares.sqlite")
        closing.callback(shares.close)
        return CertificationServer(
            identity=self.identity,
            ledger=ledger,
            database=database,
            log=engine,
            authority=self.authority,
            sealing_key=self.sealing_key,
            shares=shares,
            custodians={number: self._custodian(number, closing) for number in self.custodians},
        )

    def _custodian(self, number: ServiceId, closing: ExitStack) -> MemoryChannel:
        """A custodian in this process, with a file of its own."""
        identity, sealing_key = self.custodians[number]
        store = SqlShareStore(self.folder / f"custodian-{number}.sqlite")
        closing.callback(store.close)
        servers = [ServiceId(self.identity.party.number)]
        role = Custodian(
            identity=identity,
            ledger=self.network.ledger("anyone"),
            store=store,
            sealing_key=sealing_key,
            servers=servers,
        )
        return MemoryChannel(role.answer, asker=self.identity.party, answerer=identity.party)

    def certified(self, party: Party) -> TlsIdentity:
        """A TLS identity of a party, for an hour."""
        key, hosts = TlsKey.generate(), ["127.0.0.1"] if party == self.identity.party else []
        now = SystemClock().now()
        certificate = self.authority.issue(key.request(), party, now=now, hosts=hosts, lifetime=3600)
        return TlsIdentity(key, certificate, self.authority.certificate)

    def user_device_equipment(
        self, pair_of: Identity, information: UserDeviceInformation, cost: Argon2Cost
    ) -> Equipment:
        """What a user device is given, over a connection of its own to the chain."""
        return Equipment(
            pair_of,
            information,
            self.network.ledger("anyone"),
            MemoryFileStore(),
            ServiceId(self.identity.party.number),
            self.identity.keys.public,
            self.app,
            cost,
            SystemClock(),
        )


def network(node: Chain) -> Network:
    """A new deployment with an anchored log."""
    admin, url = Account.create(), address(node)
    connection = Connection.http(url)
    accounts = {name: Account.create() for name in _ROLES}
    fund(connection, [admin.address, *(key.address for key in accounts.values())])
    deployment = deploy(connection, admin, 1, login_log_mode=LogMode.ANCHORED)
    permissions = ChainLedger.connect(connection, deployment, admin).permissions
    for name, role in _ROLES.items():
        if role is not None:
            permissions.grant(role, accounts[name].address)
    return Network(url, deployment, accounts)


def centre(folder: Path, node: Chain) -> Centre:
    """A centre whose custodians and whose app's vendor are enrolled; it has registered nobody yet."""
    on = network(node)
    authority = on.ledger("authority")

    def service() -> Identity:
        keys = KeyPair.generate()
        return Identity(authority.network, service_party(authority.registrations.enrol_service(keys.public)), keys)

    identity, vendor = service(), Vendor(service())
    custodians = [(service(), SealingKey.generate()) for _ in range(_CUSTODIANS)]
    app = _installed(folder / "app")
    made = Centre(
        folder,
        on,
        identity,
        CertificateAuthority.make(authority.network, SystemClock().now()),
        SealingKey.generate(),
        SealingKey.generate(),
        {ServiceId(each.party.number): (each, key) for each, key in custodians},
        authority.registrations.define_method(_ORDER),
        app,
    )
    with made.opened() as (server, _):
        server.apps.allow(vendor.release(APP, VERSION, app.folder).release, "Olga", "measured")
    return made


def registered(made: Centre, count: int) -> list[Pair]:
    """So many pairs, each registered for a user of its own, directly."""
    with made.opened() as (server, _):
        return [_pair(made, server, number) for number in range(count)]


def _pair(made: Centre, server: CertificationServer, number: int) -> Pair:
    network_id, keys, device_keys = made.identity.network, KeyPair.generate(), KeyPair.generate()
    information = UserDeviceInformation("Pixel 9", "Android", secrets.token_hex(8))
    user = server.enrolment.enrol_user(f"user {number}")
    user_device = server.enrolment.enrol_user_device(information, keys.public)
    device = server.enrolment.enrol_device("Acme", "bolt", f"lock {number}", device_keys.public)
    server.registrar.permit(user, user_device, device)
    identity = Identity(network_id, user_device_party(user_device), keys)
    equipment = made.user_device_equipment(identity, information, CHEAP)
    role = UserDevice(
        identity=identity,
        information=information,
        ledger=equipment.ledger,
        store=equipment.store,
        server=equipment.server,
        server_keys=equipment.server_keys,
        app=made.app,
        cost=CHEAP,
    )
    channel = MemoryChannel(server.answer, asker=identity.party, answerer=made.identity.party)
    role.register(channel, user, device, made.method, SECRET)
    return Pair(
        user,
        identity,
        information,
        Identity(network_id, device_party(device), device_keys),
        DeviceInformation(device, "Acme", "bolt", f"lock {number}"),
        kept(equipment.store, registration_file(device), KeptRegistration),
        made.certified(device_party(device)),
    )


def _installed(folder: Path) -> InstalledApp:
    """An app of one file."""
    folder.mkdir(parents=True)
    (folder / "main.js").write_text("open('the door')")
    return InstalledApp(APP, VERSION, folder)
