"""`certchain witness`: a witness (C2SP tlog-witness), who says of logs that they only grow."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import Name
from certchain.cli.command import command, noun
from certchain.cli.log.serve import Host, Port, serve_until_stopped
from certchain.cli.output import Result, Values
from certchain.cli.record import WitnessRecord
from certchain.cli.workspace import Workspace
from certchain.encoding.note import parse_vkey, vkey
from certchain.errors import MalformedValue, RecordExists, UnknownRecord
from certchain.models.note import KeyType, NoteKey
from certchain.roles.witness import Witness
from certchain.services import witness_app

witness = noun("witness", "A witness, who cosigns checkpoints of logs that only grow.")

LogKeys = Annotated[
    list[str] | None,
    typer.Option("--log", help="A log's verifier key; may be given several times.", show_default=False),
]
_KEYS, _STORE = "keys.key", "store"


@command(witness, "init")
def init(
    workspace: Workspace,
    name: Name,
    key_name: Annotated[
        str, typer.Option(help="What the witness is called in cosignatures, as a URL without its scheme.")
    ],
    log: LogKeys = None,
) -> Result:
    """Makes a witness's key, and says which logs it knows."""
    folder = workspace.records.require_new(WitnessRecord, name)
    record = WitnessRecord(key_name, _log_keys(log))
    pair = workspace.keyring.made_pair(folder / _KEYS)
    values = _values(record, NoteKey(key_name, KeyType.COSIGNATURE, pair.public.signing))
    workspace.records.write(name, record)
    return Result(f"Cosignatures of {key_name} are by this key.", values)


@command(witness, "trust")
def trust(workspace: Workspace, name: Name, log: LogKeys = None) -> Result:
    """Has a witness know more logs, or another key of one.

    Every key of a log is trusted until `certchain witness distrust`; a witness that is serving knows of either once it is started again.
    """
    record = workspace.records.read(WitnessRecord, name)
    added = [key for key in _log_keys(log) if key not in record.logs]
    if not added:
        raise RecordExists("log key", ", ".join(log or ()))
    workspace.records.write(name, WitnessRecord(record.key_name, [*record.logs, *added]))
    return Result(f"{name} knows {len(record.logs) + len(added)} keys of logs.", {"added": added})


@command(witness, "distrust")
def distrust(
    workspace: Workspace,
    name: Name,
    log: Annotated[list[str], typer.Option("--log", help="A log's verifier key; may be given several times.")],
) -> Result:
    """Has a witness count a log's key no more: for one that was replaced, once the log signs with another.

    What was cosigned under it stays what the log has to continue.
    """
    record = workspace.records.read(WitnessRecord, name)
    for key in log:
        if key not in record.logs:
            raise UnknownRecord("log key", key)
    kept = [key for key in record.logs if key not in log]
    workspace.records.write(name, WitnessRecord(record.key_name, kept))
    return Result(f"{name} knows {len(kept)} keys of logs.", {"removed": log})


@command(witness, "show")
def show(workspace: Workspace, name: Name) -> Result:
    """Shows a witness's verifier key, and the logs that it knows."""
    record = workspace.records.read(WitnessRecord, name)
    pair = workspace.keyring.pair(_folder(workspace, name) / _KEYS)
    return Result(f"{name} is called {record.key_name}.", _values(record, _key(record, pair.public.signing)))


@command(witness, "serve", beside_others=True)
def serve_witness(workspace: Workspace, name: Name, host: Host = "127.0.0.1", port: Port = 8081) -> None:
    """Cosigns for whoever asks, until Ctrl-C."""
    serve_until_stopped(workspace, witness_app(opened_witness(workspace, name)), host, port)


def opened_witness(workspace: Workspace, name: str) -> Witness:
    """The witness of that name, alone with what it keeps. Raises ``UnknownRecord``."""
    record, folder = workspace.records.read(WitnessRecord, name), _folder(workspace, name)
    logs: dict[str, list[NoteKey]] = {}
    for each in map(parse_vkey, record.logs):
        logs.setdefault(each.name, []).append(each)
    pair = workspace.keyring.pair(folder / _KEYS)
    workspace.alone_in(folder)
    return Witness(record.key_name, pair, logs, workspace.store_in(folder / _STORE), workspace.clock)


def _folder(workspace: Workspace, name: str) -> Path:
    return workspace.records.folder(WitnessRecord, name)


def _key(record: WitnessRecord, signing: bytes) -> NoteKey:
    return NoteKey(record.key_name, KeyType.COSIGNATURE, signing)


def _log_keys(given: list[str] | None) -> list[str]:
    """Raises ``MalformedValue`` for a key that signs no checkpoints."""
    keys = given or []
    if any(parse_vkey(each).type is not KeyType.ED25519 for each in keys):
        raise MalformedValue("log", "it is not the key of a log")
    return keys


def _values(record: WitnessRecord, key: NoteKey) -> Values:
    return {"name": record.key_name, "key": vkey(key), "logs": record.logs}
