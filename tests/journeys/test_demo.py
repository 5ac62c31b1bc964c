"""The demo tells the whole story, on real firmware, and leaves nothing behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from certchain.cli import main
from certchain.cli.demo import story
from certchain.cli.demo.firmware import Firmware
from certchain.errors import DemoFailed

REFUSALS = (
    "LoginRefused",
    "KeyNotInForce",
    "ChallengeRejected",
    "IntegrityFailed",
    "CorruptedPackage",
    "SwappedPackage",
    "RollbackAttack",
    "SubjectOnHold",
)


def test_the_story_is_told_to_programs_with_ones_own_firmware(tmp_path: Path) -> None:
    """To people, with the image from npm, it is told in tests/project/test_readme.py."""
    temporary = tmp_path / "temporary"  # of its own: others tell the story at the same time
    temporary.mkdir()
    image = tmp_path / "image.bin"
    image.write_bytes(bytes(range(256)) * 500)
    command = [sys.executable, "-m", "certchain", "demo", "--json", "--firmware", str(image)]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    value = json.loads(run.stdout)
    assert value["firmware"]["origin"] == str(image)
    steps = {entry["step"] for entry in value["told"]}
    assert {
        "C1-C2",
        "C16",
        "R1-R4",
        "R5-R7",
        "A1-A4",
        "A10-A12",
        "witness",
        "audit",
        "verify",
        "hold",
        "erase",
    } <= steps
    assert all(f"refused: {refusal}: " in run.stdout for refusal in REFUSALS)
    assert list(temporary.iterdir()) == []


def test_a_file_that_is_not_there_is_refused_before_anything_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--json", "--firmware", str(tmp_path / "none")]) == 69
    assert json.loads(capsys.readouterr().err)["error"] == "StorageUnavailable"


def test_a_demo_whose_claim_fails_says_so_and_does_not_succeed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise DemoFailed("the earth is flat")

    monkeypatch.setattr(story, "find_firmware", lambda _: Firmware("none", "none", b""))
    monkeypatch.setattr(story, "network", broken)
    assert main(["demo", "--json"]) == 76
    assert json.loads(capsys.readouterr().err)["values"] == {"claim": "the earth is flat"}
