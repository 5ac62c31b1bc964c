"""A service starts only from files that are those of their record, or where the settings allow that there is none."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from certchain.cli import self_check
from certchain.cli.output import Output
from certchain.cli.workspace import Workspace
from certchain.config import Home
from certchain.errors import InstallationChanged, InstallationUnrecorded
from certchain.models.digest import Digest
from certchain.models.installation import Installation, InstalledFile
from tests.program import Program

FILE = InstalledFile(1, Digest(bytes(32)))


def workspace(home: Path, settings: str = "") -> Workspace:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(settings)

    def no_network(*_: Any) -> Any:
        raise AssertionError

    return Workspace(Home(home), Output(as_json=False), no_network, closing=ExitStack())


def test_without_a_record_a_service_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(InstallationUnrecorded):
        self_check.require_unchanged(workspace(tmp_path / "home"))


def test_where_the_settings_allow_it_that_is_said_and_not_silent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    self_check.require_unchanged(workspace(tmp_path / "home", "unrecorded_installation = true\n"))
    assert "cannot be checked" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("settings", ["", "unrecorded_installation = true\n"])
def test_changed_files_are_never_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: str) -> None:
    changed = Installation("certchain", Digest(bytes(32)), {"certchain/a.py": FILE}, {}, ())
    monkeypatch.setattr(self_check, "read_installation", lambda _: changed)
    with pytest.raises(InstallationChanged, match=r"a\.py"):
        self_check.require_unchanged(workspace(tmp_path / "home", settings))


def test_the_command_shows_the_digest_of_the_record(certchain: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    same = Installation("certchain", Digest(bytes(32)), {"certchain/a.py": FILE}, {"certchain/a.py": FILE}, ())
    monkeypatch.setattr(self_check, "read_installation", lambda _: same)
    shown = certchain.json("self-check").value()
    assert shown == {"package": "certchain", "files": 1, "record": f"sha-256:{bytes(32).hex()}"}


def test_the_log_is_not_served_from_an_unrecorded_installation(household: Program) -> None:
    (household.home / "config.toml").write_text("key_memory = 32\n")
    household.json("log", "serve", "--port", "0").refusal(78, "InstallationUnrecorded")


def test_the_command_tells_an_editable_installation(certchain: Program) -> None:
    certchain.json("self-check").refusal(78, "InstallationUnrecorded")
