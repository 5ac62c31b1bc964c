"""The log served to others: its public part, and to whoever may write, its submissions."""

import secrets
from pathlib import Path
from typing import Annotated

import typer
from fastapi import FastAPI

from certchain.cli.command import command
from certchain.cli.log.noun import log
from certchain.cli.output import Result
from certchain.cli.self_check import require_unchanged
from certchain.cli.workspace import Workspace
from certchain.config.file import write_whole
from certchain.encoding.note import vkey
from certchain.errors import StorageUnavailable
from certchain.models.note import KeyType, NoteKey
from certchain.services import engine_app, published_app, serve

Host = Annotated[str, typer.Option(help="The address of this machine to listen at.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0 for any free port.")]
_TOKEN = "appender.token"  # noqa: S105 - the file's name
_TOKEN_BYTES = 32


@command(log, "serve", beside_others=True)
def serve_log(
    workspace: Workspace,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    accept: Annotated[
        bool, typer.Option("--accept", help="Be the log's writer, and take entries from whoever has the token.")
    ] = False,
) -> None:
    """Serves checkpoint, tiles and a page that follows the log, until Ctrl-C.

    Without --accept it only reads, beside the other commands of this home. With it, it is the log's writer: it publishes, brings the
    chain up to the log, takes entries from whoever has the token in log/appender.token, and has the home for itself: until it is
    stopped, other commands of this home wait for it ten seconds and then fail, and so does an audit that reads what entries say
    (one with --url reads what everyone may see, beside it).
    """
    if accept:
        workspace.alone_in(workspace.home.folder)
        app = engine_app(workspace.log.engine, _token(workspace.home.log / _TOKEN))
    else:
        log = workspace.log.beside
        app = published_app(log.store, log.files)
    serve_until_stopped(workspace, app, host, port)


@command(log, "key", beside_others=True)
def key(workspace: Workspace) -> Result:
    """Shows the log's name and verifier key (C2SP), which witnesses and mirrors are told."""
    known = NoteKey(workspace.log.origin, KeyType.ED25519, workspace.log.server_keys.signing)
    return Result(f"Checkpoints of {known.name} are signed by this key.", {"log": known.name, "key": vkey(known)})


def serve_until_stopped(workspace: Workspace, app: FastAPI, host: str, port: int) -> None:
    """Serves until Ctrl-C or a termination; says where, once it answers. Raises what ``require_unchanged`` raises."""
    require_unchanged(workspace)

    def announce(line: str) -> None:
        workspace.output.line(f"{line}; stop it with Ctrl-C.", {"address": line.rpartition(" ")[2]})

    serve(app, host, port, announce)


def _token(path: Path) -> str:
    """The token that appenders show; made when there is none. Raises ``StorageUnavailable``."""
    try:
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(_TOKEN_BYTES).encode(), new=True)
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise StorageUnavailable(str(problem)) from problem
