"""`certchain demo --live` tells its story with processes and sockets, and nothing of it stays behind, however it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from certchain.cli.demo import live, story
from certchain.cli.demo.live import tell_live
from certchain.cli.demo.place import World
from certchain.cli.demo.process import Running
from certchain.cli.demo.town import Live
from certchain.cli.output import Output
from certchain.errors import DemoFailed
from tests.project.test_readme import TOLD_LIVE

SCENES = 10
STEPS = {
    "deploy",
    "card",
    "custody",
    "operator",
    "batch",
    "app",
    "server",
    "enrol",
    "copy",
    "device",
    "C1-C15",
    "secret",
}
REFUSALS = ("AlreadyRegistered", "LoginRefused", "SharesMissing", "RegistrationNotActive")
SOON = 30.0  # seconds, on a machine that does other things
TOGETHER = "custodian-"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """A temporary folder of the demonstration's own: others tell theirs at the same time."""
    folder = tmp_path / "t"
    folder.mkdir()
    return folder


def started(temporary: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "certchain", "demo", "--live", *options]
    environment = {**os.environ, "TMPDIR": str(temporary), "CERTCHAIN_HOME": str(temporary.parent / "home")}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def processes_of(temporary: Path) -> dict[int, str]:
    """Whatever runs that works in this temporary folder, with its command line."""
    found = dict[int, str]()
    for folder in Path("/proc").iterdir():
        try:
            said = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if folder.name.isdecimal() and f"{temporary}/certchain-live-" in said:
            found[int(folder.name)] = said
    return found


def awaited(temporary: Path, words: str) -> None:
    """Waits until a process with these words in its command line runs."""
    for _ in range(900):
        if any(words in said for said in processes_of(temporary).values()):
            return
        time.sleep(0.1)
    raise AssertionError(words)


def test_the_story_is_told_to_programs_and_nothing_stays_behind(temporary: Path) -> None:
    told = started(temporary, "--json")
    shown, errors = told.communicate(timeout=600)
    assert (told.returncode, errors) == (0, "")
    value = json.loads(shown)
    assert len({entry["scene"] for entry in value["told"]}) == SCENES
    assert {entry["step"] for entry in value["told"]} >= STEPS
    assert set(TOLD_LIVE) <= {entry["told"] for entry in value["told"]}
    assert all(f"{refusal}: " in shown for refusal in REFUSALS)
    assert ".;" not in shown
    assert processes_of(temporary) == {}
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_in_the_middle_stops_everything_soon(temporary: Path, number: signal.Signals) -> None:
    told = started(temporary)
    awaited(temporary, TOGETHER)
    began = time.monotonic()
    told.send_signal(number)
    _, errors = told.communicate(timeout=120)
    assert (told.returncode, errors.splitlines()[0]) == (130, "Error: Interrupted.")
    assert time.monotonic() - began < SOON
    assert processes_of(temporary) == {}
    assert list(temporary.iterdir()) == []


@pytest.fixture
def here(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The demonstration in this process."""
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    yield temporary
    assert processes_of(temporary) == {}
    assert list(temporary.iterdir()) == []


def test_a_process_that_does_not_come_up_ends_the_story(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it said is in the message, and those that did come up are stopped."""
    start = World.start

    def wrongly(world: World, place: object, *arguments: str) -> Running:
        broken = ("custodian", "serve", "nobody") if place is world.places.get("custodian-2") else arguments
        return start(world, place, *broken)  # type: ignore[arg-type]

    monkeypatch.setattr(World, "start", wrongly)
    with pytest.raises(DemoFailed, match=r"custodian-2 says where it answers; it said: .*UnknownRecord"):
        tell_live(Output(as_json=True))


def test_a_process_that_stays_silent_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.PIPE, text=True)
    running = Running("sleeper", process, tmp_path / "log")
    with pytest.raises(DemoFailed, match=r"sleeper answers after 0\.1 seconds"):
        running.await_address(0.1)
    running.stop()
    assert process.returncode == -signal.SIGTERM


def test_a_claim_that_does_not_hold_ends_the_story(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(story: Live) -> None:
        story.require("the earth is flat", holds=False)

    monkeypatch.setattr(live, "organisations", broken)
    with pytest.raises(DemoFailed, match="the earth is flat"):
        tell_live(Output(as_json=True))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_wants_to_look_around_stays_until_ctrl_c(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    """With --stay; the scenes are left out here, but the chain runs."""
    scenes = ("organisations", "factory", "certification_server", "locks", "households", "registrations")
    for scene in (*scenes, "certifications", "outages", "theft", "audit"):
        monkeypatch.setattr(live, scene, lambda _: None)
    seen = list[dict[int, str]]()

    def stay(told: Live) -> None:
        seen.append(processes_of(here))
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), number))
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        story._stay(told)

    tell_live(Output(), stay)
    assert "Everything runs until Ctrl-C." in capsys.readouterr().out
    assert len(seen) == 1
