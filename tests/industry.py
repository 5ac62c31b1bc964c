"""An IoT industry for tests: authority, approvers, manufacturers, update server and devices, each valid by default."""

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from certchain.channel import Handler, MemoryChannel
from certchain.keys import KeyPair
from certchain.ledger.memory import MemoryNetwork
from certchain.models.delivery import Publication, PublishedPackage, UploadProgress
from certchain.models.identifier import NOBODY, DeviceId, ProductId, ServiceId, device_party, service_party
from certchain.models.log import LogMode
from certchain.roles.authority import Authority
from certchain.roles.iot_device.update import DeviceUpdater
from certchain.roles.manufacturer import Manufacturer
from certchain.roles.update_server import UpdateServer
from certchain.storage import MemoryFileStore
from certchain.storage.data import PackageBytes
from certchain.verification.statement import Identity
from tests.faults import Fuse, fused_ledger, fused_store

NOON = 1_700_000_000


@dataclass(slots=True)
class TestClock:
    """A clock that stands still until a test moves it."""

    __test__ = False

    seconds: int = NOON

    def now(self) -> int:
        return self.seconds

    def monotonic(self) -> float:
        return float(self.seconds)


ROLES = {
    "authority": "authority",
    "approver": "approver",
    "second approver": "approver",
    "manufacturer": "manufacturer",
    "rival": "manufacturer",
    "certification server": "certification_server",
}


class MemoryAccounts:
    """Ledgers by a person's name, on one in-memory network, with the roles they need."""

    def __init__(self, approvals_required: int = 1, mode: LogMode = LogMode.RECORDED) -> None:
        self.network = MemoryNetwork(TestClock(), approvals_required, login_log_mode=mode)
        self.ledgers: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        if name not in self.ledgers:
            self.ledgers[name] = self.network.ledger("0x" + secrets.token_hex(20))
            if name in ROLES:
                admin = self.network.ledger(self.network.admin)
                admin.permissions.grant(ROLES[name], self.ledgers[name].account)
        return self.ledgers[name]


@dataclass(slots=True)
class Industry:
    """All the parties. ``restart`` builds every role anew over the stores and keys that survive a power cut."""

    account: Callable[[str], Any] = field(default_factory=MemoryAccounts)
    fuse: Fuse = field(default_factory=Fuse)
    clock: TestClock = field(default_factory=TestClock)
    approver_names: tuple[str, ...] = ("approver",)
    stores: dict[str, MemoryFileStore] = field(default_factory=dict)
    identities: dict[str, Identity] = field(default_factory=dict)
    authority: Authority = field(init=False)
    manufacturer: Manufacturer = field(init=False)
    rival: Manufacturer = field(init=False)
    update_server: UpdateServer = field(init=False)
    devices: dict[str, DeviceUpdater] = field(default_factory=dict)
    products: dict[str, ProductId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = KeyPair.generate()
        service = self.account("authority").registrations.enrol_service(keys.public)
        self.identities["authority"] = Identity(self.network, service_party(service), keys)
        self._start_authority()
        for name in ("manufacturer", "rival"):
            keys = KeyPair.generate()
            service = self.authority.enrol_manufacturer(self.account(name).account, keys.public)
            self.identities[name] = Identity(self.network, service_party(service), keys)
        self.restart()

    @property
    def network(self) -> bytes:
        return bytes(self.account("authority").network)

    def restart(self) -> None:
        """Every process of the industry starts again."""
        self._start_authority()
        self.manufacturer, self.rival = self._manufacturer("manufacturer"), self._manufacturer("rival")
        self.update_server = UpdateServer(
            self.ledger("update server"), self.store("update server"), self.authority.manufacturers()
        )
        for name in self.devices:
            self._start_device(name)

    def ledger(self, name: str) -> Any:
        return fused_ledger(self.account(name), self.fuse)

    def store(self, name: str) -> Any:
        return fused_store(self.stores.setdefault(name, MemoryFileStore()), self.fuse)

    def to_authority(self) -> MemoryChannel:
        return MemoryChannel(self.authority.answer, asker=NOBODY, answerer=self.identities["authority"].party)

    def to_update_server(self) -> MemoryChannel:
        return anyones(self.update_server.answer)

    def to_device(self, name: str) -> MemoryChannel:
        return MemoryChannel(self.devices[name].answer, asker=NOBODY, answerer=self.identities[name].party)

    def product(self, name: str = "lamp") -> ProductId:
        if name not in self.products:
            self.products[name] = self.manufacturer.register_product(name, "rev-c")
        return self.products[name]

    def release(self, version: int, data: bytes, product: str = "lamp") -> PublishedPackage:
        """R1–R7."""
        return self.manufacturer.release(
            self.product(product), version, PackageBytes(data), self.to_authority(), self.to_update_server()
        )

    def begin_upload(self, by: str, package: PublishedPackage, channel: MemoryChannel | None = None) -> UploadProgress:
        """R7's first message, signed by whoever ``by`` is for the channel it goes over."""
        channel = channel or self.to_update_server()
        return channel.request(self.identities[by].sign(Publication(package, channel.binding)), UploadProgress)

    def device(self, name: str, product: str = "lamp") -> DeviceUpdater:
        """The device of this name, enrolled when it is first asked for."""
        if name not in self.devices:
            keys = KeyPair.generate()
            device: DeviceId = self.account("certification server").registrations.enrol_device(keys.public)
            self.identities[name] = Identity(self.network, device_party(device), keys)
            self.product(product)
            self._start_device(name, product)
        return self.devices[name]

    def _start_authority(self) -> None:
        approvers = [self.ledger(name) for name in self.approver_names]
        self.authority = Authority(
            self.identities["authority"], self.ledger("authority"), self.store("authority"), self.clock, approvers
        )

    def _manufacturer(self, name: str) -> Manufacturer:
        return Manufacturer(self.identities[name], self.ledger(name), self.store(name), self._authority_id)

    def _start_device(self, name: str, product: str | None = None) -> None:
        number = self.products[product] if product else self.devices[name].product
        self.devices[name] = DeviceUpdater(
            self.identities[name],
            number,
            self.ledger(name),
            self.store(name),
            self.clock,
            self._authority_id,
            self.to_authority(),
            self.to_update_server(),
        )

    @property
    def _authority_id(self) -> ServiceId:
        return ServiceId(self.identities["authority"].party.number)


def anyones(handler: Handler) -> MemoryChannel:
    """A channel between two that nobody has to know: in an update, the messages' own signatures say who speaks."""
    return MemoryChannel(handler, asker=NOBODY, answerer=NOBODY)


_marks = itertools.count(1)


def firmware(length: int = 200_000) -> bytes:
    """A firmware image that no other test has: random, with a header that says which it is."""
    mark = f"firmware {next(_marks)}\n".encode()
    return (mark + secrets.token_bytes(length))[:length]
