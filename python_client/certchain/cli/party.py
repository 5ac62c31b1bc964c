"""The roles over a home folder, each with its own keys, account and store; they talk in the process, message by message."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from certchain.channel import Channel, MemoryChannel, ServiceChannel
from certchain.channel.operations import Operations
from certchain.cli.custody import HomeCustodians
from certchain.cli.door import Door
from certchain.cli.enrolling import PARTY_KEYS, TLS_KEY
from certchain.cli.home_log import HomeLog
from certchain.cli.policy import certification_policy
from certchain.cli.reach import device_over_coap, operations_over_https, over_https
from certchain.cli.record import (
    AUDITOR,
    AUTHORITY,
    CERTIFICATION_SERVER,
    MANUFACTURER,
    ContactRecord,
    DeviceRecord,
    ServiceRecord,
    UserDeviceRecord,
)
from certchain.cli.renewal import OwnCertificate, PartyCertificate
from certchain.cli.workspace import Workspace
from certchain.errors import UnknownProduct, UnknownRecord
from certchain.keys import PrivateKeys
from certchain.log import LogSource
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.identifier import (
    NOBODY,
    DeviceId,
    Party,
    PartyKind,
    ProductId,
    ServiceId,
    UserDeviceId,
    device_party,
    service_party,
    user_device_party,
)
from certchain.models.registration import PublicKeys
from certchain.roles.auditor import Auditor, FollowedLog, ServerCheckpoint, ServerEntries
from certchain.roles.authority import Authority
from certchain.roles.certification_server import CertificationServer
from certchain.roles.iot_device import IotDevice
from certchain.roles.iot_device.update import DeviceUpdater
from certchain.roles.manufacturer import Manufacturer
from certchain.roles.production import Factory
from certchain.roles.update_server import UpdateServer
from certchain.roles.user_device import InstalledApp, UserDevice
from certchain.roles.vendor import Vendor
from certchain.storage import FileStore
from certchain.verification.policy import CertificationPolicy
from certchain.verification.statement import Identity

KEY_DATA = "key-data"
STORE = "store"
OPERATOR = "operator"
"""Who works at the certification server of a home that is everyone's, unless a name is given."""
AUDITS = "audits"
_OPENING = 120.0  # seconds


def approver_names(workspace: Workspace) -> tuple[str, ...]:
    """The names of the approvers' accounts."""
    return tuple(f"approver-{number}" for number in range(1, workspace.configuration.approvals_required + 1))


@dataclass
class Cast:
    """Every role of a home folder, made when it is first needed. One cast serves one command."""

    workspace: Workspace
    _devices: dict[str, IotDevice] = field(default_factory=dict)
    _updaters: dict[str, DeviceUpdater] = field(default_factory=dict)

    # ------------------------------------------------------------------------------------------------------------- services

    @property
    def is_joined(self) -> bool:
        """Whether this home has joined a network whose certification server is elsewhere."""
        return bool(self.workspace.configuration.certification_server)

    def service(self, name: str) -> ServiceId:
        """The identifier of an enrolled service. Raises ``UnknownRecord``."""
        return ServiceId(self.workspace.records.read(ServiceRecord, name).number)

    @property
    def log(self) -> HomeLog:
        """The login log."""
        return self.workspace.log

    @cached_property
    def custodians(self) -> HomeCustodians:
        """The custodians, who keep shares for the certification server."""
        return HomeCustodians(self.workspace)

    @cached_property
    def certification_server(self) -> CertificationServer:
        """The certification server over the management database."""
        server = CertificationServer(
            identity=self._service_identity(CERTIFICATION_SERVER),
            ledger=self.workspace.ledger(CERTIFICATION_SERVER),
            database=self.workspace.database,
            log=self.log.engine,
            authority=self.workspace.keyring.authority(),
            sealing_key=self.workspace.keyring.sealing_key(KEY_DATA),
            shares=self.workspace.shares,
            custodians=self._custodian_channels(),
            policy=self._policy(),
            clock=self.workspace.clock,
            auditors=(self.service(AUDITOR),),
        )
        self.workspace.closing.callback(server.close)
        return server

    @cached_property
    def server_certificate(self) -> OwnCertificate:
        """The certification server's certificate, by the CA of this home."""
        workspace, party = self.workspace, service_party(self.service(CERTIFICATION_SERVER))
        key = workspace.keyring.made_tls_key(workspace.home.store("server") / TLS_KEY)
        return OwnCertificate(workspace, workspace.keyring.authority(), key, party, list(workspace.known_as))

    def _policy(self) -> CertificationPolicy:
        """As the settings have it; but custodians of this home are never away, and the first question waits for their key files to open."""
        policy = certification_policy(self.workspace.configuration)
        if self.workspace.configuration.custodians:
            return policy
        return replace(policy, custodian_patience=max(policy.custodian_patience, _OPENING))

    def _custodian_channels(self) -> Mapping[ServiceId, ServiceChannel]:
        """To the custodians that the settings name, wherever they are; else to those of this home."""
        elsewhere = self.workspace.configuration.custodians
        if not elsewhere:
            return self.custodians.channels()
        channels = {ServiceId(int(number)): url for number, url in elsewhere.items()}
        return {
            number: over_https(self.workspace, url, self.server_certificate.current, service_party(number))
            for number, url in channels.items()
        }

    def authority(self, *, approving: bool) -> Authority:
        """The authority; ``approving`` with the approvers' accounts, which this home holds, too."""
        approvers = approver_names(self.workspace) if approving else ()
        return Authority(
            self._service_identity(AUTHORITY),
            self.workspace.ledger(AUTHORITY),
            self.workspace.store(AUTHORITY),
            self.workspace.clock,
            [self.workspace.ledger(name) for name in approvers],
        )

    @cached_property
    def manufacturer(self) -> Manufacturer:
        """The manufacturer of the home's products."""
        ledger, store = self.workspace.ledger(MANUFACTURER), self.workspace.store(MANUFACTURER)
        return Manufacturer(self._service_identity(MANUFACTURER), ledger, store, self.service(AUTHORITY))

    def vendor(self, name: str) -> Vendor:
        """A service of this home as the vendor of an app. Raises ``UnknownRecord``."""
        return Vendor(self._service_identity(name))

    @cached_property
    def factory(self) -> Factory:
        """The manufacturer's factory."""
        return Factory(self.workspace.ledger(MANUFACTURER))

    @cached_property
    def update_server(self) -> UpdateServer:
        """The update server; it has no keys, and is trusted by nobody."""
        manufacturers = self.authority(approving=False).manufacturers()
        return UpdateServer(self.workspace.reader, self.workspace.store("update-server"), manufacturers)

    @cached_property
    def auditor(self) -> Auditor:
        """The auditor, who trusts the chain."""
        return Auditor(self.workspace.reader.registrations, self.workspace.store(AUDITS))

    def followed_log(self) -> FollowedLog:
        """The login log as the auditor follows it: the tiles of this home, and the entries as the server gives them over a channel."""
        channel = self.server_channel(service_party(self.service(AUDITOR)))
        entries = ServerEntries(channel, self._service_identity(AUDITOR))
        return self._followed(self.log.engine.published, entries, ServerCheckpoint(channel))

    def served_log(self, source: LogSource) -> FollowedLog:
        """The login log as anyone can follow it where it is served."""
        return self._followed(source, None, None)

    def _followed(
        self, source: LogSource, entries: ServerEntries | None, anchored: ServerCheckpoint | None
    ) -> FollowedLog:
        return FollowedLog(
            origin=self.log.origin,
            server=self.service(CERTIFICATION_SERVER),
            keys=(self.log.server_keys,),
            source=source,
            chain=self.workspace.reader.login_log,
            witnesses=self.log.witnesses,
            quorum=self.workspace.configuration.witness_quorum,
            entries=entries,
            anchored=anchored,
            tolerance=self.workspace.configuration.clock_tolerance,
        )

    # ------------------------------------------------------------------------------------------------------------ channels

    def server_channel(self, asker: Party) -> ServiceChannel:
        """A new channel to the certification server: over HTTPS, where this home has joined another's network."""
        server = service_party(self.service(CERTIFICATION_SERVER))
        if self.is_joined:
            return self._over_https(asker, server)
        return MemoryChannel(self.certification_server.answer, asker=asker, answerer=server)

    def authority_channel(self, asker: Party = NOBODY, *, approving: bool = False) -> Channel:
        """A new channel to the authority, which answers some questions of anyone."""
        authority = service_party(self.service(AUTHORITY))
        return MemoryChannel(self.authority(approving=approving).answer, asker=asker, answerer=authority)

    def update_server_channel(self, asker: Party) -> Channel:
        """A new channel to the update server."""
        return MemoryChannel(self.update_server.answer, asker=asker, answerer=NOBODY)

    def device_channel(self, name: str, asker: Party) -> Channel:
        """A new channel to an IoT device: over CoAP, where it is of another home. Raises ``UnknownRecord``."""
        contact = self._contact(name)
        if contact is not None:
            return device_over_coap(self.workspace, contact, self._party_identity(asker))
        return MemoryChannel(self.device(name).answer, asker=asker, answerer=self.device_party(name))

    def device_party(self, name: str) -> Party:
        """An IoT device that this home knows, as a signer. Raises ``UnknownRecord``."""
        record = self._contact(name) or self.workspace.records.read(DeviceRecord, name)
        return device_party(DeviceId(record.number))

    def user_device_party(self, name: str) -> Party:
        """A user device of this home, as a signer. Raises ``UnknownRecord``."""
        return user_device_party(UserDeviceId(self.workspace.records.read(UserDeviceRecord, name).number))

    def operations(self, by: str = OPERATOR) -> Operations:
        """What operators do: by the certification server of this home, or over HTTPS under this home's operator's certificate.

        ``by`` is who does it here; elsewhere the certificate says that.
        """
        if self.is_joined:
            return operations_over_https(self.workspace, service_party(self.service(CERTIFICATION_SERVER)))
        return self.certification_server.operations(by)

    def _over_https(self, asker: Party, server: Party) -> ServiceChannel:
        """To the certification server of the network that this home has joined."""
        identity = self._party_identity(asker)
        certificate = PartyCertificate(self.workspace, self._folder(asker), identity, server)
        return over_https(
            self.workspace, self.workspace.configuration.certification_server, certificate.current, server
        )

    def _contact(self, name: str) -> ContactRecord | None:
        try:
            return self.workspace.records.read(ContactRecord, name)
        except UnknownRecord:
            return None

    def _folder(self, party: Party) -> Path:
        """Where a device or user device of this home has its keys. Raises ``UnknownRecord``."""
        records, number = self.workspace.records, party.number
        if party.kind is PartyKind.DEVICE and (device := records.name_of(DeviceRecord, number)):
            return records.folder(DeviceRecord, device)
        if party.kind is PartyKind.USER_DEVICE and (user_device := records.name_of(UserDeviceRecord, number)):
            return records.folder(UserDeviceRecord, user_device)
        raise UnknownRecord(str(party.kind), str(number))

    def _party_identity(self, party: Party) -> Identity:
        return self._identity(party, self.workspace.keyring.pair(self._folder(party) / PARTY_KEYS))

    # -------------------------------------------------------------------------------------------------------------- devices

    def device(self, name: str) -> IotDevice:
        """An IoT device with a door to control, which also answers its neighbours about versions. Raises ``UnknownRecord``."""
        if name not in self._devices:
            self._devices[name] = self._made_device(name, self.workspace.records.read(DeviceRecord, name))
        return self._devices[name]

    def device_identity(self, name: str) -> Identity:
        """An IoT device of this home, with its keys. Raises ``UnknownRecord``."""
        return self._device_identity(name, self.workspace.records.read(DeviceRecord, name))

    def updater(self, name: str) -> DeviceUpdater:
        """A device's updater. Raises ``UnknownRecord``, and ``UnknownProduct`` for a device that is of none."""
        if name not in self._updaters:
            self._updaters[name] = self._made_updater(name, self.workspace.records.read(DeviceRecord, name))
        return self._updaters[name]

    def user_device(self, name: str) -> UserDevice:
        """A user device with its app as it is on the disk now. Raises ``UnknownRecord``."""
        record = self.workspace.records.read(UserDeviceRecord, name)
        server = self.workspace.records.read(ServiceRecord, CERTIFICATION_SERVER)
        folder = self.workspace.records.folder(UserDeviceRecord, name)
        party = user_device_party(UserDeviceId(record.number))
        return UserDevice(
            identity=self._identity(party, self.workspace.keyring.pair(folder / PARTY_KEYS)),
            information=user_device_information(record),
            ledger=self.workspace.reader,
            store=self.workspace.store_in(folder / STORE),
            server=ServiceId(server.number),
            server_keys=PublicKeys(bytes.fromhex(server.signing), bytes.fromhex(server.exchange)),
            app=InstalledApp(record.app, record.app_version, Path(record.app_folder)),
            cost=self.workspace.keyring.cost,
            clock=self.workspace.clock,
        )

    def _made_device(self, name: str, record: DeviceRecord) -> IotDevice:
        store = self._device_store(name)
        return IotDevice(
            identity=self._device_identity(name, record),
            information=DeviceInformation(DeviceId(record.number), record.manufacturer, record.model, record.serial),
            ledger=self.workspace.reader,
            store=store,
            server=self.server_channel(self.device_party(name)),
            certification_server=self.service(CERTIFICATION_SERVER),
            execute=Door(store).execute,
            others=self.updater(name).answer if record.product else None,
            clock=self.workspace.clock,
        )

    def _made_updater(self, name: str, record: DeviceRecord) -> DeviceUpdater:
        if not record.product:
            raise UnknownProduct(0)
        return DeviceUpdater(
            self._device_identity(name, record),
            ProductId(record.product),
            self.workspace.reader,
            self._device_store(name),
            self.workspace.clock,
            self.service(AUTHORITY),
            self.authority_channel(self.device_party(name)),
            self.update_server_channel(self.device_party(name)),
        )

    def _device_store(self, name: str) -> FileStore:
        return self.workspace.store_in(self.workspace.records.folder(DeviceRecord, name) / STORE)

    def _device_identity(self, name: str, record: DeviceRecord) -> Identity:
        path = self.workspace.records.folder(DeviceRecord, name) / PARTY_KEYS
        return self._identity(device_party(DeviceId(record.number)), self.workspace.keyring.pair(path))

    def _service_identity(self, name: str) -> Identity:
        return self._identity(service_party(self.service(name)), self.workspace.keyring.service(name))

    def _identity(self, party: Party, keys: PrivateKeys) -> Identity:
        return Identity(self.workspace.reader.network, party, keys)


def user_device_information(record: UserDeviceRecord) -> UserDeviceInformation:
    """What a user device says of itself."""
    return UserDeviceInformation(record.model, record.platform, record.app_instance)
