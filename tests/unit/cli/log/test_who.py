"""`certchain log who`: a person or a court gets an answer that proves itself, and says plainly what it does not prove."""

from pathlib import Path

import pytest

from certchain.cli import main
from tests.program import Program

DAY = ("--from", "2020-01-01", "--to", "2100-01-01")


@pytest.fixture
def file(sessions: Program, tmp_path: Path) -> Path:
    sessions.json("log", "who", "porch-lock", *DAY, "--out", str(tmp_path / "answer")).value()
    return tmp_path / "answer"


def test_all_logins_of_the_time_are_answered_and_the_answer_is_checked_anywhere(
    sessions: Program, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    value = sessions.json("log", "verify", str(file)).value()
    assert (value["entries"], value["logins"], value["withheld"], value["ended"]) == (4, 3, 1, False)
    assert [row["entry"] for row in value["said"]] == [1, 2, 3]
    monkeypatch.delenv("CERTCHAIN_PASSPHRASE")
    elsewhere = ("--home", str(tmp_path / "nowhere"))
    assert main(["log", "verify", str(file), "--thumbprint", value["thumbprint"], *elsewhere]) == 0
    out = capsys.readouterr().out
    assert "The log has 4 entries of that time, and none is missing." in out
    assert "The log ends within that time" in out
    assert "certified  user 1 with user device 1" in out


def test_what_is_withheld_and_what_was_erased_is_said(sessions: Program, tmp_path: Path) -> None:
    sessions.json("log", "erase", "--user", "alice", "--reason", "request").value()
    value = sessions("log", "who", "7", *DAY, "--out", str(tmp_path / "answer"))
    assert "3 were erased: nobody can tell any more whom they were about." in value.out.replace("\n", " ")
    assert "What 2 say is withheld" in value.out
    whole = sessions.json("log", "who", "7", *DAY, "--whole", "--out", str(tmp_path / "answer")).value()
    assert (whole["entries"], whole["logins"], whole["others"], whole["withheld"], whole["erased"]) == (5, 0, 2, 0, 3)
    assert whole["erasure_records"] == [4]
    assert sessions.json("log", "verify", str(tmp_path / "answer")).value()["erased"] == 3


def test_an_answer_that_was_changed_is_refused(sessions: Program, file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*lines[:2], *lines[3:]]))
    assert sessions.json("log", "verify", str(file)).refusal(76, "ProofInvalid")
    file.write_bytes(b"".join(lines))
    sessions.json("log", "verify", str(file), "--thumbprint", f"sha-256:{'00' * 32}").refusal(76, "WrongSigner")


def test_what_cannot_be_asked_or_written_is_refused(sessions: Program, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "nowhere" / "answer"))
    sessions.json("log", "who", "porch-lock", *DAY, *out).refusal(69, "StorageUnavailable")
    out = ("--out", str(tmp_path / "answer"))
    backwards = ("--from", "2100-01-01", "--to", "2020-01-01")
    sessions.json("log", "who", "porch-lock", *backwards, *out).refusal(65, "MalformedValue")
    sessions.json("log", "who", "porch-lock", "--from", "1960-01-01", "--to", "2020-01-01", *out).refusal(
        65, "MalformedValue"
    )
    sessions.json("log", "who", "no-lock", *DAY, *out).refusal(65, "UnknownRecord")
    sessions.json("log", "verify", str(tmp_path / "none")).refusal(69, "StorageUnavailable")
    assert list(tmp_path.glob("answer*")) == []
