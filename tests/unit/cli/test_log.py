"""`certchain log`: shown, brought to the chain, audited and proven."""

from pathlib import Path

import pytest

from certchain.cli import main
from certchain.storage.schema import log_entries
from tests.program import SESSION, Program


@pytest.fixture
def sessions(registered: Program) -> Program:
    """Three certifications."""
    for _ in range(3):
        registered.json(*SESSION).value()
    return registered


def test_entries_are_shown_page_by_page(sessions: Program) -> None:
    assert [entry["entry"] for entry in sessions.json("log", "show", "--first", "1", "--limit", "1").value()] == [1]
    assert "The log has 3 entries, the chain 3 of them." in sessions("log", "show").out


def test_a_page_of_the_log_fits_a_terminal_and_json_has_the_rest(
    sessions: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.cli.output._WIDE", 80)
    lines = sessions("log", "show").out.splitlines()
    entries = [line.split() for line in lines if "certified" in line]
    assert [(entry[0], *entry[2:]) for entry in entries] == [
        (str(index), "certified", "C13", "-", "alice", "phone", "porch-lock", "yes") for index in range(3)
    ]
    assert max(map(len, lines)) <= 80
    assert {"registration", "session"} <= set(sessions.json("log", "show").value()[0])


def test_an_empty_log_is_shown_flushed_and_audited(deployed: Program) -> None:
    assert deployed.json("log", "show").value() == []
    assert deployed.json("log", "flush").value() == {"appended": 0, "size": 0}
    assert deployed.json("log", "audit").value()["entries"] == 0


def test_the_audit_replays_the_whole_log(sessions: Program) -> None:
    value = sessions.json("log", "audit").value()
    assert (value["entries"], value["waiting"]) == (3, 0)


def test_a_changed_entry_is_found_by_the_audit(sessions: Program) -> None:
    sessions.forget(log_entries)
    sessions.json("log", "audit").refusal(76, "LogInconsistent")


def test_a_proof_is_verified_without_chain_home_or_passphrase(
    sessions: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "entry.proof"
    thumbprint = sessions.json("log", "prove", "1", "--out", str(file)).value()["thumbprint"]
    monkeypatch.delenv("CERTCHAIN_PASSPHRASE")
    elsewhere = ("--home", str(tmp_path / "nowhere"))
    assert main(["log", "verify", str(file), *elsewhere]) == 0
    assert main(["log", "verify", str(file), "--thumbprint", thumbprint, *elsewhere]) == 0
    assert "Entry 1 is in the log of 3 entries." in capsys.readouterr().out
    assert not (tmp_path / "nowhere").exists()


def test_a_proof_is_rejected_for_another_server_and_after_any_change(sessions: Program, tmp_path: Path) -> None:
    file = tmp_path / "entry.proof"
    sessions.json("log", "prove", "1", "--out", str(file)).value()
    verify = ("log", "verify", str(file))
    assert sessions.json(*verify, "--thumbprint", f"sha-256:{'00' * 32}").code == 76
    sessions.json(*verify, "--thumbprint", "sha-256:xyz").refusal(65, "MalformedValue")
    genuine = file.read_bytes()
    for place in range(0, len(genuine), 7):
        file.write_bytes(genuine[:place] + bytes([genuine[place] ^ 1]) + genuine[place + 1 :])
        assert sessions.json(*verify).code in {65, 76}, place


def test_what_cannot_be_proven_read_or_written_is_refused(sessions: Program, tmp_path: Path) -> None:
    sessions.json("log", "prove", "3", "--out", str(tmp_path / "p")).refusal(65, "IndexOutOfRange")
    sessions.json("log", "prove", "1", "--out", str(tmp_path / "no" / "p")).refusal(69, "StorageUnavailable")
    sessions.json("log", "verify", str(tmp_path / "none")).refusal(69, "StorageUnavailable")
