"""The index of a log: which entries are about whom, and what the log's own records say. Derived from the log, and rebuilt from it."""

from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, insert, select, update

from certchain.errors import MalformedValue
from certchain.models.digest import Digest
from certchain.models.entry import Subject, SubjectKind
from certchain.models.log import LoggedEntry, LogLeaf
from certchain.models.query import PAGE_LIMIT, EntryFilter, Erasure, Hold, IndexRow, RowKind
from certchain.storage.engine import forget, open_file, reading, writing
from certchain.storage.log_index_fold import Fold, about
from certchain.storage.log_index_schema import SCHEMA_VERSION, entries, erasures, holds, metadata, state
from certchain.storage.record import count, intact

_BLANK: dict[str, Any] = {"size": 0, "latest": 0, "commitment": "", "days": 0}


class SqlLogIndex:
    """The index in a file of its own, or in memory without a ``path``. Thread-safe; several processes may use one file.

    It holds who logged in where, in the clear, so that it can be searched; rows of what is erased are emptied as soon as the erasure is
    read from the log, and ``scrub`` leaves no trace of them in the file. Raises ``StorageUnavailable``. ``close`` it when done.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._lock = RLock()
        self._engine = open_file(path, metadata, SCHEMA_VERSION)
        with writing(self._engine) as connection:
            if connection.execute(select(state)).one_or_none() is None:
                connection.execute(insert(state).values(one=1, traces=0, **_BLANK))

    def close(self) -> None:
        """Closes the file."""
        self._engine.dispose()

    def size(self) -> int:
        """How many of the log's entries it has read."""
        return int(self._state().size)

    def latest(self) -> int:
        """The time of the last entry that it has read, seconds since the epoch; 0 before the first."""
        return int(self._state().latest)

    def last(self) -> LogLeaf | None:
        """The leaf of the last entry that it has read."""
        row = self._state()
        with intact("log's index"):
            return LogLeaf(row.size - 1, row.latest, Digest.parse(row.commitment)) if row.size else None

    def clear(self) -> None:
        """Forgets everything, to be built anew: what it has read is not the log."""
        with self._lock, writing(self._engine) as connection:
            for each in (entries, holds, erasures):
                connection.execute(delete(each))
            connection.execute(update(state).values(traces=1, **_BLANK))

    def add(self, page: Sequence[LoggedEntry]) -> None:
        """Takes in the log's next entries, all or none. Raises ``SizeMismatch`` for others."""
        with self._lock, writing(self._engine) as connection:
            Fold(connection).take(page)

    def find(
        self, wanted: EntryFilter, after: int | None = None, limit: int = PAGE_LIMIT, *, newest_first: bool = False
    ) -> tuple[IndexRow, ...]:
        """Entries that fit, in the order of the log or against it, from beyond index ``after`` on.

        ``limit`` is 1 to ``PAGE_LIMIT``, and what is asked for can be kept: ``MalformedValue`` otherwise.
        """
        if not 0 < limit <= PAGE_LIMIT:
            raise MalformedValue("limit", f"{limit} is not 1 to {PAGE_LIMIT}")
        for at in (wanted.since, wanted.until):
            count("time", at or 0)
        index, conditions = entries.c.entry, _conditions(wanted)
        if after is not None:
            conditions.append(index < count("after", after) if newest_first else index > count("after", after))
        query = select(index, entries.c.kind).order_by(index.desc() if newest_first else index).limit(limit)
        with intact("log's index"), self._lock, reading(self._engine) as connection:
            between = _between(connection, wanted)
            rows = connection.execute(query.where(*conditions, *between)) if between is not None else ()
            return tuple(IndexRow(row.entry, RowKind(row.kind)) for row in rows)

    def holds(self, subject: Subject | None = None) -> tuple[Hold, ...]:
        """The holds in force, on everyone or on one, in the order in which they were placed."""
        query = select(holds).order_by(holds.c.entry).where(*(() if subject is None else about(holds, subject)))
        with intact("log's index"):
            return tuple(Hold(_subject(row), row.name, row.reason, row.entry) for row in self._rows(query))

    def retention(self) -> int:
        """After how many days entries are erased; 0 when they are kept."""
        return int(self._state().days)

    def erasures(self, subject: Subject) -> tuple[Erasure, ...]:
        """The erasures about a subject, in order, without those that came while it was on hold: these do not count."""
        query = select(erasures).where(*about(erasures, subject)).order_by(erasures.c.entry)
        with intact("log's index"):
            return tuple(Erasure(row.entry, _subject(row), row.before_period) for row in self._rows(query))

    def scrub(self) -> None:
        """Leaves no trace in the file of rows that were emptied; takes no time when there are none."""
        with self._lock:
            if self._state().traces:
                forget(self._engine, rewrite=True)
                with writing(self._engine) as connection:
                    connection.execute(update(state).values(traces=0))

    def _state(self) -> Row[Any]:
        return self._rows(select(state))[0]

    def _rows(self, query: Select[Any]) -> list[Row[Any]]:
        with self._lock, reading(self._engine) as connection:
            return list(connection.execute(query))


def _conditions(wanted: EntryFilter) -> list[ColumnElement[bool]]:
    numbers = {"user": wanted.user, "user_device": wanted.user_device, "device": wanted.device}
    found = [entries.c[name] == count(name, number) for name, number in numbers.items() if number is not None]
    texts = {"outcome": wanted.outcome, "kind": wanted.kind}
    return found + [entries.c[name] == text.value for name, text in texts.items() if text is not None]


def _between(connection: Connection, wanted: EntryFilter) -> list[ColumnElement[bool]] | None:
    """The times as indices, since neither goes back; ``None`` when no entry is that late."""
    found = list[ColumnElement[bool]]()
    if wanted.until is not None and (first := _first_at(connection, wanted.until)) is not None:
        found.append(entries.c.entry < first)
    if wanted.since is not None:
        if (first := _first_at(connection, wanted.since)) is None:
            return None
        found.append(entries.c.entry >= first)
    return found


def _first_at(connection: Connection, at: int) -> int | None:
    """The first entry of that time or later."""
    at_least = select(entries.c.entry).where(entries.c.at >= at)
    found: int | None = connection.execute(at_least.order_by(entries.c.at, entries.c.entry).limit(1)).scalar()
    return found


def _subject(row: Row[Any]) -> Subject:
    return Subject(SubjectKind(row.kind), row.subject)
