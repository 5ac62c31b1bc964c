"""The connection to the management database's file: SQLite in WAL mode, every commit synced to the disk before it returns."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from certchain.errors import StorageUnavailable
from certchain.storage.record import disk_errors
from certchain.storage.schema import SCHEMA_VERSION, metadata, schema

LOCK_PATIENCE = 5.0  # seconds to wait for another process's transaction
_WRITING = "certchain_writing"


def open_database(path: Path) -> Engine:
    """Opens the database of a file that only its owner can read, and makes it if there is none. Raises ``StorageUnavailable``."""
    with storage_errors():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        engine = create_engine(
            URL.create("sqlite", database=str(path)), connect_args={"timeout": LOCK_PATIENCE}, hide_parameters=True
        )
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
    try:
        _require_schema(engine)
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
def storage_errors() -> Iterator[None]:
    """Turns every error of the disk and of the database into ``StorageUnavailable``; values do not show in it."""
    try:
        with disk_errors():
            yield
    except DBAPIError as problem:
        raise StorageUnavailable(str(problem.orig)) from problem
    except SQLAlchemyError as problem:
        raise StorageUnavailable(type(problem).__name__) from problem


def _set_up(connection: Any, _: object) -> None:
    # The driver would begin transactions by itself, and too late for a reader that writes afterwards.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _require_schema(engine: Engine) -> None:
    with writing(engine) as connection:
        metadata.create_all(connection)
        version = connection.execute(select(schema.c.version)).scalar()
        if version is None:
            connection.execute(insert(schema).values(version=SCHEMA_VERSION))
        elif version != SCHEMA_VERSION:
            raise StorageUnavailable(f"the database has schema version {version}, not {SCHEMA_VERSION}")
