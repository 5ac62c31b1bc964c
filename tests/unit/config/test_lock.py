"""A lock has one holder at a time, and none once the holder's process is gone."""

import subprocess
import sys
from pathlib import Path

import pytest

from certchain.config.lock import held

# Takes a lock, says so, and keeps it until it is told to let go, or killed.
HOLDER = """
import sys
from pathlib import Path
from certchain.config.lock import held
with held(Path(sys.argv[1]), 0):
    print("held", flush=True)
    sys.stdin.readline()
print("let go", flush=True)
sys.stdin.readline()
"""


def test_who_holds_it_keeps_others_out_until_it_lets_go(tmp_path: Path) -> None:
    with held(tmp_path / "lock", 0), pytest.raises(TimeoutError), held(tmp_path / "lock", 0.05):
        pytest.fail("nobody gets in")
    with held(tmp_path / "lock", 0):
        assert (tmp_path / "lock").stat().st_mode & 0o077 == 0


def test_another_process_keeps_others_out_until_it_lets_go(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(TimeoutError), held(tmp_path / "lock", 0):
            pytest.fail("nobody gets in")

        print(file=holder.stdin, flush=True)
        assert holder.stdout.readline() == "let go\n"
        with held(tmp_path / "lock", 0):
            pass


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.kill()

    with held(tmp_path / "lock", 0):
        pass
