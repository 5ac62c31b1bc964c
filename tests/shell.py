"""The program certchain as people run it: in a home folder, on real nodes, beside commands that serve in other shells."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from certchain.cli import main

PATIENCE = 90.0


@dataclass(frozen=True)
class Shell:
    """The program in a home folder; each run opens everything anew, as a new process does."""

    home: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Any:
        """A run that succeeds; its JSON value."""
        code = main([*arguments, "--json", "--home", str(self.home)])
        captured = self.capture.readouterr()
        assert (code, captured.err) == (0, ""), captured.err
        return json.loads(captured.out)

    def refusal(self, *arguments: str) -> tuple[int, str]:
        """A run that is refused; its exit code and the error's name."""
        code = main([*arguments, "--json", "--home", str(self.home)])
        captured = self.capture.readouterr()
        assert captured.out == ""
        assert "Traceback" not in captured.err
        return code, json.loads(captured.err.splitlines()[-1])["error"]

    @contextmanager
    def node(self, engine: str, stop: signal.Signals) -> Iterator[str]:
        """A node in the foreground of another shell, which is told to stop at the end, and does; its address."""
        with self.served("node", "--engine", engine, stop=stop) as address:
            yield address

    @contextmanager
    def served(self, *arguments: str, stop: signal.Signals = signal.SIGTERM) -> Iterator[str]:
        """A command that serves, in the foreground of another shell, until it is told to stop at the end; its address."""
        command = [sys.executable, "-m", "certchain", *arguments, "--port", "0", "--json"]
        environment = {**os.environ, "CERTCHAIN_HOME": str(self.home)}
        environment.pop("PYTHONUNBUFFERED", None)  # what is said has to come through a pipe without it
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            assert server.stderr is not None
            try:
                yield json.loads(server.stdout.readline())["address"]
            finally:
                server.send_signal(stop)
                code, said = server.wait(PATIENCE), server.stderr.read()
            assert (code, said) == (-signal.SIGKILL if stop is signal.SIGKILL else 0, "")
