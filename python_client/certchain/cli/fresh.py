"""Fresh keys for an IoT device or a user device in a home of its own, as after a loss: asked for, and taken up."""

from pathlib import Path

from certchain.cli.argument import File, Name, Out
from certchain.cli.command import command
from certchain.cli.device import device
from certchain.cli.enrolling import MOST_BYTES, Candidate
from certchain.cli.enrolment import asked
from certchain.cli.file import read_file
from certchain.cli.output import Result
from certchain.cli.party import user_device_information
from certchain.cli.record import DeviceRecord, UserDeviceRecord
from certchain.cli.rotation import fresh_folder, is_certified, take_fresh_pair
from certchain.cli.user_device import user_device
from certchain.cli.workspace import Workspace
from certchain.encoding.message import from_cbor
from certchain.models.enrolment import EnrolmentAnswer
from certchain.models.identifier import DeviceId, Party, UserDeviceId, device_party, user_device_party
from certchain.models.production import DeviceDescription


@command(device, "request-fresh")
def request_device(workspace: Workspace, name: Name, *, out: Out) -> Result:
    """Makes fresh keys for an IoT device of this home, and a request for `certchain enrol --instead-of`; its old ones serve until then."""
    record = workspace.records.read(DeviceRecord, name)
    candidate = _candidate(workspace, DeviceRecord, name, device_party(DeviceId(record.number)))
    return asked(candidate, DeviceDescription(record.manufacturer, record.model, record.serial), out)


@command(device, "accept-fresh")
def accept_device(workspace: Workspace, name: Name, file: File) -> Result:
    """Takes up the fresh keys, once they are in force; the device's registrations have to be made again. It must not be running."""
    party = device_party(DeviceId(workspace.records.read(DeviceRecord, name).number))
    workspace.alone_in(workspace.records.folder(DeviceRecord, name))
    return _accepted(workspace, DeviceRecord, name, party, file)


@command(user_device, "request-fresh")
def request_user_device(workspace: Workspace, name: Name, *, out: Out) -> Result:
    """Makes fresh keys for a user device of this home, as after a loss, and a request for `certchain enrol --instead-of`."""
    record = workspace.records.read(UserDeviceRecord, name)
    candidate = _candidate(workspace, UserDeviceRecord, name, user_device_party(UserDeviceId(record.number)))
    return asked(candidate, user_device_information(record), out)


@command(user_device, "accept-fresh")
def accept_user_device(workspace: Workspace, name: Name, file: File) -> Result:
    """Takes up the fresh keys, once they are in force; the user device's registrations have to be made again."""
    party = user_device_party(UserDeviceId(workspace.records.read(UserDeviceRecord, name).number))
    return _accepted(workspace, UserDeviceRecord, name, party, file)


def _candidate(workspace: Workspace, kind: type, name: str, party: Party) -> Candidate:
    return Candidate(workspace, fresh_folder(workspace.records.folder(kind, name)), party.kind)


def _accepted(workspace: Workspace, kind: type, name: str, party: Party, file: Path) -> Result:
    """Verified first and kept whole; a second try after an interruption goes on from there."""
    folder = workspace.records.folder(kind, name)
    if not is_certified(folder):
        _candidate(workspace, kind, name, party).accept(from_cbor(EnrolmentAnswer, read_file(file, MOST_BYTES)), party)
    take_fresh_pair(folder)
    values = {"name": name, "kind": party.kind, "number": party.number}
    return Result(f"{name} has fresh keys; have its registrations permitted, and supersede them.", values)
