"""What the disk alone can do with the same bytes: SQLite with a commit a group, and a file with a sync a group."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

Group = list[bytes]


def groups(count: int, length: int, width: int) -> Iterator[Group]:
    """So many entries of random bytes, ``width`` of them together."""
    for _ in range(0, count, width):
        noise = os.urandom(length * width)
        yield [noise[place * length : (place + 1) * length] for place in range(width)]


def sqlite_rate(folder: Path, count: int, length: int, width: int) -> float:
    """Entries a second into a table by index, in WAL mode with synchronous = FULL, a transaction a group."""
    with closing(sqlite3.connect(folder / "plain.sqlite", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")

        def write(group: Group) -> None:
            database.execute("BEGIN IMMEDIATE")
            database.executemany("INSERT INTO entries (body) VALUES (?)", ((body,) for body in group))
            database.execute("COMMIT")

        return _rate(write, count, length, width)


def file_rate(folder: Path, count: int, length: int, width: int) -> float:
    """Entries a second appended to a file, one write and one fsync a group."""
    descriptor = os.open(folder / "plain.file", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:

        def write(group: Group) -> None:
            os.write(descriptor, b"".join(group))
            os.fsync(descriptor)

        return _rate(write, count, length, width)
    finally:
        os.close(descriptor)


def _rate(write: Callable[[Group], None], count: int, length: int, width: int) -> float:
    prepared = list(groups(count, length, width))
    started = time.perf_counter()
    for group in prepared:
        write(group)
    return count / (time.perf_counter() - started)
