"""The demo tells the whole story, on real firmware, and leaves nothing behind."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

from certchain.cli import main
from certchain.cli.demo import story
from certchain.cli.demo.firmware import Firmware
from certchain.errors import DemoFailed

SECONDS = 60
REFUSALS = (
    "LoginRefused",
    "KeyNotInForce",
    "ChallengeRejected",
    "IntegrityFailed",
    "CorruptedPackage",
    "SwappedPackage",
    "RollbackAttack",
)


def test_the_story_is_told_to_people_scene_by_scene(capsys: pytest.CaptureFixture[str]) -> None:
    """With the real image from npm, or not at all."""
    before = set(Path(tempfile.gettempdir()).glob("certchain-demo-*"))
    assert main(["demo"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    for scene in range(1, 8):
        assert f"\n{scene}. " in captured.out
    for refusal in REFUSALS:
        assert f"refused: {refusal}: " in captured.out
    assert "@pybricks/firmware" in captured.out
    assert "licence MIT" in captured.out
    assert "Everything held" in captured.out
    assert set(Path(tempfile.gettempdir()).glob("certchain-demo-*")) <= before


def test_the_story_is_told_to_programs_with_ones_own_firmware_in_less_than_a_minute(tmp_path: Path) -> None:
    """In a process of its own; its time on the processor counts, for others may be using the machine."""
    image = tmp_path / "image.bin"
    image.write_bytes(bytes(range(256)) * 500)
    command = [sys.executable, "-m", "certchain", "demo", "--json", "--firmware", str(image)]
    before = getrusage(RUSAGE_CHILDREN)
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    after = getrusage(RUSAGE_CHILDREN)
    assert (run.returncode, run.stderr) == (0, "")
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < SECONDS
    value = json.loads(run.stdout)
    assert value["firmware"]["origin"] == str(image)
    steps = {entry["step"] for entry in value["told"]}
    assert {"C1-C2", "C16", "R1-R4", "R5-R7", "A1-A4", "A10-A12", "audit", "verify"} <= steps


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
