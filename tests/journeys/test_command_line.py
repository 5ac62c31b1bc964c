"""One device, one user device and one package through their whole life by hand, while node and shell are restarted."""

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.program import CHEAP_KEYS, PAIR, SESSION
from tests.shell import PATIENCE, Shell


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The program with nothing but cheap keys, and everything that Alice needs on the disk."""
    monkeypatch.setenv("CERTCHAIN_PASSPHRASE", "the operator's passphrase")
    monkeypatch.setenv("CERTCHAIN_SECRET", "alice's secret")
    monkeypatch.delenv("CERTCHAIN_HOME", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(CHEAP_KEYS)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text("print('the door')\n")
    for version in (1, 2):
        (tmp_path / f"image-{version}.bin").write_bytes(bytes([version]) * 150_000)
    return Shell(home, capsys)


@pytest.mark.parametrize(("engine", "mode"), [("anvil", "recorded"), ("ganache", "recorded"), ("anvil", "anchored")])
def test_a_whole_life_by_hand_across_restarts(engine: str, mode: str, shell: Shell, tmp_path: Path) -> None:
    """Node and shell stop in between again and again, and nothing is lost, nothing there twice."""
    with shell.node(engine, signal.SIGTERM):
        assert shell("deploy", "--login-log-mode", mode)["login_log_mode"] == mode
        assert shell.refusal("deploy") == (78, "AlreadyDeployed")
        enrol(shell, tmp_path)
    assert shell.refusal(*SESSION) == (69, "LedgerUnavailable")
    with shell.node(engine, signal.SIGINT):
        certify(shell)
        release(shell, tmp_path)
    with shell.node(engine, signal.SIGTERM):
        lose_and_recover(shell)
        retire(shell)
        audit(shell, tmp_path)


def enrol(shell: Shell, folder: Path) -> None:
    """Enrolment and registration."""
    shell("user", "enrol", "alice")
    shell("app", "allow", "door", "--version", "1.0", "--folder", str(folder / "app"))
    shell("product", "register", "lock", "--line", "Porch", "--hardware-model", "PL-1")
    for name, serial in (("porch-lock", "7"), ("hall-lock", "8")):
        lock = ("--manufacturer", "Acme", "--model", "PL-1", "--serial", serial, "--product", "lock")
        shell("device", "enrol", name, *lock)
    app = ("--app", "door", "--app-version", "1.0", "--app-folder", str(folder / "app"))
    shell("user-device", "enrol", "phone", "--model", "P7", "--platform", "Android 16", *app)
    assert shell("registration", "register", *PAIR, "--via", "device")["status"] == "active"


def certify(shell: Shell) -> None:
    """The good session and the bad one next to it."""
    assert shell(*SESSION, "--command", "unlock")["answer"] == "unlocked"
    (shell.home / "guess").write_text("a guess")
    assert shell.refusal(*SESSION, "--secret-file", str(shell.home / "guess")) == (77, "LoginRefused")
    assert [(entry["kind"], entry["outcome"]) for entry in shell("log", "query")] == [
        ("app", "allowed"),
        ("login", "certified"),
        ("login", "refused"),
    ]


def release(shell: Shell, folder: Path) -> None:
    """Version 1 by one command and version 2 step by step."""
    assert shell("package", "release", "lock", str(folder / "image-1.bin"), "--version", "1")["status"] == "approved"
    assert shell("device", "install", "porch-lock")["version"] == 1
    second = (str(folder / "image-2.bin"), "--version", "2")
    shell("package", "request", "lock", "--version", "2")
    shell("package", "record", "lock", *second)
    assert shell("package", "approve", "lock", "--version", "2")["approvals"] == 2
    shell("package", "publish", "lock", *second)
    assert shell("package", "validate", "lock", *second)["version"] == 2
    assert shell.refusal("package", "validate", "lock", str(folder / "image-1.bin"), "--version", "2") == (
        76,
        "CorruptedPackage",
    )


def lose_and_recover(shell: Shell) -> None:
    """After another restart: the door is as it was, the phone is lost, and found with fresh keys."""
    assert shell(*SESSION, "--command", "status")["answer"] == "unlocked"
    shell("registration", "suspend", "1")
    assert shell.refusal(*SESSION) == (76, "RegistrationNotActive")
    shell("user-device", "rotate-keys", "phone")
    assert shell("registration", "supersede", *PAIR)["version"] == 2
    assert shell(*SESSION, "--command", "lock")["answer"] == "locked"
    assert shell("device", "install", "hall-lock")["version"] == 2
    updated = shell("device", "update", "hall-lock", "--peer", "porch-lock")
    assert updated == {"lower": "theirs", "versions": {"hall-lock": 2, "porch-lock": 2}}


def retire(shell: Shell) -> None:
    """The last status of everything."""
    assert shell("package", "withdraw", "lock", "--version", "2")["status"] == "withdrawn"
    assert shell("registration", "revoke", "2")["status"] == "revoked"
    assert shell.refusal(*SESSION) == (76, "RegistrationNotActive")
    assert [(move["number"], move["status"]) for move in shell("registration", "history", "2")] == [
        (1, "active"),
        (1, "suspended"),
        (1, "superseded"),
        (2, "active"),
        (2, "revoked"),
    ]


def audit(shell: Shell, folder: Path) -> None:
    """The log is whole, and one of its entries proves itself to a process that knows nothing else."""
    entries = shell("log", "query")
    assert all(entry["on_chain"] for entry in entries)
    assert [entry["outcome"] for entry in entries] == ["allowed", *["certified", "refused"] * 3]
    assert shell("log", "audit")["on_chain"] == len(entries)
    guessed = next(entry for entry in entries if entry["reason"] == "LoginRefused")
    proof = folder / "entry.proof"
    thumbprint = shell("log", "prove", str(guessed["entry"]), "--out", str(proof))["thumbprint"]
    command = [sys.executable, "-m", "certchain", "log", "verify", str(proof), "--thumbprint", thumbprint, "--json"]
    environment = {"PATH": os.environ["PATH"], "CERTCHAIN_HOME": str(folder / "nowhere")}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert json.loads(run.stdout)["reason"] == "LoginRefused"


def test_a_node_of_another_home_is_not_taken_for_ones_own(shell: Shell, tmp_path: Path) -> None:
    """The deployment is on another chain."""
    with shell.node("anvil", signal.SIGTERM):
        shell("deploy")
    (shell.home / "node" / "anvil" / "anvil.json").unlink()
    with shell.node("anvil", signal.SIGTERM):
        assert shell.refusal("method", "list") == (78, "LedgerMismatch")


def test_a_node_says_where_it_is_in_a_file_that_people_can_read(shell: Shell) -> None:
    with shell.node("anvil", signal.SIGTERM) as address:
        assert tomllib.loads((shell.home / "node" / "running.toml").read_text())["address"] == address
        assert shell.refusal("node", "--port", "0") == (78, "NodeRunning")
        assert shell("deploy", "--network", address)["network"] == address
        assert len(shell("method", "list")) == 6 + 6 + 3  # every order of three, two and one of the factors
    assert not (shell.home / "node" / "running.toml").exists()
