"""How an index takes in a log's entries, one after the other: what each adds, and what records about others change."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, insert, select, update

from certchain.encoding.kind import KIND_OF
from certchain.errors import SizeMismatch
from certchain.models.entry import (
    ErasureEntry,
    HoldEntry,
    LogEntry,
    LoginEntry,
    ReleaseEntry,
    RetentionEntry,
    Subject,
    SubjectKind,
)
from certchain.models.hold import Holds, holds_after, is_in_force
from certchain.models.log import KEY_PERIOD, LoggedEntry, erased_before
from certchain.models.query import RowKind
from certchain.storage.log_index_schema import entries, erasures, holds, state
from certchain.storage.record import MOST

_COLUMNS = {SubjectKind.USER: "user", SubjectKind.USER_DEVICE: "user_device", SubjectKind.DEVICE: "device"}
_PERSONAL = (RowKind.LOGIN.value, RowKind.UNLOCK.value, RowKind.LOST_KEY.value)
"""What is encrypted under the key of whom it is about, and gone with it."""
_NOBODY: dict[str, Any] = dict.fromkeys(_COLUMNS.values())
_EMPTY: dict[str, Any] = {"kind": RowKind.ERASED.value, "outcome": None, **_NOBODY}


class Fold:
    """Takes entries in within one transaction. What the log says decides, in its order; nothing else is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: list[dict[str, Any]] = []

    def take(self, page: Sequence[LoggedEntry]) -> None:
        """Raises ``SizeMismatch`` for entries that do not continue those before."""
        size = self._connection.execute(select(state.c.size)).scalar_one()
        for expected, logged in enumerate(page, size):
            if logged.leaf.index != expected:
                raise SizeMismatch(logged.leaf.index, expected)
            self._take(logged)
        self._write_rows()
        if page:
            last = page[-1].leaf
            self._connection.execute(
                update(state).values(size=last.index + 1, latest=last.at, commitment=str(last.commitment))
            )

    def _take(self, logged: LoggedEntry) -> None:
        entry = None if logged.body is None else logged.body.entry
        self._rows.append({"entry": logged.leaf.index, "at": logged.leaf.at, **_row(entry)})
        if entry is not None:
            self._act(logged.leaf.index, entry)

    def _act(self, index: int, entry: LogEntry) -> None:
        match entry:
            case HoldEntry() | ReleaseEntry() if _is_someone(entry.held):
                self._hold(index, entry)
            case ErasureEntry() if _is_someone(entry.erased):
                self._erase(index, entry)
            case RetentionEntry():
                self._connection.execute(update(state).values(days=_bounded(entry.days)))

    def _write_rows(self) -> None:
        if self._rows:
            self._connection.execute(insert(entries), self._rows)
        self._rows = []

    def _hold(self, index: int, entry: HoldEntry | ReleaseEntry) -> None:
        """Has the index keep the holds on the subject that are in force after the entry."""
        before = self._holds(entry.held)
        after = holds_after(before, entry)
        for gone in set(before).difference(after):
            self._connection.execute(delete(holds).where(*about(holds, gone.held), holds.c.name == gone.name))
        for new in set(after).difference(before):
            named = {"name": new.name, "reason": new.reason}
            self._connection.execute(insert(holds).values(entry=index, **_subject_columns(new.held), **named))

    def _holds(self, subject: Subject) -> Holds:
        rows = self._connection.execute(select(holds.c.name, holds.c.reason).where(*about(holds, subject)))
        return tuple(HoldEntry(subject, row.name, row.reason) for row in rows)

    def _erase(self, index: int, entry: ErasureEntry) -> None:
        """Empties the subject's rows, unless the erasure does not count."""
        if not is_in_force(entry, self._holds(entry.erased)):
            return
        until = _bounded(erased_before(entry))
        named = {"before_period": until, **_subject_columns(entry.erased)}
        self._connection.execute(insert(erasures).values(entry=index, **named))
        self._write_rows()
        about_them = (
            entries.c.kind.in_(_PERSONAL),
            entries.c.at < _bounded(until * KEY_PERIOD),
            *_rows_of(entry.erased),
        )
        if self._connection.execute(update(entries).where(*about_them).values(**_EMPTY)).rowcount:
            self._connection.execute(update(state).values(traces=1))


def about(table: Table, subject: Subject) -> tuple[ColumnElement[bool], ...]:
    """The rows of holds or erasures that name the subject."""
    return table.c.kind == subject.kind.value, table.c.subject == subject.number


def _rows_of(subject: Subject) -> tuple[ColumnElement[bool], ...]:
    """The entries that the subject is the subject of, by the rule of ``LoginEntry.subject``."""
    named = list(_COLUMNS)
    nobody_before = named[: named.index(subject.kind)]
    number = entries.c[_COLUMNS[subject.kind]]
    return (number == subject.number, *(entries.c[_COLUMNS[kind]].is_(None) for kind in nobody_before))


def _subject_columns(subject: Subject) -> dict[str, Any]:
    return {"kind": subject.kind.value, "subject": subject.number}


def _row(entry: LogEntry | None) -> dict[str, Any]:
    """What can be searched for of an entry: kind, outcome, and whom a login names or a record is about."""
    match entry:
        case None:
            return _EMPTY
        case LoginEntry():
            numbers = {"user": entry.user, "user_device": entry.user_device, "device": entry.device}
            kept = {name: _kept(number) for name, number in numbers.items()}
            return {"kind": RowKind.LOGIN.value, "outcome": entry.outcome.value, **kept}
        case HoldEntry() | ReleaseEntry():
            return _record_row(entry, entry.held)
        case ErasureEntry():
            return _record_row(entry, entry.erased)
        case _:
            return _record_row(entry, entry.subject)


def _record_row(entry: LogEntry, about: Subject) -> dict[str, Any]:
    named = {_COLUMNS[about.kind]: _kept(about.number)} if about.kind in _COLUMNS else {}
    return {**_EMPTY, **named, "kind": KIND_OF[type(entry)]}


def _is_someone(subject: Subject) -> bool:
    """Whether the subject can have keys that are held or destroyed: the log's own cannot."""
    return subject.kind in _COLUMNS and _kept(subject.number) is not None


def _kept(number: int | None) -> int | None:
    """A number that nobody was ever given may have been claimed in a login: nobody can ask for it either."""
    return number if number is not None and 0 <= number <= MOST else None


def _bounded(number: int) -> int:
    """A number of the log as far as a database can keep it."""
    return min(max(number, 0), MOST)
