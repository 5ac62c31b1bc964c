"""`certchain registration`: which user device may be certified for which IoT device."""

from enum import StrEnum
from typing import Annotated

import typer

from certchain.cli.argument import DeviceName, RegistrationNumber, SecretFile, UserDeviceName, UserName
from certchain.cli.command import command, noun
from certchain.cli.output import Result, listed
from certchain.cli.party import Cast
from certchain.cli.record import DeviceRecord, UserDeviceRecord, UserRecord
from certchain.cli.secret import read_user_secret
from certchain.cli.workspace import Workspace
from certchain.encoding.moment import moment
from certchain.errors import AlreadyRegistered, RegistrationRefused
from certchain.ledger import Ledger
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, UserDeviceId, UserId
from certchain.models.registration import Registration, RegistrationStatus

registration = noun("registration", "Which user device may be certified for which IoT device.")

_LIVE = (RegistrationStatus.ACTIVE, RegistrationStatus.SUSPENDED)
_PAGE = 100


class Way(StrEnum):
    """The two ways in: to the certification server directly, or by way of the IoT device."""

    SERVER = "server"
    DEVICE = "device"


Via = Annotated[Way, typer.Option(help="Whom the user device hands its application to.")]
Method = Annotated[int, typer.Option(help="The combination method, by number.", min=1)]


@command(registration, "register")
def register(
    workspace: Workspace,
    *,
    user: UserName,
    user_device: UserDeviceName,
    device: DeviceName,
    method: Method = 1,
    via: Via = Way.SERVER,
    secret_file: SecretFile = None,
) -> Result:
    """Registers a pair that has no live registration, or fetches the answer that was lost the last time."""
    latest = _latest(workspace, user_device, device)
    if latest and latest.status in _LIVE and not _unheld(workspace, user_device, latest):
        raise AlreadyRegistered(latest.user_device, latest.device, latest.id)
    secret = read_user_secret(secret_file, new=True)
    return _registered(workspace, (user, user_device, device), method, via, secret)


@command(registration, "supersede")
def supersede(
    workspace: Workspace,
    *,
    user: UserName,
    user_device: UserDeviceName,
    device: DeviceName,
    method: Method = 1,
    via: Via = Way.SERVER,
    secret_file: SecretFile = None,
) -> Result:
    """Registers a pair anew, in place of its live registration."""
    latest = _latest(workspace, user_device, device)
    if latest is None or latest.status not in _LIVE:
        raise RegistrationRefused("the pair has no live registration to supersede")
    secret = read_user_secret(secret_file, new=True)
    return _registered(workspace, (user, user_device, device), method, via, secret)


@command(registration, "suspend")
def suspend(workspace: Workspace, number: RegistrationNumber) -> Result:
    """Suspends a registration, as after a loss: it certifies nobody."""
    Cast(workspace).operations().suspend(RegistrationId(number))
    return _shown(workspace, f"Registration {number} is suspended.", number)


@command(registration, "reinstate")
def reinstate(workspace: Workspace, number: RegistrationNumber) -> Result:
    """Reinstates a suspended registration."""
    Cast(workspace).operations().reinstate(RegistrationId(number))
    return _shown(workspace, f"Registration {number} is active again.", number)


@command(registration, "revoke")
def revoke(workspace: Workspace, number: RegistrationNumber) -> Result:
    """Revokes a registration for good."""
    Cast(workspace).operations().revoke(RegistrationId(number))
    return _shown(workspace, f"Registration {number} is revoked for good.", number)


@command(registration, "redivide")
def redivide(workspace: Workspace, number: RegistrationNumber) -> Result:
    """Gives the custodians fresh shares of the key that seals a registration's key data; the old ones are worth nothing then."""
    Cast(workspace).operations().redivide(RegistrationId(number))
    return _shown(workspace, f"The key of registration {number} is divided anew.", number)


@command(registration, "permit")
def permit(workspace: Workspace, *, user: UserName, user_device: UserDeviceName, device: DeviceName) -> Result:
    """Permits one registration of a user's user device for an IoT device, soon; each by its name here, or by its number."""
    records = workspace.records
    wanted = (
        UserId(records.number(UserRecord, user)),
        UserDeviceId(records.number(UserDeviceRecord, user_device)),
        DeviceId(records.number(DeviceRecord, device)),
    )
    Cast(workspace).operations().permit(*wanted)
    return Result("One registration is permitted.", dict(zip(("user", "user_device", "device"), wanted, strict=True)))


@command(registration, "list")
def show_all(workspace: Workspace) -> Result:
    """Lists the registrations on the chain."""
    ledger = workspace.reader.registrations
    found = list[Registration]()
    while page := ledger.registrations(RegistrationId(len(found) + 1), _PAGE) if ledger.registration_count() else ():
        found.extend(page)
    return listed("registration", [_values(workspace, entry) for entry in found])


@command(registration, "show")
def show(workspace: Workspace, number: RegistrationNumber) -> Result:
    """Shows a registration as the chain has it."""
    return _shown(workspace, f"Registration {number}:", number)


@command(registration, "history")
def history(workspace: Workspace, number: RegistrationNumber) -> Result:
    """Shows all that happened to a registration and to the pair's registrations before it, oldest first."""
    ledger, moves = workspace.reader, list[dict[str, object]]()
    current: RegistrationId | None = RegistrationId(number)
    while current is not None:
        entry = ledger.registrations.registration(current)
        moves = [*_moves(ledger, entry), *moves]
        current = entry.previous
    return Result(f"Registration {number} and those before it:", moves)


def _registered(workspace: Workspace, names: tuple[str, str, str], method: int, via: Way, secret: str) -> Result:
    """Registers with an operator's permit; a registration without the IoT device is made known to it afterwards."""
    cast, (user_name, user_device_name, device_name) = Cast(workspace), names
    user = UserId(workspace.records.read(UserRecord, user_name).number)
    asker = cast.user_device_party(user_device_name)
    device = DeviceId(cast.device_party(device_name).number)
    to_device = cast.device_channel(device_name, asker)
    if not cast.is_joined:  # elsewhere an operator has permitted it
        cast.operations().permit(user, UserDeviceId(asker.number), device)
    user_device = cast.user_device(user_device_name)
    channel = to_device if via is Way.DEVICE else cast.server_channel(asker)
    grant = user_device.register(channel, user, device, MethodNumber(method), secret)
    if via is Way.SERVER:
        user_device.introduce(to_device, device)
    return _shown(workspace, f"{user_device_name} is registered for {device_name}.", grant.registration)


def _unheld(workspace: Workspace, user_device: str, latest: Registration) -> bool:
    """Whether the registration answers an application that the user device has not heard of since."""
    pending = Cast(workspace).user_device(user_device).pending(latest.device)
    return pending is not None and pending.previous == latest.previous


def _latest(workspace: Workspace, user_device: str, device: str) -> Registration | None:
    ledger = workspace.reader.registrations
    pair = (
        UserDeviceId(workspace.records.read(UserDeviceRecord, user_device).number),
        DeviceId(Cast(workspace).device_party(device).number),
    )
    latest = ledger.latest_registration(*pair)
    return None if latest is None else ledger.registration(latest)


def _shown(workspace: Workspace, sentence: str, number: int) -> Result:
    return Result(sentence, _values(workspace, workspace.reader.registrations.registration(RegistrationId(number))))


def _values(workspace: Workspace, entry: Registration) -> dict[str, object]:
    return {
        "number": entry.id,
        "user_device": workspace.records.name_of(UserDeviceRecord, entry.user_device) or entry.user_device,
        "device": workspace.records.name_of(DeviceRecord, entry.device) or entry.device,
        "method": entry.method,
        "version": entry.version,
        "risk": entry.risk,
        "status": entry.status,
        "registered_at": moment(entry.registered_at),
        "commitment": entry.commitment,
        "previous": entry.previous,
    }


def _moves(ledger: Ledger, entry: Registration) -> list[dict[str, object]]:
    count = ledger.registrations.status_change_count(entry.id)
    changes = ledger.registrations.status_changes(entry.id, 0, count)
    made: dict[str, object] = {
        "number": entry.id,
        "status": RegistrationStatus.ACTIVE,
        "at": moment(entry.registered_at),
        "by": None,
    }
    return [
        made,
        *({"number": entry.id, "status": move.status, "at": moment(move.at), "by": move.by} for move in changes),
    ]
