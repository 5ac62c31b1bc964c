"""A PostgreSQL server that goes, comes back, is slow, is not who it should be: told as it is, without passwords and rows."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from certchain.errors import MalformedValue, StorageUnavailable
from certchain.models.app import AppRecord
from certchain.models.digest import Digest
from certchain.models.entry import Subject, SubjectKind
from certchain.models.identifier import UserId
from certchain.storage import SqlManagementDatabase, engine, server
from certchain.storage.engine import connect, reading, writing
from certchain.storage.schema import users
from tests.databases import PASSWORD, PostgresServer, postgres_server, protected_server, self_signed

MINA = Subject(SubjectKind.USER, 3)
ENROLLER = """
import sys
from itertools import count
from certchain.storage import SqlManagementDatabase
database = SqlManagementDatabase(sys.argv[1])
for user in count(1):
    database.put_user(user, f"user {user}", bytes(32))
    print(user, flush=True)
"""


@pytest.fixture
def database(postgres_url: str) -> Iterator[SqlManagementDatabase]:
    database = SqlManagementDatabase(postgres_url)
    yield database
    database.close()


@pytest.fixture
def mortal() -> Iterator[PostgresServer]:
    """A server that the test may stop."""
    with postgres_server() as found:
        yield found


# ------------------------------------------------------------------------------------------------------ loss and return


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_the_first_call_works_again_when_the_server_is_back(mortal: PostgresServer, how: signal.Signals) -> None:
    database = SqlManagementDatabase(mortal.url("postgres"))
    assert database.count_failure(MINA) == 1

    mortal.stop(how)
    for call in (database.failures, database.count_failure, database.unlock):
        with pytest.raises(StorageUnavailable):
            call(MINA)

    mortal.start()
    assert database.count_failure(MINA) == 2
    mortal.stop(how)
    mortal.start()
    assert database.failures(MINA).failures == 2
    database.close()


def test_a_server_that_is_not_there_is_told(mortal: PostgresServer) -> None:
    mortal.stop()

    with pytest.raises(StorageUnavailable) as refusal:
        SqlManagementDatabase(mortal.url("postgres"))
    assert PASSWORD not in str(refusal.value)
    mortal.start()


def test_a_connection_that_is_lost_within_a_transaction_leaves_nothing_of_it(
    database: SqlManagementDatabase, postgres: PostgresServer
) -> None:
    def enrol_and_be_cut_off() -> None:
        with writing(database._engine) as connection:
            connection.execute(insert(users).values(user=3, name="Mina", salt=bytes(32)))
            backend = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            postgres.execute(f"SELECT pg_terminate_backend({backend})")

    with pytest.raises(StorageUnavailable):
        enrol_and_be_cut_off()

    database.put_user(UserId(4), "Jun", bytes(32))
    with reading(database._engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() == 1


@pytest.mark.parametrize("puts", [1, 30])
def test_a_crashed_server_has_every_record_that_was_told(mortal: PostgresServer, puts: int) -> None:
    command = [sys.executable, "-c", ENROLLER, mortal.url("postgres")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as enroller:
        assert enroller.stdout is not None
        told = [int(enroller.stdout.readline()) for _ in range(puts)]
        mortal.stop(signal.SIGQUIT)
        told += [int(line) for line in enroller.stdout]
    mortal.start()

    database = SqlManagementDatabase(mortal.url("postgres"))
    assert told == list(range(1, len(told) + 1))
    assert [database.user(UserId(user))[0] for user in told] == [f"user {user}" for user in told]
    database.close()


def test_a_server_that_is_set_to_answer_before_it_syncs_does_not_for_us() -> None:
    with postgres_server("synchronous_commit=off") as hasty:
        connections = connect(hasty.url("postgres"))
        with reading(connections) as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
        connections.dispose()
        assert hasty.execute("SHOW synchronous_commit") == (["off"],)


# ---------------------------------------------------------------------------------------------------- waiting, crowding


def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_PATIENCE", 0.3)
    database = SqlManagementDatabase(postgres_url)
    with pytest.raises(StorageUnavailable), reading(database._engine) as connection:
        connection.execute(text("SELECT pg_sleep(3)"))

    assert database.count_failure(MINA) == 1
    database.close()


def test_a_writer_that_another_process_holds_up_is_told(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LOCK_PATIENCE", 0.2)
    database, other = SqlManagementDatabase(postgres_url), SqlManagementDatabase(postgres_url)
    with writing(other._engine):
        with pytest.raises(StorageUnavailable, match="lock timeout"):
            database.count_failure(MINA)
        assert database.failures(MINA).failures == 0

    assert database.count_failure(MINA) == 1
    database.close()
    other.close()


def test_a_process_takes_ten_connections_and_no_more(
    postgres_url: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as hasty, ExitStack() as busy:
        hasty.setattr(engine, "LOCK_PATIENCE", 0.2)
        crowded = SqlManagementDatabase(postgres_url)
        for _ in range(10):
            busy.enter_context(reading(crowded._engine))
        with pytest.raises(StorageUnavailable, match="all connections to the database are in use"):
            crowded.failures(MINA)
    crowded.close()

    monkeypatch.setattr(engine, "LOCK_PATIENCE", 60.0)
    database = SqlManagementDatabase(postgres_url)
    with ThreadPoolExecutor(32) as threads:
        list(threads.map(lambda _: database.failures(MINA), range(200)))
    name = postgres_url.rpartition("/")[2]
    open_now = [datname for (datname,) in postgres.execute("SELECT datname FROM pg_stat_activity")]
    assert 1 <= open_now.count(name) <= 10
    database.close()


# ---------------------------------------------------------------------------------------------------- what is not shown


def test_a_wrong_password_is_told_and_none_is_shown(postgres: PostgresServer) -> None:
    wrong = postgres.url("postgres", password="an-old-one")

    with pytest.raises(StorageUnavailable, match="password authentication failed") as refusal:
        SqlManagementDatabase(wrong)
    assert "an-old-one" not in f"{refusal.value!r} {refusal.value} {refusal.value.__cause__} {refusal.value.values()}"


def test_the_password_shows_in_no_representation(database: SqlManagementDatabase) -> None:
    assert PASSWORD not in f"{database!r} {database._engine!r} {database._engine.url} {database._engine.pool!r}"


def test_an_error_shows_no_values_of_the_records(database: SqlManagementDatabase) -> None:
    with pytest.raises(StorageUnavailable, match="null value") as refusal, writing(database._engine) as connection:
        connection.execute(insert(users).values(user=3, name="Mina Kim", salt=None))
    assert "Mina" not in f"{refusal.value} {refusal.value.__cause__}"


@pytest.mark.parametrize(
    "damage", ["UPDATE apps SET status = 'welcome'", "UPDATE apps SET until = 5", "UPDATE apps SET digest = 'sha-1:00'"]
)
def test_a_record_that_could_not_have_been_written_is_told(
    database: SqlManagementDatabase, postgres_url: str, postgres: PostgresServer, damage: str
) -> None:
    database.put_app(AppRecord("remote", "1.0", Digest(bytes(32)), b"signed"))
    postgres.execute(damage, postgres_url.rpartition("/")[2])

    with pytest.raises(StorageUnavailable, match="a record of the app is damaged"):
        database.app("remote", "1.0")


def test_a_database_whose_tables_are_gone_is_told(
    database: SqlManagementDatabase, postgres_url: str, postgres: PostgresServer
) -> None:
    postgres.execute("DROP TABLE users", postgres_url.rpartition("/")[2])

    with pytest.raises(StorageUnavailable, match='relation "users" does not exist'):
        database.user(UserId(3))


@pytest.mark.parametrize(
    "refused",
    [
        "mysql://certchain:open-sesame@127.0.0.1/certchain",
        "postgresql://certchain:open-sesame@127.0.0.1/certchain",
        "postgresql+pg8000://certchain:open-sesame@127.0.0.1",
        "postgresql+pg8000://127.0.0.1/certchain",
        "postgresql+pg8000://certchain:open-sesame@127.0.0.1:door/certchain",
        "certchain:open-sesame@127.0.0.1/certchain",
        "postgresql+pg8000://certchain:open-sesame@127.0.0.1/certchain?sslmode=perhaps",
        "postgresql+pg8000://certchain:open-sesame@127.0.0.1/certchain?password=open-sesame",
        "postgresql+pg8000://certchain:open-sesame@127.0.0.1/certchain?sslmode=require&sslmode=disable",
    ],
)
def test_another_url_is_refused_and_nothing_of_it_shown(refused: str) -> None:
    with pytest.raises(MalformedValue) as refusal:
        SqlManagementDatabase(refused)
    assert "open-sesame" not in f"{refusal.value} {refusal.value.__cause__}"


# ---------------------------------------------------------------------------------------------------------- how it goes


def test_a_server_is_reached_by_its_socket(postgres: PostgresServer) -> None:
    with postgres.database() as url:
        database = SqlManagementDatabase(f"{url.replace('127.0.0.1', 'nowhere.invalid')}?unix_sock={postgres.socket}")
        assert database.count_failure(MINA) == 1
        database.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    return {host: self_signed(folder, host) for host in ("localhost", "elsewhere.example")}


@pytest.fixture(scope="module")
def protected(certificates: dict[str, Path]) -> Iterator[PostgresServer]:
    """A server that speaks TLS, as localhost."""
    with protected_server(certificates["localhost"]) as found:
        yield found


@pytest.mark.parametrize("mode", ["verify-full", "require", "prefer", "disable"])
def test_the_connection_is_protected_as_the_url_asks(
    protected: PostgresServer, certificates: dict[str, Path], mode: str
) -> None:
    query = f"?sslmode={mode}" + (f"&sslrootcert={certificates['localhost']}" if mode == "verify-full" else "")
    connections = connect(protected.url("postgres", query, host="localhost"))
    with reading(connections) as connection:
        mine = connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar()
    connections.dispose()
    assert mine is (mode != "disable")


@pytest.mark.parametrize(("host", "trusted"), [("localhost", "elsewhere.example"), ("127.0.0.1", "localhost")])
def test_a_server_that_is_not_who_it_should_be_gets_no_password(
    protected: PostgresServer, certificates: dict[str, Path], host: str, trusted: str
) -> None:
    query = f"?sslmode=verify-full&sslrootcert={certificates[trusted]}"
    with pytest.raises(StorageUnavailable, match="certificate verify failed"):
        SqlManagementDatabase(protected.url("postgres", query, host=host))


def test_a_server_without_tls_is_refused_where_the_url_asks_for_it(postgres: PostgresServer) -> None:
    with pytest.raises(StorageUnavailable):
        SqlManagementDatabase(postgres.url("postgres", "?sslmode=require"))


def test_an_authority_that_cannot_be_read_is_told(postgres: PostgresServer, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="No such file"):
        SqlManagementDatabase(postgres.url("postgres", f"?sslmode=verify-full&sslrootcert={tmp_path / 'none.pem'}"))
