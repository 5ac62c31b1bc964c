"""What state a home has to be in for the log's commands, and what they say when it is in another."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from certchain.errors import StorageUnavailable
from certchain.log import Retention
from tests.program import SESSION, Program

WRITING = (
    ("log", "query"),
    ("log", "flush"),
    ("log", "holds"),
    ("log", "audit"),
    ("log", "retention"),
    ("log", "expire"),
    ("log", "serve", "--accept"),
)


def test_before_a_deployment_there_is_no_log(certchain: Program) -> None:
    for command in WRITING:
        assert certchain.json(*command).code in {65, 78}, command
    certchain.json("log", "key").refusal(78, "NotDeployed")
    certchain.json("log", "serve").refusal(69, "StorageUnavailable")
    assert not (certchain.home / "log").exists()


def test_a_home_without_its_passphrase_shows_no_entries(deployed: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTCHAIN_PASSPHRASE", "a guess")
    for command in WRITING:
        deployed.json(*command).refusal(78, "KeyFileUnreadable")
    assert deployed.json("log", "key").value()["log"]


def test_a_damaged_log_is_said_to_be_damaged_and_nothing_is_certified_into_it(sessions: Program) -> None:
    for file in (sessions.home / "log" / "entries").iterdir():
        if file.is_file() and file.stat().st_size > 200:
            content = bytearray(file.read_bytes())
            content[len(content) // 2] ^= 1
            file.write_bytes(bytes(content))
    refusal = sessions.json("log", "query")
    assert refusal.code in {69, 76}, refusal.err
    assert sessions.json(*SESSION).code in {69, 76}


def test_an_erasure_that_was_cut_off_is_carried_out_by_the_next_command(
    sessions: Program, earlier: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is in the log, and then the power fails before the key is destroyed."""

    def cut_off(_: Retention) -> int:
        raise StorageUnavailable("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(Retention, "_carry_out", cut_off)
        sessions.json("log", "erase", "--user", "alice", "--reason", "asked for").refusal(69, "StorageUnavailable")
    kinds = [row["kind"] for row in sessions.json("log", "query").value()]
    assert kinds == [*earlier, *["erased"] * 3, "erasure"]


def test_no_trace_of_an_erased_key_outlives_the_next_command(
    sessions: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power fails when the key is destroyed, and its old bytes are still in the files: nobody has closed them."""
    log = sessions.home / "log"

    def cut_off(*_: object, **__: object) -> None:
        raise StorageUnavailable("the power failed")

    def where(trace: bytes) -> set[str]:
        return {file.name for file in log.glob("*.sqlite*") if trace in file.read_bytes()}

    with closing(sqlite3.connect(log / "keys.sqlite")) as keys, closing(sqlite3.connect(log / "index.sqlite")) as index:
        query = "SELECT sealed FROM keys JOIN owners USING (number) WHERE kind = 'user'"
        ((sealed,),) = keys.execute(query).fetchall()
        index.execute("SELECT traces FROM state").fetchall()
        with monkeypatch.context() as patch:
            patch.setattr(Retention, "finish", lambda _: 0)  # there was nothing to do when the log was opened
            patch.setattr("certchain.storage.subject_keys.forget", cut_off)
            sessions.json("log", "erase", "--user", "alice", "--reason", "asked for").refusal(69, "StorageUnavailable")
        assert keys.execute(query).fetchall() == []
        assert where(sealed) != set()
        assert index.execute("SELECT traces FROM state").fetchall() == [(1,)]
        sessions.json("log", "flush").value()
        assert where(sealed) == set()
        assert index.execute("SELECT traces FROM state").fetchall() == [(0,)]


def test_an_index_that_was_removed_is_built_anew(sessions: Program) -> None:
    before = sessions.json("log", "query").value()
    for file in (sessions.home / "log").glob("index.sqlite*"):
        file.unlink()
    assert sessions.json("log", "query").value() == before


def test_a_log_put_back_to_an_earlier_state_is_not_written_on(sessions: Program) -> None:
    """The folder is an old copy; the chain has more."""
    log, copy = sessions.home / "log", sessions.home / "copy"
    shutil.copytree(log, copy)
    sessions.json(*SESSION).value()
    shutil.rmtree(log)
    copy.rename(log)
    refusal = sessions.json("log", "flush")
    assert refusal.code in {69, 76}, refusal.err
    assert sessions.json("log", "audit").code == 76
