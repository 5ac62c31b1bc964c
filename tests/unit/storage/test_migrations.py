"""What earlier certchains have made is upgraded with all that is in it, once, and what a newer one made is left alone."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text, update

from certchain.errors import DatabaseNewer, StorageUnavailable
from certchain.models.app import AppRecord
from certchain.models.certification import AppStatus, DeviceInformation, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.entry import Subject, SubjectKind
from certchain.models.failure import FailureState
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.registration import PublicKeys
from certchain.storage import SqlManagementDatabase, database, migrations
from certchain.storage.database import Schema, open_database
from certchain.storage.engine import connect, reading, writing
from certchain.storage.notification_sql import NOTIFICATION
from certchain.storage.shares import SHARES
from certchain.storage.sql import MANAGEMENT

SCHEMAS = (MANAGEMENT, NOTIFICATION, SHARES)
RELEASED = (Path(__file__).parents[2] / "vectors" / "management-2.sql").read_text()
FOLDER = Path(migrations.__path__[0])
KEYS = PublicKeys(bytes(range(32)), bytes(range(33)))
DIGEST = Digest(bytes(range(32)))
MINA = Subject(SubjectKind.USER, 3)

OPENER = """
import sys
from pathlib import Path
from certchain.models.entry import Subject, SubjectKind
from certchain.storage import SqlManagementDatabase
location = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
sys.stdin.readline()
print(SqlManagementDatabase(location).count_failure(Subject(SubjectKind.USER, 3)))
"""


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A file that the first release has made and filled."""
    path = tmp_path / "management.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(RELEASED)
    return path


@pytest.fixture(params=SCHEMAS, ids=lambda schema: schema.name)
def schema(request: pytest.FixtureRequest) -> Schema:
    found: Schema = request.param
    return found


def steps(schema: Schema) -> dict[str, str | None]:
    """Each step's revision, with the one below it, in the order of their files."""
    return {module.revision: module.down_revision for module in database._modules(schema)}


def differences(location: Path | str, schema: Schema) -> list[Any]:
    """Between the tables in a database and those in the code."""
    engine = open_database(location, schema)
    with reading(engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.reached.name, "compare_type": True}
        )
        found = compare_metadata(context, schema.tables)
    engine.dispose()
    return found


def opened(location: Path | str) -> None:
    SqlManagementDatabase(location).close()


# --------------------------------------------------------------------------------------------------------- every schema


def test_the_migrations_lead_to_the_tables_of_the_code(location: Path | str, schema: Schema) -> None:
    assert differences(location, schema) == []


def test_the_migrations_are_one_line_and_the_code_knows_its_end(schema: Schema) -> None:
    revisions = list(steps(schema))

    assert list(steps(schema).values()) == [None, *revisions[:-1]]
    assert revisions[-1] == schema.head
    names = [module.__name__.rpartition(".")[2].partition("_")[0] for module in database._modules(schema)]
    assert names == [f"v{revision}" for revision in revisions] == sorted(names)


def test_every_folder_of_migrations_is_tested() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/v*.py")} == {schema.name for schema in SCHEMAS}


def test_several_schemas_live_in_one_database(location: Path | str) -> None:
    for schema in (*SCHEMAS, *SCHEMAS):
        open_database(location, schema).dispose()

    engine = connect(location)
    with reading(engine) as connection:
        found = set(inspect(connection).get_table_names())
    assert found == {table for schema in SCHEMAS for table in (*schema.tables.tables, schema.reached.name)}
    engine.dispose()


# ------------------------------------------------------------------------------------------------------ older databases


def test_a_file_of_the_first_release_is_upgraded_with_every_row(released: Path) -> None:
    upgraded = SqlManagementDatabase(released)

    assert upgraded.device(DeviceId(7)) == (DeviceInformation(DeviceId(7), "Lumen GmbH", "lamp ☀", "SN-0001"), KEYS)
    highest = DeviceInformation(DeviceId(2**63 - 1), "Acme", "bolt", "front door")
    assert upgraded.device(highest.device) == (highest, PublicKeys(bytes(32), bytes(33)))
    assert upgraded.user_device(UserDeviceId(2)) == (UserDeviceInformation("Fairphone 5", "Android 15", "3f2a"), KEYS)
    assert upgraded.user(UserId(3)) == ("Mina", bytes(range(32)))
    app = AppRecord("remote", "1.1", DIGEST, b"")
    assert upgraded.app("remote", "1.1") == app
    assert upgraded.app("remote", "1.0") == replace(app, version="1.0", status=AppStatus.REVOKED)
    assert (upgraded.key_data(DIGEST), upgraded.key_data(Digest(bytes(32)))) == (b"sealed", b"")
    assert upgraded.failures(MINA) == FailureState()
    upgraded.close()
    assert differences(released, MANAGEMENT) == []


def test_an_upgraded_file_is_opened_again_as_it_is(released: Path) -> None:
    opened(released)
    again = SqlManagementDatabase(released)

    assert again.count_failure(MINA) == 1
    assert again.user(UserId(3))[0] == "Mina"
    again.close()


def test_a_file_that_no_release_has_made_is_refused(released: Path) -> None:
    with closing(sqlite3.connect(released)) as connection, connection:
        connection.execute("UPDATE schema SET version = 1")

    with pytest.raises(StorageUnavailable, match="schema version 1, which no release has made"):
        opened(released)


@pytest.mark.parametrize("step", list(steps(MANAGEMENT))[:-1])
def test_a_database_at_any_earlier_step_is_upgraded(location: Path | str, step: str) -> None:
    open_database(location, replace(MANAGEMENT, head=step)).dispose()

    assert differences(location, MANAGEMENT) == []


def test_an_upgrade_that_fails_changes_nothing(released: Path) -> None:
    with closing(sqlite3.connect(released)) as connection, connection:
        connection.execute("CREATE TABLE permits (in_the_way INTEGER)")

    with pytest.raises(StorageUnavailable, match="permits already exists"):
        opened(released)
    with closing(sqlite3.connect(released)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert connection.execute("SELECT version FROM schema").fetchone() == (2,)
    assert "failures" not in tables
    assert "management_version" not in tables


# ------------------------------------------------------------------------------------------------------ newer databases


def test_a_database_of_a_newer_certchain_is_refused_and_left_as_it_is(location: Path | str) -> None:
    opened(location)
    engine = connect(location)
    with writing(engine) as connection:
        connection.execute(update(MANAGEMENT.reached).values(version_num="9999"))

    with pytest.raises(DatabaseNewer, match="schema management is at 9999") as refusal:
        opened(location)
    assert isinstance(refusal.value, StorageUnavailable)
    assert "backup" in refusal.value.advice
    with reading(engine) as connection:
        assert connection.execute(text("SELECT version_num FROM management_version")).scalar() == "9999"
    engine.dispose()


# ----------------------------------------------------------------------------------------------------- several at once


def test_processes_that_open_an_empty_database_at_once_do_not_clash(location: Path | str) -> None:
    assert _counted_by_processes(location, 4) == [1, 2, 3, 4]


def test_processes_that_open_an_older_file_at_once_do_not_clash(released: Path) -> None:
    assert _counted_by_processes(released, 3) == [1, 2, 3]


def test_threads_that_open_databases_at_once_do_not_clash(location: Path | str, tmp_path: Path) -> None:
    places: list[Path | str] = [location, *(tmp_path / f"{number}.sqlite" for number in range(4))] * 2
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(opened, places))

    assert [differences(place, MANAGEMENT) for place in set(places)] == [[]] * 5


def test_who_waited_for_an_upgrade_finds_it_done(location: Path | str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has seen the database before the other has upgraded it."""
    revision, others = database._revision, iter([True])

    def revision_before(*arguments: Any) -> str | None:
        found = revision(*arguments)
        if next(others, False):
            opened(location)
        return found

    monkeypatch.setattr(database, "_revision", revision_before)
    opened(location)
    assert differences(location, MANAGEMENT) == []


def _counted_by_processes(location: Path | str, number: int) -> list[int]:
    command = [sys.executable, "-c", OPENER, str(location)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(number)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return sorted(_answers(processes))


def _answers(processes: list[subprocess.Popen[str]]) -> Iterator[int]:
    for process in processes:
        answer, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        yield int(answer)
