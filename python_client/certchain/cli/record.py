"""Small readable files in the home folder: what the command line knows of a party by its name."""

import re
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TypeVar, get_origin

import tomli_w

from certchain.errors import ConfigurationInvalid, MalformedValue, RecordExists, UnknownRecord
from certchain.ledger.deployment import write_settings

AUTHORITY = "authority"
CERTIFICATION_SERVER = "certification-server"
MANUFACTURER = "manufacturer"
AUDITOR = "auditor"
SERVICES = (AUTHORITY, CERTIFICATION_SERVER, MANUFACTURER, AUDITOR)
"""The services of a home beside custodians, by the names of their records, keys and accounts."""

_FILE = "record.toml"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def custodian_names(count: int) -> tuple[str, ...]:
    """The names of the custodians that a home has itself."""
    return tuple(f"custodian-{number}" for number in range(1, count + 1))


CUSTODIANS = custodian_names(5)
"""The custodians of a home that has everyone: as many as keep the shares of key data of high risk."""


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """An IoT device; ``product`` is the number of the product that it is one of, 0 for none."""

    number: int
    manufacturer: str
    model: str
    serial: str
    product: int


@dataclass(frozen=True, slots=True)
class UserDeviceRecord:
    """A user device, with the app on it: its name, its version and the folder with its files."""

    number: int
    model: str
    platform: str
    app_instance: str
    app: str
    app_version: str
    app_folder: str


@dataclass(frozen=True, slots=True)
class UserRecord:
    """A user; the name is in the management database, too."""

    number: int


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """A product line on a hardware model."""

    number: int
    line: str
    hardware_model: str


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """An enrolled service with its public keys, in hex."""

    number: int
    signing: str
    exchange: str


@dataclass(frozen=True, slots=True)
class WitnessRecord:
    """A witness: what it is called in cosignatures, and the verifier keys of the logs that it knows."""

    key_name: str
    logs: list[str]


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """An IoT device of another home, and where it answers (coap://HOST:PORT)."""

    number: int
    address: str


Record = TypeVar(
    "Record", ContactRecord, DeviceRecord, UserDeviceRecord, UserRecord, ProductRecord, ServiceRecord, WitnessRecord
)
Numbered = TypeVar("Numbered", DeviceRecord, UserDeviceRecord, UserRecord, ProductRecord, ServiceRecord)

KINDS: dict[type, str] = {
    DeviceRecord: "device",
    UserDeviceRecord: "user-device",
    UserRecord: "user",
    ProductRecord: "product",
    ServiceRecord: "service",
    WitnessRecord: "witness",
    ContactRecord: "contact",
}


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a home folder, each in the folder of its party: ``<kind>/<name>/record.toml``."""

    home: Path

    def folder(self, kind: type, name: str) -> Path:
        """The folder of a party. Raises ``MalformedValue`` for a name that is not one."""
        if not _NAME.fullmatch(name):
            raise MalformedValue(f"name {name!r}", "it has to be 1 to 40 of a-z, 0-9 and -")
        return self.home / KINDS[kind] / name

    def require_new(self, kind: type, name: str) -> Path:
        """The folder for a party that has no record yet. Raises ``RecordExists``."""
        folder = self.folder(kind, name)
        if (folder / _FILE).exists():
            raise RecordExists(KINDS[kind], name)
        return folder

    def write(
        self,
        name: str,
        record: ContactRecord
        | DeviceRecord
        | UserDeviceRecord
        | UserRecord
        | ProductRecord
        | ServiceRecord
        | WitnessRecord,
    ) -> None:
        """Keeps a record, whole and durably, in place of the one before. Raises ``ConfigurationInvalid``."""
        write_settings(self.folder(type(record), name) / _FILE, tomli_w.dumps(asdict(record)))

    def read(self, kind: type[Record], name: str) -> Record:
        """The record of that name. Raises ``UnknownRecord``, and ``ConfigurationInvalid`` for a file that was damaged."""
        path = self.folder(kind, name) / _FILE
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UnknownRecord(KINDS[kind], name) from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise ConfigurationInvalid(str(path), str(problem)) from problem
        expected = {item.name: get_origin(item.type) or item.type for item in fields(kind)}
        if expected != {field: type(value) for field, value in values.items()}:
            raise ConfigurationInvalid(str(path), f"it is no record of a {KINDS[kind]}")
        return kind(**values)

    def number(self, kind: type[Numbered], name: str) -> int:
        """The number of a party by its name here, or by the number itself, as operators know those of other homes."""
        return int(name) if name.isdecimal() else self.read(kind, name).number

    def all(self, kind: type[Numbered]) -> dict[str, Numbered]:
        """Every record of a kind by its name, in the order of their numbers."""
        names = [path.parent.name for path in (self.home / KINDS[kind]).glob(f"*/{_FILE}")]
        found = {name: self.read(kind, name) for name in names}
        return dict(sorted(found.items(), key=lambda item: item[1].number))

    def name_of(self, kind: type[Numbered], number: int) -> str | None:
        """What this home calls the party with a number; ``None`` when it knows it by no name."""
        return next((name for name, record in self.all(kind).items() if record.number == number), None)
