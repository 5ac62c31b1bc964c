"""What several commands of the log take: whom entries are about, which witnesses count, files."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from certchain.channel.tiles import HttpLogSource
from certchain.cli.record import DeviceRecord, Numbered, UserDeviceRecord, UserRecord
from certchain.cli.workspace import Workspace
from certchain.encoding.note import parse_vkey
from certchain.errors import MalformedValue, StorageUnavailable
from certchain.models.entry import Subject, SubjectKind
from certchain.models.note import KeyType

User = Annotated[str | None, typer.Option("--user", help="A user, by name or number.", show_default=False)]
UserDevice = Annotated[
    str | None, typer.Option("--user-device", help="A user device, by name or number.", show_default=False)
]
Device = Annotated[str | None, typer.Option("--device", help="An IoT device, by name or number.", show_default=False)]
Reason = Annotated[str, typer.Option(help="Why; it stays in the log.", show_default=False)]
Witnesses = Annotated[
    list[str] | None,
    typer.Option("--witness", help="A witness's verifier key; may be given several times.", show_default=False),
]
Quorum = Annotated[int, typer.Option(help="How many of the witnesses have to have cosigned.", min=0)]
Thumbprint = Annotated[
    str | None,
    typer.Option(help="The log server's key thumbprint (sha-256:…), as the chain or the server tells it."),
]
Since = Annotated[str | None, typer.Option(help="From this time on (RFC 3339; a date will do).", show_default=False)]
Until = Annotated[str | None, typer.Option(help="Before this time.", show_default=False)]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Where the log, or a mirror of it, is served; else the one here.", show_default=False),
]
Urls = Annotated[
    list[str] | None,
    typer.Option("--url", help="The same; given again, where others read it, to be compared.", show_default=False),
]


def number(workspace: Workspace, kind: type[Numbered], given: str | None) -> int | None:
    """The number of a party that is given by number, or by its name here. Raises ``UnknownRecord``."""
    if given is None or given.isdecimal():
        return None if given is None else int(given)
    return workspace.records.read(kind, given).number


def subject(workspace: Workspace, user: str | None, user_device: str | None, device: str | None) -> Subject:
    """The one subject that is meant. Raises ``MalformedValue`` for none or several."""
    given = (
        (SubjectKind.USER, number(workspace, UserRecord, user)),
        (SubjectKind.USER_DEVICE, number(workspace, UserDeviceRecord, user_device)),
        (SubjectKind.DEVICE, number(workspace, DeviceRecord, device)),
    )
    found = [Subject(kind, each) for kind, each in given if each is not None]
    if len(found) != 1:
        raise MalformedValue("subject", "it is one of --user, --user-device and --device")
    return found[0]


def witness_keys(vkeys: list[str] | None) -> dict[str, bytes]:
    """The Ed25519 public keys of witnesses by their names. Raises ``MalformedValue`` for a key that does not cosign."""
    keys = [parse_vkey(vkey) for vkey in vkeys or ()]
    if any(key.type is not KeyType.COSIGNATURE for key in keys):
        raise MalformedValue("witness", "it is not the key of one that cosigns")
    return {key.name: key.value for key in keys}


def seconds(name: str, given: str | None) -> int | None:
    """A time as seconds since the epoch; one without a zone is in UTC. Raises ``MalformedValue``."""
    if given is None:
        return None
    try:
        time = datetime.fromisoformat(given)
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise MalformedValue(name, f"{given!r} is not a time as in RFC 3339") from None


def served_source(workspace: Workspace, url: str) -> HttpLogSource:
    """A log where it is served. Raises ``MalformedValue`` for what is no address."""
    source = HttpLogSource(url)
    workspace.closing.callback(source.close)
    return source


def read_file(path: Path) -> bytes:
    """A file that somebody brings. Raises ``StorageUnavailable``."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem


def read_note(path: Path) -> str:
    """A checkpoint that somebody brings. Raises ``StorageUnavailable``, ``MalformedValue`` for what is no text."""
    try:
        return read_file(path).decode()
    except UnicodeDecodeError:
        raise MalformedValue("note", f"{path} is not UTF-8") from None


def write_file(path: Path, content: bytes) -> None:
    """A file for somebody. Raises ``StorageUnavailable``."""
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise StorageUnavailable(str(problem)) from problem
