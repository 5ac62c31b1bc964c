"""The keys of subjects in a file of their own, where they are destroyed for good."""

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    LargeBinary,
    Row,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from certchain.encoding.subject_key import subject_key_context
from certchain.errors import UnknownRecord
from certchain.keys import SealingKey
from certchain.keys.sealing import KEY_LENGTH, SEAL_LENGTH
from certchain.models.entry import Subject, SubjectKind
from certchain.models.log import RetiredKey, SubjectKey
from certchain.storage.engine import bare, forget, open_file, reading, storage_errors, writing
from certchain.storage.record import count, intact, require_erasable
from certchain.storage.schema import NUMBER, versioned

SCHEMA_VERSION = 1
_CACHE = 50_000
_AT_ONCE = 1000  # owners or numbers in one statement: SQLite allows 32,766 values
_NOTHING = bytes(KEY_LENGTH + SEAL_LENGTH)

_Owner = tuple[Subject, int]

metadata = versioned()

# Rows are only added at the end, and a key is overwritten by as many zeros: so it stands in one place of the file, and nowhere else.
_keys = Table(
    "keys",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
)

_owners = Table(
    "owners",
    metadata,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("subject", NUMBER, nullable=False),
    Column("period", NUMBER, nullable=False),
    Column("retired", NUMBER),  # from which entry on
)
_owner = (_owners.c.kind, _owners.c.subject, _owners.c.period)
Index("issued", *_owner, unique=True, sqlite_where=_owners.c.retired.is_(None))


class SqlSubjectKeys:
    """See ``SubjectKeyStore``. ``path`` is a file of its own; the keys in it are sealed under ``sealing_key``. ``close`` it when done.

    After ``destroy``, neither the database nor its write-ahead log has a byte of the sealed key, in this process or any other. What no
    program can promise for the disk below it: a backup, a snapshot, or a flash memory's spare blocks may keep old bytes, which are
    sealed; keep no backups of this file for longer than erased entries may be readable, and change the sealing key if one is lost.

    Raises ``SealInvalid`` for another sealing key than that of the keys in the file.
    """

    def __init__(self, path: Path, sealing_key: SealingKey) -> None:
        self._sealing_key = sealing_key
        self._lock = RLock()
        self._issued: dict[_Owner, SubjectKey] = {}
        self._opened: dict[int, SubjectKey] = {}
        # One connection, because it knows by its data version when another has changed the file, and so when not to trust the cache.
        self._engine = open_file(path, metadata, SCHEMA_VERSION, single=True)
        self._seen = -1
        with bare(self._engine) as driver:
            self._driver = driver
        try:
            self._require_sealing_key()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._engine.dispose()

    def issue(self, wanted: Collection[_Owner]) -> Mapping[_Owner, SubjectKey]:
        with self._lock:
            self._refresh()
            missing = [owner for owner in wanted if owner not in self._issued]
            found = self._find_or_draw(missing) if missing else {}
            self._issued |= found
            self._opened |= {key.number: key for key in found.values()}
            return {owner: found.get(owner) or self._issued[owner] for owner in wanted}

    def key(self, number: int) -> SubjectKey | None:
        with self._lock:
            self._refresh()
            if number not in self._opened:
                row = self._row(count("key", number))
                if row.kind is None:
                    return None
                self._opened[number] = self._open(row)
            return self._opened[number]

    def subjects(self, before: int) -> tuple[Subject, ...]:
        query = select(*_owner[:2]).where(_owners.c.period < count("before", before)).distinct().order_by(*_owner[:2])
        with self._lock, reading(self._engine) as connection:
            return tuple(Subject(SubjectKind(kind), number) for kind, number in connection.execute(query))

    def retire(self, subject: Subject, before: int, index: int) -> int:
        require_erasable(subject)
        issued = [_owners.c.retired.is_(None), _owners.c.kind == subject.kind, _owners.c.subject == subject.number]
        change = update(_owners).where(*issued, _owners.c.period < count("before", before))
        with self._lock:
            with writing(self._engine) as connection:
                retired = connection.execute(change.values(retired=count("index", index))).rowcount
            self._issued = {owner: key for owner, key in self._issued.items() if owner[0] != subject}
        return retired

    def retired(self) -> tuple[RetiredKey, ...]:
        query = select(_owners).where(_owners.c.retired.is_not(None)).order_by(_owners.c.number)
        with self._lock, reading(self._engine) as connection:
            return tuple(
                RetiredKey(row.number, _subject(row), row.period, row.retired) for row in connection.execute(query)
            )

    def destroy(self, numbers: Collection[int]) -> int:
        wanted = sorted({count("key", number) for number in numbers})
        with self._lock:
            self._trust_nothing()
            with writing(self._engine) as connection:
                destroyed = sum(_destroy(connection, chunk) for chunk in _chunks(wanted))
            forget(self._engine)
        return destroyed

    def _find_or_draw(self, owners: Sequence[_Owner]) -> dict[_Owner, SubjectKey]:
        for subject, period in owners:
            count("subject", subject.number), count("period", period)
        with writing(self._engine) as connection:
            rows = [row for chunk in _chunks(owners) for row in connection.execute(_issued_to(chunk))]
            found = {(_subject(row), row.period): self._open(row) for row in rows}
            return found | self._draw(connection, [owner for owner in owners if owner not in found])

    def _draw(self, connection: Connection, owners: Sequence[_Owner]) -> dict[_Owner, SubjectKey]:
        first = (connection.execute(select(func.max(_keys.c.number))).scalar() or 0) + 1
        drawn = {owner: SubjectKey(first + place, os.urandom(KEY_LENGTH)) for place, owner in enumerate(owners)}
        if drawn:
            connection.execute(insert(_keys), [self._sealed(owner, key) for owner, key in drawn.items()])
            connection.execute(insert(_owners), [_owner_columns(owner, key) for owner, key in drawn.items()])
        return drawn

    def _sealed(self, owner: _Owner, key: SubjectKey) -> dict[str, Any]:
        sealed = self._sealing_key.seal(subject_key_context(*owner, key.number), key.value)
        return {"number": key.number, "sealed": sealed}

    def _open(self, row: Row[Any]) -> SubjectKey:
        with intact("subject key"):
            context = subject_key_context(_subject(row), row.period, row.number)
        return SubjectKey(row.number, self._sealing_key.open(context, row.sealed))

    def _row(self, number: int) -> Row[Any]:
        query = select(_keys, *_owner).outerjoin(_owners, _keys.c.number == _owners.c.number)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(_keys.c.number == number)).one_or_none()
        if row is None:
            raise UnknownRecord("subject key", str(number))
        return row

    def _require_sealing_key(self) -> None:
        with reading(self._engine) as connection:
            newest = connection.execute(select(func.max(_owners.c.number))).scalar()
        if newest is not None:
            self._open(self._row(newest))

    def _refresh(self) -> None:
        """Forgets what it knew when another connection has changed the file since, or when it is too much."""
        with storage_errors():
            (version,) = self._driver.execute("PRAGMA data_version").fetchone()
        if version != self._seen or len(self._issued) > _CACHE or len(self._opened) > _CACHE:
            self._trust_nothing()
            self._seen = version

    def _trust_nothing(self) -> None:
        self._issued, self._opened = {}, {}


def _destroy(connection: Connection, numbers: Sequence[int]) -> int:
    rows = connection.execute(select(_owners).where(_owners.c.number.in_(numbers))).all()
    for row in rows:
        require_erasable(_subject(row))
    connection.execute(update(_keys).where(_keys.c.number.in_(numbers)).values(sealed=_NOTHING))
    connection.execute(delete(_owners).where(_owners.c.number.in_(numbers)))
    return len(rows)


def _issued_to(owners: Sequence[_Owner]) -> Any:
    wanted = [(subject.kind.value, subject.number, period) for subject, period in owners]
    joined = select(_keys.c.sealed, _owners).join(_owners, _keys.c.number == _owners.c.number)
    return joined.where(_owners.c.retired.is_(None), tuple_(*_owner).in_(wanted))


def _subject(row: Row[Any]) -> Subject:
    return Subject(SubjectKind(row.kind), row.subject)


def _owner_columns(owner: _Owner, key: SubjectKey) -> dict[str, Any]:
    subject, period = owner
    return {"number": key.number, "kind": subject.kind.value, "subject": subject.number, "period": period}


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
