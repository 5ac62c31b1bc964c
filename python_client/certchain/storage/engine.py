"""Databases by SQLAlchemy: files of SQLite, where every commit is synced to the disk before it returns, and PostgreSQL's servers."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.pool import StaticPool

from certchain.config.file import make_folder
from certchain.errors import StorageUnavailable
from certchain.storage.record import disk_errors
from certchain.storage.schema import SCHEMA
from certchain.storage.server import server_arguments, server_url

LOCK_PATIENCE = 5.0  # seconds to wait for another process's transaction
_CONNECTIONS = 10  # of one process to a server, at most
_WRITING = "certchain_writing"
_WRITERS = 0x63657274636861  # the number of the lock that PostgreSQL's writers take


def open_file(path: Path | None, tables: MetaData, version: int, *, single: bool = False) -> Engine:
    """Opens a file that has no migrations, and makes it if there is none: only its owner can read it. Raises ``StorageUnavailable``.

    ``tables`` are what is in it, in this ``version`` of their shape. Without a path it lives in memory. A ``single`` engine has one
    connection, as one in memory has: two threads may not use it at once.
    """
    engine = connect(path, single=single)
    try:
        _require_version(engine, tables, version)
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect(location: Path | str | None, *, single: bool = False) -> Engine:
    """The connections to a file, to a server by its URL, or to a database in memory. Nothing is made in it.

    Raises ``StorageUnavailable``, and ``MalformedValue`` for a URL that ``server_url`` does not know.
    """
    with storage_errors():
        if isinstance(location, str):
            return _on_server(server_url(location))
        engine = _in_memory() if location is None else _in_file(location, single)
        event.listen(engine, "connect", _set_up_file)
        event.listen(engine, "begin", _begin_in_file)
        return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database. Raises ``StorageUnavailable``."""
    with storage_errors(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that alone writes, and is on the disk when it is left. Raises ``StorageUnavailable``."""
    with (
        storage_errors(),
        engine.connect().execution_options(**{_WRITING: True}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def bare(engine: Engine) -> Iterator[Any]:
    """The driver's own connection, outside of any transaction. Raises ``StorageUnavailable``."""
    with storage_errors():
        connection = engine.raw_connection()
        try:
            yield connection.driver_connection
        finally:
            connection.close()


def forget(engine: Engine, *, rewrite: bool = False) -> None:
    """Leaves no trace of what was deleted: everything goes from the write-ahead log to the file, and the log is cut to nothing.

    SQLite zeroes what is deleted where it stands (secure_delete), but not the copies that it leaves behind when it moves rows to other
    pages: a database whose rows move is to be rewritten, too. Raises ``StorageUnavailable`` while somebody still reads an older state.
    """
    with bare(engine) as driver:
        if rewrite:
            driver.execute("VACUUM")
        busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StorageUnavailable("somebody is reading what was deleted")


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turns every error of the disk and of the database into ``StorageUnavailable``; values do not show in it."""
    try:
        with disk_errors():
            yield
    except sqlite3.Error as problem:
        raise StorageUnavailable(str(problem)) from problem
    except DBAPIError as problem:
        said = problem.orig.args[0] if problem.orig and problem.orig.args else ""
        if isinstance(said, dict):  # PostgreSQL's details would show the row
            raise StorageUnavailable(str(said.get("M"))) from None
        raise StorageUnavailable(str(problem.orig)) from problem
    except PoolExhausted:
        raise StorageUnavailable("all connections to the database are in use") from None
    except SQLAlchemyError as problem:
        raise StorageUnavailable(type(problem).__name__) from problem


def _in_memory() -> Engine:
    return create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )


def _in_file(path: Path, single: bool) -> Engine:
    make_folder(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    url, patience = URL.create("sqlite", database=str(path)), {"timeout": LOCK_PATIENCE}
    limits = {"pool_size": 1, "max_overflow": 0} if single else {}
    return create_engine(url, connect_args=patience, hide_parameters=True, **limits)


def _on_server(url: URL) -> Engine:
    """Every connection is tried before it is used, so that the first call works when the server is back."""
    engine = create_engine(
        url.set(query={}),
        connect_args=server_arguments(url),
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_timeout=LOCK_PATIENCE,
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up_server)
    event.listen(engine, "begin", _begin_on_server)
    return engine


def _set_up_file(connection: Any, _: object) -> None:
    # The driver would begin transactions by itself, and too late for a reader that writes afterwards.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


def _begin_in_file(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes(connection) else "BEGIN")


def _set_up_server(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    cursor.execute(f"SET lock_timeout = {int(LOCK_PATIENCE * 1000)}")
    # A server that is set to answer before it has synced does not for us; one that waits for its standbys still does.
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.commit()
    cursor.close()


def _begin_on_server(connection: Connection) -> None:
    # Writers follow one another, as in a file, and each sees what the one before it has left.
    if _writes(connection):
        connection.exec_driver_sql(
            f"SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({_WRITERS})"
        )


def _writes(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get(_WRITING, False))


def _require_version(engine: Engine, tables: MetaData, version: int) -> None:
    schema = tables.tables[SCHEMA]
    with writing(engine) as connection:
        tables.create_all(connection)
        found = connection.execute(select(schema.c.version)).scalar()
        if found is None:
            connection.execute(insert(schema).values(version=version))
        elif found != version:
            raise StorageUnavailable(f"the database has schema version {found}, not {version}")
