"""`certchain node`: a local chain in the foreground, whose state stays in the home folder."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Annotated

import tomli_w
import typer

from certchain.cli.network import running_node
from certchain.cli.output import Result
from certchain.cli.stopping import stopped_by_signals
from certchain.cli.workspace import Workspace
from certchain.config import Home
from certchain.errors import LedgerUnavailable, NodeRunning, Unavailable
from certchain.ledger.chain import Connection
from certchain.ledger.deployment import write_settings
from certchain.ledger.node import LocalNode, Program, free_port, start_node

PORT = 8545
_PAUSE = 0.2


def node(
    workspace: Workspace,
    engine: Annotated[Program, typer.Option(help="Which program runs the chain.")] = Program.ANVIL,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where it listens on this machine; 0 for any free port.")
    ] = PORT,
) -> None:
    """Runs a local chain until Ctrl-C. Its state is kept, and `certchain deploy` and all other commands find it."""
    _require_none_runs(workspace.home)
    folder = workspace.home.node(engine)
    with (
        stopped_by_signals() as stopping,
        start_node(engine, folder, port or free_port()) as running,
        _announced(workspace.home, running),
    ):
        shown = {"engine": engine, "address": running.url, "state": folder}
        workspace.output.show(Result(f"{engine} answers at {running.url}; stop it with Ctrl-C.", shown))
        _wait(running, stopping)
    workspace.output.note(f"{engine} is stopped; its state is kept.")


def _require_none_runs(home: Home) -> None:
    """Two nodes would spoil each other's state. Raises ``NodeRunning``."""
    if not home.running_node.exists():
        return
    address = running_node(home)
    with closing(Connection.http(address, attempts=1)) as connection, suppress(Unavailable):
        connection.chain_id()
        raise NodeRunning(address)


@contextmanager
def _announced(home: Home, running: LocalNode) -> Iterator[None]:
    """While within, the home folder says where the node is."""
    write_settings(home.running_node, tomli_w.dumps({"address": running.url, "engine": running.program.value}))
    try:
        yield
    finally:
        home.running_node.unlink(missing_ok=True)


def _wait(running: LocalNode, stopping: threading.Event) -> None:
    """Returns when a stop is asked for. Raises ``LedgerUnavailable`` when the node ends by itself."""
    while not stopping.wait(_PAUSE):
        if running.process.poll() is not None:
            raise LedgerUnavailable(f"{running.program} ended by itself, with exit code {running.process.returncode}")
