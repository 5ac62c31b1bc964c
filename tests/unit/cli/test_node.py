"""`certchain node`: says where it is while it runs, and stops in good order."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import pytest

from certchain.cli import node as command
from certchain.errors import ProgramMissing
from certchain.ledger.node import Program as Engine
from tests.program import Program


class Process:
    """A process that runs on, or has ended."""

    def __init__(self, returncode: int | None) -> None:
        self.returncode = returncode

    def poll(self) -> int | None:
        os.kill(os.getpid(), signal.SIGTERM if self.returncode is None else 0)
        return self.returncode


class Node:
    """A node as ``start_node`` returns it, which asks for its own end as soon as someone looks."""

    def __init__(self, program: Engine, port: int, returncode: int | None) -> None:
        self.program, self.url, self.process = program, f"http://127.0.0.1:{port}", Process(returncode)
        self.stopped = False

    def __enter__(self) -> "Node":
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stopped = True


def stand_in(monkeypatch: pytest.MonkeyPatch, returncode: int | None) -> list[Node]:
    """Puts a node of ours in the place of a real one; the journeys run real ones."""
    started = list[Node]()

    def start(program: Engine, folder: Path, port: int, options: Sequence[str] = ()) -> Node:
        started.append(Node(program, port, returncode))
        return started[0]

    monkeypatch.setattr(command, "start_node", start)
    return started


def test_a_node_runs_until_it_is_told_to_stop(certchain: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    started = stand_in(monkeypatch, None)
    before = signal.getsignal(signal.SIGTERM)
    value = certchain.json("node", "--engine", "ganache", "--port", "7545").value()
    assert value == {
        "engine": "ganache",
        "address": "http://127.0.0.1:7545",
        "state": str(certchain.home / "node" / "ganache"),
    }
    assert started[0].stopped
    assert signal.getsignal(signal.SIGTERM) is before
    assert not (certchain.home / "node" / "running.toml").exists()


def test_a_node_that_ends_by_itself_is_an_error(certchain: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    started = stand_in(monkeypatch, 3)
    refusal = certchain.json("node", "--port", "0")
    assert refusal.code == 69
    assert "exit code 3" in refusal.err
    assert started[0].stopped
    assert not (certchain.home / "node" / "running.toml").exists()


def test_an_announcement_that_a_crash_left_behind_does_not_matter(
    certchain: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(monkeypatch, None)
    (certchain.home / "node").mkdir()
    (certchain.home / "node" / "running.toml").write_text('address = "http://127.0.0.1:9"\n')
    certchain.json("node").value()


def test_a_missing_program_is_named(certchain: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ProgramMissing("anvil")

    monkeypatch.setattr(command, "start_node", missing)
    certchain.json("node").refusal(78, "ProgramMissing")


def test_an_unknown_engine_or_port_is_a_wrong_use(certchain: Program) -> None:
    certchain.json("node", "--engine", "geth").refusal(2, "UsageError")
    certchain.json("node", "--port", "70000").refusal(2, "UsageError")
