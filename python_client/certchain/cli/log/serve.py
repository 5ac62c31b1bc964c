"""The log served to others: its public part, and to whoever may write, its submissions."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from certchain.cli.command import command
from certchain.cli.home_log import HomeLog
from certchain.cli.log.noun import log
from certchain.cli.output import Result
from certchain.cli.workspace import Workspace, held_home
from certchain.config.file import write_whole
from certchain.encoding.note import vkey
from certchain.errors import StorageUnavailable
from certchain.log import LogEngine
from certchain.models.note import KeyType, NoteKey
from certchain.services import Submission, log_app, serve

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
    chain up, takes entries, and has the home for itself.
    """
    told = workspace.output.note
    if not accept:
        app = log_app(workspace.log.beside, anchored=workspace.log.anchored_beside)
        serve(app, host, port, announce=told)
        return
    with held_home(workspace.home), _kept(workspace.log) as engine:
        submission = Submission(engine.writer, engine.anchor.behind, _token(workspace.home.log / _TOKEN))
        app = log_app(
            workspace.log.published,
            anchored=engine.publication.anchored,
            more_status=lambda: _status(engine),
            submission=submission,
        )
        serve(app, host, port, announce=told)


@command(log, "key", beside_others=True)
def key(workspace: Workspace) -> Result:
    """Shows the log's name and verifier key (C2SP), which witnesses and mirrors are told."""
    known = NoteKey(workspace.log.origin, KeyType.ED25519, workspace.log.server_keys.signing)
    return Result(f"Checkpoints of {known.name} are signed by this key.", {"log": known.name, "key": vkey(known)})


@contextmanager
def _kept(log: HomeLog) -> Iterator[LogEngine]:
    """While within, the log is published and brought to the chain; and a last time at the end, if that can be."""
    engine = log.engine
    engine.keeper.start()
    try:
        yield engine
    finally:
        engine.keeper.stop()


def _status(engine: LogEngine) -> Mapping[str, Any]:
    status = engine.keeper.status()
    return {
        "durable_size": status.size,
        "chain_size": status.chain_size,
        "behind": status.behind,
        "published_at": status.published_at,
        "publication_problem": status.publication_problem,
        "anchor_problem": status.anchor_problem,
    }


def _token(path: Path) -> str:
    """The token that appenders show; made when there is none. Raises ``StorageUnavailable``."""
    try:
        if not path.exists():
            write_whole(path, secrets.token_urlsafe(_TOKEN_BYTES).encode(), new=True)
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise StorageUnavailable(str(problem)) from problem
