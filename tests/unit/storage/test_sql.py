"""The management database's file: durable, private, and honest about every fault of disk and file."""

import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import InvalidRequestError

from certchain.errors import StorageUnavailable
from certchain.models.app import AppRecord
from certchain.models.certification import DeviceInformation, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.registration import PublicKeys
from certchain.storage import SqlManagementDatabase, engine

LAMP = DeviceInformation(DeviceId(7), "Lumen GmbH", "lamp", "SN-0001")
PHONE = UserDeviceInformation("Fairphone 5", "Android 15", "3f2a")
KEYS = PublicKeys(bytes(range(32)), bytes(range(33)))
DIGEST = Digest(bytes(32))

# Puts users for ever, and tells each after the method has returned.
ENROLLER = """
import sys
from itertools import count
from pathlib import Path
from certchain.storage import SqlManagementDatabase
database = SqlManagementDatabase(Path(sys.argv[1]))
for user in count(1):
    database.put_user(user, f"user {user}", bytes(32))
    print(user, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "management.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[SqlManagementDatabase]:
    database = SqlManagementDatabase(path)
    yield database
    database.close()


def execute(path: Path, *statements: str) -> None:
    """What somebody does to the file behind the database's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def filled(database: SqlManagementDatabase) -> None:
    database.put_device(LAMP, KEYS)
    database.put_user_device(UserDeviceId(2), PHONE, KEYS)
    database.put_user(UserId(3), "Mina", bytes(32))
    database.put_app(AppRecord("remote", "1.0", DIGEST, b"signed"))
    database.put_key_data(DIGEST, b"sealed")


def test_every_record_is_there_after_closing_and_opening_again(path: Path) -> None:
    first = SqlManagementDatabase(path)
    filled(first)
    first.close()

    again = SqlManagementDatabase(path)
    assert again.device(LAMP.device) == (LAMP, KEYS)
    assert again.user_device(UserDeviceId(2)) == (PHONE, KEYS)
    assert again.user(UserId(3)) == ("Mina", bytes(32))
    assert again.app("remote", "1.0") == AppRecord("remote", "1.0", DIGEST, b"signed")
    assert again.key_data(DIGEST) == b"sealed"
    again.close()


def test_two_processes_see_the_same_records(database: SqlManagementDatabase, path: Path) -> None:
    other = SqlManagementDatabase(path)
    database.put_user(UserId(3), "Mina", bytes(32))
    other.put_user(UserId(4), "Jun", bytes(32))

    assert database.user(UserId(4)) == ("Jun", bytes(32))
    assert other.user(UserId(3)) == ("Mina", bytes(32))
    other.close()


def test_commits_are_synced_in_a_write_ahead_log(database: SqlManagementDatabase) -> None:
    with database._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.parametrize("puts", [1, 5, 40])
def test_a_killed_server_has_every_record_that_was_told(path: Path, puts: int) -> None:
    command = [sys.executable, "-c", ENROLLER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        told = [int(server.stdout.readline()) for _ in range(puts)]
        server.send_signal(signal.SIGKILL)
        told += [int(line) for line in server.stdout]

    database = SqlManagementDatabase(path)
    assert told == list(range(1, len(told) + 1))
    assert [database.user(UserId(user))[0] for user in told] == [f"user {user}" for user in told]
    database.close()


def test_a_change_that_fails_half_way_changes_nothing(database: SqlManagementDatabase, path: Path) -> None:
    database.put_user(UserId(3), "Mina", bytes(32))
    execute(path, "CREATE TRIGGER full BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'disk full'); END")

    with pytest.raises(StorageUnavailable, match="disk full"):
        database.put_user(UserId(3), "Mina Kim", bytes(32))
    assert database.user(UserId(3)) == ("Mina", bytes(32))


def test_a_full_disk_is_told_and_the_records_stay(database: SqlManagementDatabase) -> None:
    database.put_key_data(DIGEST, b"first")
    with database._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StorageUnavailable, match="full"):
        database.put_key_data(DIGEST, bytes(1_000_000))
    assert database.key_data(DIGEST) == b"first"


def test_only_the_owner_can_read_the_files(database: SqlManagementDatabase, path: Path) -> None:
    filled(database)

    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_database_that_another_process_holds_is_waited_for_and_then_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_PATIENCE", 0.05)
    database = SqlManagementDatabase(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageUnavailable, match="locked"):
            database.put_user(UserId(3), "Mina", bytes(32))
        other.execute("ROLLBACK")

    database.put_user(UserId(3), "Mina", bytes(32))
    assert database.user(UserId(3)) == ("Mina", bytes(32))
    database.close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"a letter to the editor" * 100)

    with pytest.raises(StorageUnavailable, match="not a database"):
        SqlManagementDatabase(path)
    assert path.read_bytes() == b"a letter to the editor" * 100


def test_a_place_where_no_file_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageUnavailable):
        SqlManagementDatabase(tmp_path / "file" / "management.sqlite")
    with pytest.raises(StorageUnavailable):
        SqlManagementDatabase(tmp_path)


def test_a_database_whose_tables_are_gone_is_told(database: SqlManagementDatabase, path: Path) -> None:
    execute(path, "DROP TABLE users")

    with pytest.raises(StorageUnavailable, match="no such table"):
        database.user(UserId(3))


def test_a_lost_file_is_told(database: SqlManagementDatabase, path: Path) -> None:
    filled(database)
    database.close()
    shutil.rmtree(path.parent)

    with pytest.raises(StorageUnavailable):
        database.user(UserId(3))


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("UPDATE devices SET signing_key = x'00'", "device"),
        ("UPDATE devices SET signing_key = 5", "device"),
        ("UPDATE user_devices SET exchange_key = x''", "user device"),
        ("UPDATE apps SET status = 'welcome'", "app"),
        ("UPDATE apps SET digest = 'sha-1:00'", "app"),
    ],
)
def test_a_record_that_could_not_have_been_written_is_told(
    database: SqlManagementDatabase, path: Path, damage: str, kind: str
) -> None:
    filled(database)
    execute(path, damage)

    readers: dict[str, Callable[[], object]] = {
        "device": lambda: database.device(LAMP.device),
        "user device": lambda: database.user_device(UserDeviceId(2)),
        "app": lambda: database.app("remote", "1.0"),
    }
    with pytest.raises(StorageUnavailable, match=f"a record of the {kind} is damaged"):
        readers[kind]()


def test_an_error_shows_no_values_of_the_records(database: SqlManagementDatabase, path: Path) -> None:
    execute(path, "DROP TABLE users")

    with pytest.raises(StorageUnavailable) as refusal:
        database.put_user(UserId(3), "Mina Kim", bytes(32))
    assert "Mina" not in str(refusal.value)
    assert "Mina" not in str(refusal.value.__cause__)


def test_an_error_of_the_library_itself_is_told_by_its_kind() -> None:
    with pytest.raises(StorageUnavailable, match="InvalidRequestError"), engine.storage_errors():
        raise InvalidRequestError("SELECT secret")
