"""The program in home folders that have come further and further."""

from pathlib import Path

import pytest

from tests.program import CHEAP_KEYS, PAIR, MemoryChain, Program


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's passphrase and Alice's secret."""
    monkeypatch.setenv("CERTCHAIN_PASSPHRASE", "the operator's passphrase")
    monkeypatch.setenv("CERTCHAIN_SECRET", "alice's secret")


@pytest.fixture
def certchain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Program:
    """The program in a home folder with nothing but cheap keys."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(CHEAP_KEYS)
    return Program(home, MemoryChain(), capsys)


@pytest.fixture
def deployed(certchain: Program) -> Program:
    """The program after `certchain deploy`."""
    certchain.json("deploy").value()
    return certchain


@pytest.fixture
def app_folder(tmp_path: Path) -> Path:
    """An app: two files in a folder."""
    folder = tmp_path / "door-app"
    (folder / "assets").mkdir(parents=True)
    (folder / "main.py").write_text("print('the door')\n")
    (folder / "assets" / "door.svg").write_text("<svg/>\n")
    return folder


@pytest.fixture
def household(deployed: Program, app_folder: Path) -> Program:
    """Alice, her phone and a porch lock, enrolled and not registered yet."""
    folder = str(app_folder)
    deployed.json("user", "enrol", "alice").value()
    deployed.json("app", "allow", "door", "--version", "1.0", "--folder", folder).value()
    deployed.json("product", "register", "lock", "--line", "Porch", "--hardware-model", "PL-1").value()
    app = ("--app", "door", "--app-version", "1.0", "--app-folder", folder)
    deployed.json("user-device", "enrol", "phone", "--model", "P7", "--platform", "Android 16", *app).value()
    lock = ("--manufacturer", "Acme", "--model", "PL-1", "--serial", "7", "--product", "lock")
    deployed.json("device", "enrol", "porch-lock", *lock).value()
    return deployed


@pytest.fixture
def registered(household: Program) -> Program:
    """The same, and Alice's phone is registered for the porch lock by three factors."""
    household.json("registration", "register", *PAIR).value()
    return household
