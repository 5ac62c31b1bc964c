"""One command at a time works in a home folder, in whatever process it runs."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from certchain.cli import workspace
from certchain.cli.workspace import held_home
from certchain.config import Home
from certchain.errors import StorageUnavailable
from tests.program import SESSION, Program

# A command that has half written a file when it says so, and goes on when it is told to.
WRITER = """
import sys
from pathlib import Path
from certchain.cli.workspace import held_home
from certchain.config import Home
from certchain.storage import DirectoryFileStore
home = Home(Path(sys.argv[1]))
def chunks():
    yield b"first half, "
    print("half", flush=True)
    sys.stdin.readline()
    yield b"second half"
with held_home(home):
    DirectoryFileStore(home.store("certification-server")).write("file", chunks())
"""


@contextmanager
def another_command(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITER, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half\n"
        try:
            yield writer
        finally:
            writer.kill()


def go_on(writer: subprocess.Popen[str]) -> None:
    assert writer.stdin is not None
    print(file=writer.stdin, flush=True)


def test_a_command_waits_for_another_and_breaks_nothing_of_it(registered: Program) -> None:
    with another_command(registered.home) as writer:
        later = threading.Timer(0.5, go_on, [writer])
        later.start()
        registered.json(*SESSION).value()
        later.join()
        assert writer.wait() == 0

    assert (registered.home / "certification-server" / "file").read_bytes() == b"first half, second half"


def test_a_command_that_would_wait_too_long_is_refused_and_may_be_run_again(
    registered: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "_PATIENCE", 0.1)
    with another_command(registered.home):
        refusal = registered.json(*SESSION).refusal(69, "StorageUnavailable")

    assert f"another command is at work in {registered.home}" in refusal["sentence"]
    registered.json(*SESSION).value()


def test_a_proof_is_verified_beside_other_commands(registered: Program, tmp_path: Path) -> None:
    registered.json(*SESSION).value()
    registered.json("log", "prove", "0", "--out", str(tmp_path / "proof")).value()
    with another_command(registered.home):
        assert registered.json("log", "verify", str(tmp_path / "proof")).value()["entry"] == 0


def test_a_home_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("in the way")
    with pytest.raises(StorageUnavailable), held_home(Home(tmp_path / "home")):
        pytest.fail("nobody gets in")
