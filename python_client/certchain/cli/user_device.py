"""`certchain user-device`: the phones, tablets and computers from which people control IoT devices."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import Name, Reason
from certchain.cli.command import command, noun
from certchain.cli.enrolling import PARTY_KEYS
from certchain.cli.output import Result, listed
from certchain.cli.party import Cast, user_device_information
from certchain.cli.record import UserDeviceRecord
from certchain.cli.rotation import fresh_pair, take_fresh_pair
from certchain.cli.workspace import Workspace
from certchain.encoding.moment import moment
from certchain.models.identifier import UserDeviceId, user_device_party

user_device = noun("user-device", "The phones, tablets and computers from which people control IoT devices.")

Model = Annotated[str, typer.Option(help="Its model.", show_default=False)]
Platform = Annotated[str, typer.Option(help="Its platform.", show_default=False)]
AppName = Annotated[str, typer.Option(help="The app on it, by name.", show_default=False)]
AppVersion = Annotated[str, typer.Option(help="The app's version.", show_default=False)]
AppFolder = Annotated[Path, typer.Option(help="The folder with the app's files.", show_default=False)]
_INSTANCE_LENGTH = 16


def new_instance() -> str:
    """What tells an installation of an app from every other."""
    return secrets.token_hex(_INSTANCE_LENGTH)


@command(user_device, "enrol")
def enrol(
    workspace: Workspace,
    name: Name,
    *,
    model: Model,
    platform: Platform,
    app: AppName,
    app_version: AppVersion,
    app_folder: AppFolder,
) -> Result:
    """Makes a user device's keys and enrols it on the chain."""
    folder = workspace.records.require_new(UserDeviceRecord, name)
    keys = workspace.keyring.made_pair(folder / PARTY_KEYS).public
    instance = new_instance()
    draft = UserDeviceRecord(0, model, platform, instance, app, app_version, str(app_folder.absolute()))
    enrolment = Cast(workspace).certification_server.enrolment
    number = enrolment.enrol_user_device(user_device_information(draft), keys)
    record = UserDeviceRecord(number, model, platform, instance, app, app_version, draft.app_folder)
    workspace.records.write(name, record)
    return Result(f"User device {name} is enrolled as number {number}.", _values(name, record))


@command(user_device, "lost")
def lost(workspace: Workspace, name: Name, *, reason: Reason = "") -> Result:
    """Reports a user device, by name or number, as lost or stolen: all its registrations are suspended at once."""
    number = UserDeviceId(workspace.records.number(UserDeviceRecord, name))
    suspended = Cast(workspace).operations().report_lost(number, reason)
    values = {"user_device": name, "suspended": list(suspended)}
    return Result(f"{len(suspended)} registrations of {name} are suspended.", values)


@command(user_device, "list")
def show_all(workspace: Workspace) -> Result:
    """Lists the user devices that this home knows."""
    values = [_values(name, record) for name, record in workspace.records.all(UserDeviceRecord).items()]
    return listed("user device", values)


@command(user_device, "show")
def show(workspace: Workspace, name: Name) -> Result:
    """Shows a user device, with every key that the chain has had for it."""
    record = workspace.records.read(UserDeviceRecord, name)
    keys = workspace.reader.registrations.keys(user_device_party(UserDeviceId(record.number)))
    values = {**_values(name, record), "keys": [key.thumbprint for key in keys], "keys_since": moment(keys[-1].since)}
    return Result(f"User device {name} has had {len(keys)} key pairs; the last is in force.", values)


@command(user_device, "rotate-keys")
def rotate_keys(workspace: Workspace, name: Name) -> Result:
    """Puts fresh keys in force, as after a loss; the user device's registrations have to be made again."""
    record = workspace.records.read(UserDeviceRecord, name)
    folder = workspace.records.folder(UserDeviceRecord, name)
    keys = fresh_pair(workspace, folder).public
    Cast(workspace).certification_server.enrolment.rotate_user_device_keys(UserDeviceId(record.number), keys)
    take_fresh_pair(folder)
    return Result(f"User device {name} has fresh keys; supersede its registrations.", _values(name, record))


def _values(name: str, record: UserDeviceRecord) -> dict[str, object]:
    return {
        "name": name,
        "number": record.number,
        "model": record.model,
        "platform": record.platform,
        "app": record.app,
        "app_version": record.app_version,
        "app_folder": record.app_folder,
    }
