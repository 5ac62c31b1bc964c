"""The connection to a database's file: SQLite in WAL mode, every commit synced to the disk before it returns."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from certchain.config.file import make_folder
from certchain.errors import StorageUnavailable
from certchain.storage.record import disk_errors
from certchain.storage.schema import SCHEMA

LOCK_PATIENCE = 5.0  # seconds to wait for another process's transaction
_WRITING = "certchain_writing"


def open_database(path: Path | None, tables: MetaData, version: int, *, single: bool = False) -> Engine:
    """Opens the database of a file that only its owner can read, and makes it if there is none. Raises ``StorageUnavailable``.

    ``tables`` are what is in it, in this ``version`` of their shape. Without a path it lives in memory. A ``single`` engine has one
    connection, as one in memory has: two threads may not use it at once.
    """
    with storage_errors():
        engine = _in_memory() if path is None else _in_file(path, single)
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
    try:
        _require_schema(engine, tables, version)
    except BaseException:
        engine.dispose()
        raise
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
        raise StorageUnavailable(str(problem.orig)) from problem
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


def _set_up(connection: Any, _: object) -> None:
    # The driver would begin transactions by itself, and too late for a reader that writes afterwards.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _require_schema(engine: Engine, tables: MetaData, version: int) -> None:
    schema = tables.tables[SCHEMA]
    with writing(engine) as connection:
        tables.create_all(connection)
        found = connection.execute(select(schema.c.version)).scalar()
        if found is None:
            connection.execute(insert(schema).values(version=version))
        elif found != version:
            raise StorageUnavailable(f"the database has schema version {found}, not {version}")
