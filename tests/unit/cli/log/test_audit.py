"""`certchain log audit`, `compare` and `evidence`: what is wrong is found, kept, and proven to others."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from certchain.cli.output import Output
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.cli.workspace import Workspace, opener
from certchain.config import Home
from certchain.log.publication import read_checkpoint
from certchain.models.digest import Digest
from certchain.verification.checkpoint import sign_checkpoint
from tests.program import SESSION, Program


def note(program: Program) -> Path:
    return program.home / "log" / "notes" / "checkpoint"


def another_view(program: Program) -> str:
    """A checkpoint of the log's size by the log's own key, of another log."""
    genuine = read_checkpoint(note(program).read_text())
    with open_workspace(program) as workspace:
        keys = workspace.keyring.service(CERTIFICATION_SERVER)
    return sign_checkpoint(replace(genuine, root=Digest(bytes(32))), keys)


@contextmanager
def open_workspace(program: Program) -> Iterator[Workspace]:
    with opener(program.chain.open)(Home(program.home), Output()) as workspace:
        yield workspace


def test_the_audit_follows_the_log_from_where_it_was(sessions: Program, earlier: list[str]) -> None:
    size = len(earlier) + 3
    first = sessions.json("log", "audit").value()
    assert (first["entries"], first["on_chain"], first["bodies"], first["erased"]) == (size, size, size, 0)
    sessions.json(*SESSION).value()
    assert sessions.json("log", "audit").value()["entries"] == size + 1
    assert sessions.json("log", "audit", "--whole").value()["entries"] == size + 1
    assert f"The log's {size + 1} entries hold, and the chain has {size + 1} of them." in sessions("log", "audit").out


def test_keys_that_were_destroyed_without_a_record_are_found_by_the_audit(sessions: Program) -> None:
    with sqlite3.connect(sessions.home / "log" / "keys.sqlite") as database:
        database.execute("DELETE FROM owners")
    refusal = sessions.json("log", "audit").refusal(76, "ErasedWithoutRecord")
    evidence = sessions.home / "audits" / refusal["values"]["evidence"]
    again = sessions("log", "audit")  # it was told; what is new since holds
    assert f"The evidence is in {evidence}" in again.err.replace("\n", "")
    assert (again.code, "but for 1 that were told before" in again.out) == (0, True)
    assert f"The evidence is in {sessions.home}" in sessions("log", "audit", "--whole").err.replace("\n", "")
    found = sessions.json("log", "evidence", str(evidence)).value()
    assert (found["finding"], found["relies_on"]) == ("ErasedWithoutRecord", ["auditor"])


def test_two_views_of_one_log_are_a_split_which_the_signatures_prove_to_anyone(
    sessions: Program, tmp_path: Path
) -> None:
    (tmp_path / "other").write_text(another_view(sessions))
    refusal = sessions.json("log", "compare", str(tmp_path / "other")).refusal(76, "SplitView")
    evidence = sessions.home / "audits" / refusal["values"]["evidence"]
    for asked in ((), ("--offline",)):
        found = sessions.json("log", "evidence", str(evidence), *asked).value()
        assert (found["finding"], found["relies_on"]) == ("SplitView", [])
        assert "sha-256:" in found["signers"][0]
        assert found["witnesses"] == []
    evidence.write_bytes(evidence.read_bytes().replace(b"SplitView", b"WrongLog!"))
    assert sessions.json("log", "evidence", str(evidence), "--offline").code in {65, 76}


def test_checkpoints_of_one_log_are_found_to_be_so(sessions: Program, earlier: list[str], tmp_path: Path) -> None:
    (tmp_path / "earlier").write_bytes(note(sessions).read_bytes())
    sessions.json(*SESSION).value()
    value = sessions.json("log", "compare", str(tmp_path / "earlier"), str(note(sessions))).value()
    assert (value["checkpoints"], value["size"]) == (2, len(earlier) + 4)


def test_what_is_no_checkpoint_is_not_compared(sessions: Program, earlier: list[str], tmp_path: Path) -> None:
    (tmp_path / "note").write_bytes(b"\xff")
    sessions.json("log", "compare", str(tmp_path / "note")).refusal(65, "MalformedValue")
    size = len(earlier) + 3
    (tmp_path / "note").write_text(note(sessions).read_text().replace(f"\n{size}\n", f"\n{size - 1}\n"))
    assert sessions.json("log", "compare", str(tmp_path / "note")).code == 76
    sessions.json("log", "compare", str(tmp_path / "none")).refusal(69, "StorageUnavailable")


def test_what_is_no_evidence_proves_nothing(sessions: Program, tmp_path: Path) -> None:
    (tmp_path / "evidence.json").write_text("{}")
    for asked in (("--offline",), ()):
        assert sessions.json("log", "evidence", str(tmp_path / "evidence.json"), *asked).code in {65, 76}
    sessions.json("log", "evidence", str(tmp_path / "none")).refusal(69, "StorageUnavailable")
