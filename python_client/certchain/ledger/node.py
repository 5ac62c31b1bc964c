"""A chain for development on this machine: anvil or Ganache, started and stopped, its state kept in a folder.

Both have the same ten funded accounts, of a mnemonic that the whole world knows: nothing of worth may ever be there.
"""

import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from certchain.errors import CertchainError, LedgerUnavailable, PortTaken, ProgramMissing, StorageUnavailable
from certchain.ledger.chain.connection import Connection

HOST = "127.0.0.1"
MNEMONIC = "test test test test test test test test test test test junk"
START_TIMEOUT = 60.0
STOP_TIMEOUT = 30.0
_PAUSE = 0.05
_ANVIL_STATE = "anvil.json"

_log = logging.getLogger(__name__)


class Program(StrEnum):
    """Which chain to run."""

    ANVIL = "anvil"
    GANACHE = "ganache"


CHAIN_IDS = {Program.ANVIL: 31337, Program.GANACHE: 1337}


@dataclass(frozen=True, slots=True)
class LocalNode:
    """A chain that runs, until it is stopped. As a context manager it stops at the end."""

    program: Program
    port: int
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def stop(self) -> None:
        """Ends it in good order, so that its state is whole in the folder; by force if it takes too long."""
        self._signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Ends it at once, as a power failure would.

        anvil forgets up to a second of what it has done. Should it have been writing its state in that very moment, it
        comes up as it was at its last start.
        """
        self._signal(signal.SIGKILL)
        self.process.wait()

    def wait(self) -> int:
        """Waits until it ends by itself, and returns its exit code."""
        return self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        # To its whole process group: what npm installs may be a script that started the real program.
        if self.process.poll() is None:
            os.killpg(self.process.pid, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_node(program: Program, folder: Path, port: int, options: Sequence[str] = ()) -> LocalNode:
    """Starts a chain whose state is in ``folder``, new or as it was left, and returns when it answers.

    ``options`` are further ones of the program's command line. Raises ``ProgramMissing``, ``PortTaken``,
    ``StorageUnavailable``, or ``LedgerUnavailable`` with the end of its output if it does not come up.
    """
    command = [str(find_program(program)), *_command_line(program, folder, port), *options]
    _require_free(port)
    log = folder / f"{program}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _keep_whole(folder / _ANVIL_STATE)
        with log.open("wb") as output:
            node = LocalNode(program, port, _spawned(command, output))
    except OSError as problem:
        raise StorageUnavailable(f"{folder}: {problem.strerror}") from None
    _await(node, log)
    return node


def find_program(program: Program, start: Path | None = None) -> Path:
    """The program's file: on the path, or in ``node_modules`` of a folder (the current one) or of one above it.

    Raises ``ProgramMissing``.
    """
    start = start or Path.cwd()
    places = [str(folder / "node_modules" / ".bin") for folder in (start, *start.parents)]
    found = shutil.which(program) or shutil.which(program, path=os.pathsep.join(places))
    if found is None:
        raise ProgramMissing(str(program))
    return _real(Path(found).resolve())


def free_port() -> int:
    """A port of this machine that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _real(found: Path) -> Path:
    """The program behind npm's script for it, where there is one: to be stopped without a child that lives on."""
    beside = found.parent.parent.glob(f"{found.parent.name}-*/bin/{found.parent.name}")
    return next(beside, found)


def _command_line(program: Program, folder: Path, port: int) -> list[str]:
    chain_id = str(CHAIN_IDS[program])
    if program is Program.ANVIL:
        state = ["--state", str(folder / _ANVIL_STATE), "--state-interval", "1"]
        identity = ["--host", HOST, "--port", str(port), "--chain-id", chain_id, "--mnemonic", MNEMONIC]
        return [*identity, *state, "--silent"]
    identity = ["--server.host", HOST, "--server.port", str(port), "--chain.chainId", chain_id]
    rules = ["--chain.networkId", chain_id, "--chain.hardfork", "shanghai", "--wallet.mnemonic", MNEMONIC]
    return [*identity, *rules, "--database.dbPath", str(folder / "ganache"), "--logging.quiet"]


def _keep_whole(state: Path) -> None:
    """Puts a copy of anvil's state aside, or back in place of one that anvil did not write to its end."""
    copy, draft = state.with_suffix(".last"), state.with_suffix(".draft")
    if not state.exists():
        return
    try:
        json.loads(state.read_bytes())
    except ValueError:
        if copy.exists():
            _log.warning("%s is broken off: the chain goes on from where it was when it last started", state)
            shutil.copyfile(copy, state)
    else:
        shutil.copyfile(state, draft)
        draft.replace(copy)


def _spawned(command: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise PortTaken(port) from None


def _await(node: LocalNode, log: Path) -> None:
    """Returns when the node answers as the chain that it is to be; ends it, and raises, if it never does."""
    connection = Connection.http(node.url, request_timeout=5.0, attempts=1)
    deadline = time.monotonic() + START_TIMEOUT
    try:
        while node.process.poll() is None and time.monotonic() < deadline:
            try:
                connection.chain_id()
            except CertchainError:
                time.sleep(_PAUSE)
            else:
                return
    finally:
        connection.close()
    node.kill()
    raise LedgerUnavailable(f"{node.program} did not come up: {_end_of(log)}")


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()]
    return said[-1] if said else "it said nothing"
