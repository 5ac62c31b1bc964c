"""`certchain log who`: a person or a court gets an answer that proves itself, and says plainly what it does not prove."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from certchain.cli import main
from certchain.cli.output import Output
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.cli.workspace import opener
from certchain.config import Home
from certchain.encoding.document import from_line, to_line
from certchain.encoding.leaf import leaf_bytes
from certchain.log.publication import read_checkpoint
from certchain.merkle import CompactRange, leaf_hash
from certchain.models.answer import AnswerHead, AnswerLine, AnswerTail
from certchain.models.digest import Digest
from certchain.verification.answer import answer_statement
from certchain.verification.checkpoint import sign_checkpoint
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
    said = value.out.replace("\n", " ")
    assert "3 were erased: nobody can tell any more whom they were about, and logins there may be among them" in said
    assert "not only hidden, is the server's word" in said
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


def test_an_answer_is_compared_with_the_chain(sessions: Program, file: Path, tmp_path: Path) -> None:
    value = sessions.json("log", "check", str(file)).value()
    assert (value["logins"], len(value["said"])) == (3, 3)
    with opener(sessions.chain.open)(Home(sessions.home), Output()) as workspace:
        keys = workspace.keyring.service(CERTIFICATION_SERVER)
    lines = file.read_bytes().splitlines(keepends=True)
    head = from_line(AnswerHead, lines[0])
    genuine = read_checkpoint(head.checkpoint)
    withheld = from_line(AnswerLine, lines[1])
    other = replace(withheld, leaf=replace(withheld.leaf, commitment=Digest(bytes(32))))
    body = [to_line(other), *lines[2:-1]]
    tree = CompactRange(leaf_hash(leaf_bytes(from_line(AnswerLine, line).leaf)) for line in body)
    forked = sign_checkpoint(replace(genuine, root=tree.root()), keys)
    said = [to_line(replace(head, checkpoint=forked)), *body]
    signature = keys.sign(answer_statement(head.network, genuine.signer, sha256(b"".join(said)).digest()))
    (tmp_path / "forked").write_bytes(b"".join([*said, to_line(AnswerTail((), signature))]))
    sessions.json("log", "verify", str(tmp_path / "forked")).value()
    assert sessions.json("log", "check", str(tmp_path / "forked")).code == 76


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
