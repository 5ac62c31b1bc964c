"""Processes of the demonstration: each says on its first line where it answers, and is stopped by whoever started it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from select import select

from certchain.errors import DemoFailed

_PATIENCE = 90.0  # seconds for a process to answer, on a machine that starts ten of them at a time
_STOPPING = 20.0
_LAST_WORDS = 500


@dataclass(slots=True)
class Running:
    """A process of the program certchain; ``address`` is where it answers."""

    name: str
    process: subprocess.Popen[str]
    log: Path
    address: str = ""

    def await_address(self, patience: float = _PATIENCE) -> str:
        """Waits for the first line. Raises ``DemoFailed`` when the process ends, or says nothing."""
        output, deadline = self.process.stdout, time.monotonic() + patience
        if output is None or not select([output], [], [], max(deadline - time.monotonic(), 0))[0]:
            raise DemoFailed(f"{self.name} answers after {patience:g} seconds{self._last_words()}")
        try:
            self.address = str(json.loads(output.readline())["address"])
        except (ValueError, KeyError):
            raise DemoFailed(f"{self.name} says where it answers{self._last_words()}") from None
        return self.address

    def terminate(self) -> None:
        """Asks it to stop, and does not wait for it."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """As a power failure does."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """In good order; by force when that takes too long."""
        self.terminate()
        try:
            self.process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _last_words(self) -> str:
        """The end of what it has logged."""
        words = self.log.read_text(errors="replace")[-_LAST_WORDS:].strip()
        return f"; it said: {words}" if words else ""


def start(name: str, arguments: tuple[str, ...], secrets: Mapping[str, str], log: Path) -> Running:
    """Starts the program, which need not answer yet; what it logs goes to a file. Ctrl-C reaches it through us only."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            _command(arguments),
            env={**os.environ, **secrets},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    return Running(name, process, log)


def run(arguments: tuple[str, ...], secrets: Mapping[str, str]) -> tuple[int, dict[str, object]]:
    """Runs the program to its end; returns its exit code, and what it has shown: its result, or its refusal."""
    ended = subprocess.run(
        _command(arguments),
        env={**os.environ, **secrets},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    shown = ended.stdout if ended.returncode == 0 else ended.stderr
    try:
        value: dict[str, object] = json.loads(shown)
    except ValueError:
        raise DemoFailed(f"{' '.join(arguments[:2])} shows a result: {shown[-300:]}") from None
    return ended.returncode, value


def _command(arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-P", "-m", "certchain", *arguments, "--json"]
