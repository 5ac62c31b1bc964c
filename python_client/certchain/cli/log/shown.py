"""An entry of the log as it is shown."""

from collections.abc import Iterable
from dataclasses import fields

from certchain.cli.output import Values
from certchain.cli.record import DeviceRecord, Numbered, UserDeviceRecord, UserRecord
from certchain.cli.workspace import Workspace
from certchain.encoding.kind import KIND_OF
from certchain.encoding.moment import moment
from certchain.models.entry import (
    AppEntry,
    ErasureEntry,
    HoldEntry,
    LogEntry,
    LoginEntry,
    ReleaseEntry,
    UnlockEntry,
)
from certchain.models.log import LoggedEntry, LogLeaf

_COLUMNS = (
    *("entry", "at", "kind", "subject", "outcome", "step", "reason"),
    *("user", "user_device", "device", "proven", "on_chain"),
)
_NOTHING = dict.fromkeys(("subject", *(field.name for field in fields(LoginEntry))))


def columns(rows: Iterable[Values]) -> tuple[str, ...]:
    """What people are shown of entries; the subject only where one of them has it, because logins have none and fill the line."""
    decided = any(row["subject"] is not None for row in rows)
    return tuple(name for name in _COLUMNS if decided or name != "subject")


def shown(leaf: LogLeaf, entry: LogEntry | None) -> dict[str, object]:
    """A leaf and what was logged there, erased for ``None``: what a login says has a value for each kind of entry."""
    kind = "erased" if entry is None else KIND_OF[type(entry)]
    said = {} if entry is None else {field.name: _plain(getattr(entry, field.name)) for field in fields(entry)}
    return {"entry": leaf.index, "at": moment(leaf.at), "kind": kind, **_NOTHING, **said, **_about(entry)}


def named(workspace: Workspace, logged: LoggedEntry) -> Values:
    """An entry with the names that this home has for its parties."""
    values = shown(logged.leaf, None if logged.body is None else logged.body.entry)
    return {
        **values,
        "user": _name(workspace, UserRecord, values["user"]),
        "user_device": _name(workspace, UserDeviceRecord, values["user_device"]),
        "device": _name(workspace, DeviceRecord, values["device"]),
    }


def _name(workspace: Workspace, kind: type[Numbered], number: object) -> str | int | None:
    return workspace.records.name_of(kind, number) or number if isinstance(number, int) else None


def _about(entry: LogEntry | None) -> Values:
    """Whom or what a record is about, and how it was decided about an app: under the names that an export has for it."""
    match entry:
        case HoldEntry() | ReleaseEntry():
            return {"subject": entry.held}
        case ErasureEntry():
            return {"subject": entry.erased}
        case UnlockEntry():
            return {"subject": entry.unlocked}
        case AppEntry():
            until = moment(entry.until) if entry.until else None
            return {"subject": f"app {entry.app} {entry.version}", "outcome": entry.status, "until": until}
        case _:
            return {}


def _plain(value: object) -> object:
    """No text is shown as none; whoever a record is about by kind and number."""
    return None if value == "" else value
