"""The measurements of the log and of certification still run."""

import subprocess
import sys
from pathlib import Path

from certchain.ledger.node import Program
from tests.world import require_program

ROOT = Path(__file__).parents[2]


def test_everything_of_the_log_is_measured_with_few_entries() -> None:
    """Every table is there, and nothing is asked of the figures: here they say nothing."""
    require_program(Program.ANVIL)
    program = [sys.executable, "benchmarks/log.py", "--quick"]
    told = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    for row in ("in the process: proof-ready", "through the service: proof-ready", "call to durable index"):
        assert row in told.stdout
    for mode in ("anchored", "recorded"):
        assert f"{mode} log" in told.stdout
        assert f"audit of 2,000, {mode}" in told.stdout
    assert "missed" not in told.stdout


def test_a_production_batch_is_measured_with_few_devices() -> None:
    program = [sys.executable, "benchmarks/production.py", "--devices", "1000"]
    told = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert "1,000 devices" in told.stdout


def test_everything_of_certification_is_measured_with_few_sessions() -> None:
    """Every table is there, and nothing is asked of the figures."""
    require_program(Program.ANVIL)
    program = [sys.executable, "benchmarks/certification.py", "--quick"]
    told = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    for row in ("registration", "command sealed, result opened", "mined at once: naive", "a block a second: log"):
        assert row in told.stdout
    assert "after 5 and 50 sessions" in told.stdout
    assert "missed" not in told.stdout
