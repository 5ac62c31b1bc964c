"""A log with something in it, and visitors to what is served."""

import traceback
from collections.abc import Callable

import pytest
from fastapi import FastAPI

from certchain.services import running
from tests.program import SESSION, Program

Visit = Callable[[str], None]


@pytest.fixture
def earlier(registered: Program) -> list[str]:
    """The kinds of the entries that the log has before anyone certifies."""
    return [row["kind"] for row in registered.json("log", "query").value()]


@pytest.fixture
def sessions(registered: Program, earlier: list[str]) -> Program:
    """Three certifications, after what is ``earlier``."""
    assert "login" not in earlier
    for _ in range(3):
        registered.json(*SESSION).value()
    return registered


@pytest.fixture
def visited(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[Visit]:
    """Visits that are paid to whatever a command serves, one after another; then it ends, as after Ctrl-C."""
    visits: list[Visit] = []

    def serve(app: FastAPI, host: str, port: int, announce: Callable[[str], None]) -> None:
        with running(app) as url:
            announce(f"Listening at {url}")
            assert url in capsys.readouterr().out
            for visit in visits:
                try:
                    visit(url)
                except Exception:  # which would be the program's
                    pytest.fail(traceback.format_exc())

    monkeypatch.setattr("certchain.cli.log.serve.serve", serve)
    return visits
