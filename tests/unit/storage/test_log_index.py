"""The index's file: private, rebuilt when it is lost, and without a trace of what was emptied."""

import random
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from certchain.errors import StorageUnavailable
from certchain.models.entry import ErasureEntry, HoldEntry, LoginEntry, RetentionEntry, Subject, SubjectKind
from certchain.models.identifier import UserDeviceId, UserId
from certchain.models.log import LoggedEntry
from certchain.models.query import EntryFilter, IndexRow, RowKind
from certchain.storage import SqlLogIndex, engine
from tests.logged import ALICE, logged, login


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "index.sqlite"


def on_disk(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def test_what_was_read_is_there_after_closing_and_opening_again(path: Path) -> None:
    first = SqlLogIndex(path)
    first.add([logged(0, 5, login()), logged(1, 6, HoldEntry(ALICE, "x", "")), logged(2, 7, RetentionEntry(9, ""))])
    holds = first.holds()
    first.close()

    again = SqlLogIndex(path)
    assert (again.size(), again.latest(), again.retention(), again.holds()) == (3, 7, 9, holds)
    assert again.find(EntryFilter(user=UserId(1), kind=RowKind.LOGIN)) == (IndexRow(0, RowKind.LOGIN),)
    again.close()


def test_two_processes_read_the_log_into_one_file(path: Path) -> None:
    one, other = SqlLogIndex(path), SqlLogIndex(path)
    one.add([logged(0, 5, login())])
    other.add([logged(1, 5, login())])

    assert one.find(EntryFilter()) == other.find(EntryFilter())
    assert one.size() == 2
    one.close()
    other.close()


def test_only_the_owner_can_read_the_files(path: Path) -> None:
    index = SqlLogIndex(path)
    index.add([logged(0, 5, login())])

    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    index.close()


@pytest.mark.parametrize("seed", range(3))
def test_not_a_byte_of_an_emptied_row_is_left_after_scrubbing(path: Path, seed: int) -> None:
    """Rows move about as pages fill; the number of the user's phone is looked for, which is like no other."""
    chance, index = random.Random(seed), SqlLogIndex(path)
    phones = {user: 0x7A_0000_0000_0000 + chance.getrandbits(48) for user in range(1, 60)}
    for _ in range(20):
        size, crowd = index.size(), chance.choices(list(phones), k=100)
        page = [logged(size + place, 5, login(user, phones[user])) for place, user in enumerate(crowd)]
        index.add([*page, logged(size + 100, 5, ErasureEntry(Subject(SubjectKind.USER, crowd[0]), 10, ""))])
    index.scrub()
    content = on_disk(path)
    here = {user for user, phone in phones.items() if index.find(EntryFilter(user_device=UserDeviceId(phone)))}

    assert len(here) < len(phones)
    assert {user for user, phone in phones.items() if phone.to_bytes(7) in content} == here
    index.close()


def test_a_trace_that_a_reader_keeps_is_told_and_goes_the_next_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_PATIENCE", 0.05)
    phone, index = 0x7A_1234_5678_9ABC, SqlLogIndex(path)
    index.add([logged(0, 5, login(1, phone))])
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM entries").fetchall()
        index.add([logged(1, 5, ErasureEntry(ALICE, 10, ""))])
        with pytest.raises(StorageUnavailable):
            index.scrub()
    index.close()

    again = SqlLogIndex(path)
    again.scrub()
    assert phone.to_bytes(7) not in on_disk(path)
    again.close()


@pytest.mark.parametrize("damage", ["UPDATE entries SET kind = 'cat'", "UPDATE holds SET kind = 'cat'"])
def test_a_record_that_could_not_have_been_written_is_told(path: Path, damage: str) -> None:
    index = SqlLogIndex(path)
    index.add([logged(0, 5, login()), logged(1, 5, HoldEntry(ALICE, "x", ""))])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)

    with pytest.raises(StorageUnavailable, match="log's index is damaged"):
        (index.find(EntryFilter()), index.holds())
    index.close()


def test_a_search_takes_the_index_of_what_is_asked_for(path: Path) -> None:
    """Nobody reads a million rows to find ten: the database's plan says so."""
    index = SqlLogIndex(path)
    with closing(sqlite3.connect(path)) as connection:
        for column in ("user", "user_device", "device", "outcome"):
            query = f'SELECT entry FROM entries WHERE "{column}" = 1 AND entry > 5 ORDER BY entry LIMIT 9'  # noqa: S608
            plan = " ".join(row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + query))
            assert f"entries_by_{column}" in plan, plan
            assert "TEMP B-TREE" not in plan
    index.close()


def many(first: int, count: int) -> list[LoggedEntry]:
    entry: LoginEntry = login()
    return [logged(place, 5, entry) for place in range(first, first + count)]


def test_a_page_that_fails_half_way_is_not_taken_in(path: Path) -> None:
    index = SqlLogIndex(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON entries WHEN NEW.entry = 9 BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )

    with pytest.raises(StorageUnavailable, match="disk full"):
        index.add(many(0, 10))
    assert (index.size(), index.find(EntryFilter())) == (0, ())
    index.close()
