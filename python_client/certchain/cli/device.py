"""`certchain device`: the IoT devices."""

from typing import Annotated

import typer

from certchain.cli.argument import Name, Number, Reason, UserName
from certchain.cli.command import command, noun
from certchain.cli.enrolling import PARTY_KEYS
from certchain.cli.output import Result, listed
from certchain.cli.party import Cast
from certchain.cli.reach import coap_address
from certchain.cli.record import ContactRecord, DeviceRecord, ProductRecord, UserRecord
from certchain.cli.rotation import fresh_pair, take_fresh_pair
from certchain.cli.workspace import Workspace
from certchain.encoding.moment import moment
from certchain.models.delivery import InstalledPackage
from certchain.models.entry import Subject, SubjectKind
from certchain.models.identifier import DeviceId, UserId, device_party

device = noun("device", "The IoT devices: enrolment, keys, logins and firmware.")

Manufacturer = Annotated[str, typer.Option(help="Who made it.", show_default=False)]
DeviceModel = Annotated[str, typer.Option(help="Its model, on which its risk level depends.", show_default=False)]
Serial = Annotated[str, typer.Option(help="Its serial number.", show_default=False)]


@command(device, "enrol")
def enrol(
    workspace: Workspace,
    name: Name,
    *,
    manufacturer: Manufacturer,
    model: DeviceModel,
    serial: Serial,
    product: Annotated[str | None, typer.Option(help="The product that it is one of, by name.")] = None,
) -> Result:
    """Makes an IoT device's keys and enrols it on the chain."""
    folder = workspace.records.require_new(DeviceRecord, name)
    number_of_product = workspace.records.read(ProductRecord, product).number if product else 0
    keys = workspace.keyring.made_pair(folder / PARTY_KEYS).public
    number = Cast(workspace).certification_server.enrolment.enrol_device(manufacturer, model, serial, keys)
    record = DeviceRecord(number, manufacturer, model, serial, number_of_product)
    workspace.records.write(name, record)
    return Result(f"Device {name} is enrolled as number {number}.", _values(name, record))


@command(device, "list")
def show_all(workspace: Workspace) -> Result:
    """Lists the IoT devices that this home knows."""
    values = [_values(name, record) for name, record in workspace.records.all(DeviceRecord).items()]
    return listed("device", values)


@command(device, "show")
def show(workspace: Workspace, name: Name) -> Result:
    """Shows an IoT device, with every key that the chain has had for it."""
    record = workspace.records.read(DeviceRecord, name)
    keys = workspace.reader.registrations.keys(device_party(DeviceId(record.number)))
    values = {**_values(name, record), "keys": [key.thumbprint for key in keys], "keys_since": moment(keys[-1].since)}
    return Result(f"Device {name} has had {len(keys)} key pairs; the last is in force.", values)


@command(device, "rotate-keys")
def rotate_keys(workspace: Workspace, name: Name) -> Result:
    """Puts fresh keys in force; the device's registrations have to be made again."""
    record = workspace.records.read(DeviceRecord, name)
    folder = workspace.records.folder(DeviceRecord, name)
    keys = fresh_pair(workspace, folder).public
    Cast(workspace).certification_server.enrolment.rotate_device_keys(DeviceId(record.number), keys)
    take_fresh_pair(folder)
    return Result(f"Device {name} has fresh keys; supersede its registrations.", _values(name, record))


@command(device, "known")
def known(
    workspace: Workspace,
    name: Name,
    *,
    number: Number,
    address: Annotated[str, typer.Option("--address", help="Where it answers: coap://HOST:PORT.", show_default=False)],
) -> Result:
    """Says where an IoT device of another home answers."""
    coap_address(address)
    workspace.records.write(name, ContactRecord(number, address))
    return Result(
        f"Device {name} is number {number}, at {address}.", {"name": name, "number": number, "address": address}
    )


@command(device, "unlock")
def unlock(workspace: Workspace, name: Name, user: UserName) -> Result:
    """Lets a user try again who was locked out after too many wrong logins, at an IoT device of this home."""
    number = workspace.records.read(UserRecord, user).number
    Cast(workspace).device(name).unlock(UserId(number))
    return Result(f"User {user} may log in to {name} again.", {"device": name, "user": user})


@command(device, "let-in")
def let_in(workspace: Workspace, name: Name, *, reason: Reason = "") -> Result:
    """Ends the certification server's lock of an IoT device, by name or number, at which too many failed."""
    subject = Subject(SubjectKind.DEVICE, workspace.records.number(DeviceRecord, name))
    index = Cast(workspace).operations().unlock(subject, reason)
    return Result(f"Device {name} is served again; entry {index} of the log says so.", {"device": name, "entry": index})


@command(device, "install")
def install(workspace: Workspace, name: Name) -> Result:
    """Installs the latest package from the update server, if the chain and the authority vouch for it (A5 to A11)."""
    updater = Cast(workspace).updater(name)
    with workspace.output.progress("Installing"):
        installed = updater.update()
    return Result(f"Device {name} runs version {updater.version()}.", _installed(name, installed))


@command(device, "update")
def update(
    workspace: Workspace,
    name: Name,
    *,
    peer: Annotated[str, typer.Option(help="Another device of the same product, by name.", show_default=False)],
) -> Result:
    """Compares versions with another device and updates the one that has the lower (A1 to A12)."""
    cast = Cast(workspace)
    updater, other = cast.updater(name), cast.updater(peer)
    with workspace.output.progress("Updating"):
        lower = updater.compare(cast.device_channel(peer, cast.device_party(name)))
    versions = {name: updater.version(), peer: other.version()}
    return Result(
        f"{name} has version {updater.version()}, {peer} {other.version()}.", {"lower": lower, "versions": versions}
    )


@command(device, "version")
def version(workspace: Workspace, name: Name) -> Result:
    """Reads the firmware that a device runs, and compares it with what was installed."""
    installed = Cast(workspace).updater(name).boot()
    return Result(f"Device {name} runs version {installed.version if installed else 0}.", _installed(name, installed))


def _installed(name: str, installed: InstalledPackage | None) -> dict[str, object]:
    return {
        "device": name,
        "version": installed.version if installed else 0,
        "pkg_id": installed.pkg_id if installed else None,
        "digest": installed.digest if installed else None,
        "length": installed.length if installed else None,
    }


def _values(name: str, record: DeviceRecord) -> dict[str, object]:
    return {
        "name": name,
        "number": record.number,
        "manufacturer": record.manufacturer,
        "model": record.model,
        "serial": record.serial,
        "product": record.product or None,
    }
