"""`certchain session`: certification, control, and every refusal in the log."""

from pathlib import Path

import pytest

from certchain.errors import LedgerUnavailable
from certchain.roles.certification_server import CertificationServer
from certchain.storage.schema import key_data
from tests.program import SESSION, Program


def test_a_certified_user_device_has_the_door_obey(registered: Program) -> None:
    unlocked = registered.json(*SESSION, "--command", "unlock").value()
    assert (unlocked["answer"], unlocked["entry"], unlocked["waiting_for_chain"]) == ("unlocked", 1, 0)
    assert registered.json(*SESSION, "--command", "status").value()["answer"] == "unlocked"
    assert registered.json(*SESSION, "--command", "lock").value()["answer"] == "locked"
    assert registered.json(*SESSION).value()["answer"] is None


def test_people_read_how_the_door_is(registered: Program) -> None:
    assert registered(*SESSION, "--command", "unlock").out.startswith(
        "phone is certified for porch-lock, and the door is unlocked."
    )
    assert registered(*SESSION).out.startswith("phone is certified for porch-lock.")


def test_a_command_that_the_door_does_not_know_is_refused(registered: Program) -> None:
    registered.json(*SESSION, "--command", "explode").refusal(77, "CommandRefused")


def test_a_wrong_secret_is_refused_and_logged(registered: Program, tmp_path: Path) -> None:
    guess = tmp_path / "guess"
    guess.write_text("a guess\n")
    refusal = registered.json(*SESSION, "--secret-file", str(guess)).refusal(77, "LoginRefused")
    assert refusal["values"] == {"attempts_left": 4}
    entry = registered.json("log", "query").value()[-1]
    assert (entry["step"], entry["reason"], entry["user"], entry["on_chain"]) == ("C2", "LoginRefused", "alice", True)


def test_too_many_wrong_secrets_lock_the_user_out_until_the_operator_unlocks(
    registered: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("CERTCHAIN_SECRET", "a guess")
        for _ in range(5):
            assert registered.json(*SESSION).code == 77
    registered.json(*SESSION).refusal(77, "LoginLocked")
    registered.json("device", "unlock", "porch-lock", "--user", "alice").value()
    registered.json(*SESSION).value()


def test_a_changed_or_revoked_app_is_refused(registered: Program, app_folder: Path) -> None:
    (app_folder / "main.py").write_text("print('the neighbour')\n")
    registered.json(*SESSION).refusal(76, "IntegrityFailed")
    (app_folder / "main.py").write_text("print('the door')\n")
    registered.json(*SESSION).value()
    registered.json("app", "revoke", "door", "--version", "1.0").value()
    registered.json(*SESSION).refusal(76, "IntegrityFailed")


def test_a_pair_without_a_registration_is_not_certified(household: Program) -> None:
    household.json(*SESSION).refusal(65, "UnknownRecord")


def test_while_the_chain_is_away_the_log_waits(registered: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session itself ended before the chain went away."""

    def away(_: CertificationServer) -> int:
        raise LedgerUnavailable("it sleeps")

    with monkeypatch.context() as patch:
        patch.setattr(CertificationServer, "flush", away)
        assert registered.json(*SESSION).value()["waiting_for_chain"] == 2
        assert "The log waits for the chain" in registered(*SESSION).err
    assert registered.json("log", "flush").value() == {"appended": 3, "size": 3}


def test_a_changed_management_database_is_noticed(registered: Program) -> None:
    registered.forget(key_data)
    registered.json(*SESSION).refusal(76, "DatabaseChanged")
