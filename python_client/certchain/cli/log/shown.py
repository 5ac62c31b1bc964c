"""An entry of the log as it is shown."""

from dataclasses import fields

from certchain.cli.output import Values
from certchain.cli.record import DeviceRecord, Numbered, UserDeviceRecord, UserRecord
from certchain.cli.workspace import Workspace
from certchain.encoding.kind import KIND_OF
from certchain.encoding.moment import moment
from certchain.models.entry import LogEntry, LoginEntry
from certchain.models.log import LoggedEntry, LogLeaf

COLUMNS = ("entry", "at", "kind", "outcome", "step", "reason", "user", "user_device", "device", "proven", "on_chain")
_NOTHING = {field.name: None for field in fields(LoginEntry)}


def shown(leaf: LogLeaf, entry: LogEntry | None) -> dict[str, object]:
    """A leaf and what was logged there, erased for ``None``: the same values for each kind of entry."""
    kind = "erased" if entry is None else KIND_OF[type(entry)]
    said = {} if entry is None else {field.name: _plain(getattr(entry, field.name)) for field in fields(entry)}
    return {"entry": leaf.index, "at": moment(leaf.at), "kind": kind, **_NOTHING, **said}


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


def _plain(value: object) -> object:
    """No text is shown as none; whoever a record is about by kind and number."""
    return None if value == "" else value
