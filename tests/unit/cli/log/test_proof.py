"""`certchain log prove`, `verify` and `check`: an entry proves itself to whoever trusts nobody here."""

from pathlib import Path

import pytest

from certchain.cli import main
from certchain.encoding.note import vkey
from certchain.models.note import KeyType, NoteKey
from tests.program import Program


@pytest.fixture
def file(sessions: Program, tmp_path: Path) -> Path:
    """The proof of entry 1."""
    sessions.json("log", "prove", "1", "--out", str(tmp_path / "entry.proof")).value()
    return tmp_path / "entry.proof"


def test_a_proof_is_verified_without_chain_home_or_passphrase(
    sessions: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "entry.proof"
    thumbprint = sessions.json("log", "prove", "1", "--out", str(file)).value()["thumbprint"]
    monkeypatch.delenv("CERTCHAIN_PASSPHRASE")
    elsewhere = ("--home", str(tmp_path / "nowhere"))
    assert main(["log", "verify", str(file), *elsewhere]) == 0
    assert main(["log", "verify", str(file), "--thumbprint", thumbprint, *elsewhere]) == 0
    assert "Entry 1 is in the log of 4 entries." in capsys.readouterr().out
    assert not (tmp_path / "nowhere").exists()


def test_a_proof_is_rejected_for_another_server_and_after_any_change(sessions: Program, file: Path) -> None:
    verify = ("log", "verify", str(file))
    assert sessions.json(*verify, "--thumbprint", f"sha-256:{'00' * 32}").code == 76
    sessions.json(*verify, "--thumbprint", "sha-256:xyz").refusal(65, "MalformedValue")
    genuine = file.read_bytes()
    for place in range(0, len(genuine), 7):
        file.write_bytes(genuine[:place] + bytes([genuine[place] ^ 1]) + genuine[place + 1 :])
        assert sessions.json(*verify).code in {65, 76}, place


def test_a_proof_without_the_witnesses_that_are_asked_for_is_rejected(sessions: Program, file: Path) -> None:
    verify = ("log", "verify", str(file), "--quorum", "1")
    witness = vkey(NoteKey("witness.example/w1", KeyType.COSIGNATURE, bytes(32)))
    sessions.json(*verify, "--witness", witness).refusal(76, "CosignaturesMissing")
    sessions.json(*verify, "--witness", "w1").refusal(65, "MalformedValue")
    own = sessions.json("log", "key").value()["key"]
    sessions.json(*verify, "--witness", own).refusal(65, "MalformedValue")


def test_a_proof_is_compared_with_the_chain(sessions: Program, file: Path) -> None:
    value = sessions.json("log", "check", str(file)).value()
    assert (value["entry"], value["size"], value["outcome"]) == (1, 4, "certified")
    file.write_bytes(file.read_bytes().replace(b'"user": 1', b'"user": 2'))
    assert sessions.json("log", "check", str(file)).code == 76


def test_what_cannot_be_proven_read_or_written_is_refused(sessions: Program, tmp_path: Path) -> None:
    sessions.json("log", "prove", "4", "--out", str(tmp_path / "p")).refusal(65, "IndexOutOfRange")
    sessions.json("log", "prove", "1", "--out", str(tmp_path / "no" / "p")).refusal(69, "StorageUnavailable")
    sessions.json("log", "verify", str(tmp_path / "none")).refusal(69, "StorageUnavailable")
    sessions.json("log", "check", str(tmp_path / "none")).refusal(69, "StorageUnavailable")
