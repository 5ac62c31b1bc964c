"""The tables of a log's index. A change of shape raises ``SCHEMA_VERSION``; the index is then removed, and built anew from the log."""

from sqlalchemy import Column, Index, Integer, Table, Text

from certchain.storage.schema import NUMBER, versioned

SCHEMA_VERSION = 1

metadata = versioned()

entries = Table(
    "entries",
    metadata,
    Column("entry", NUMBER, primary_key=True, autoincrement=False),
    Column("at", NUMBER, nullable=False),
    Column("kind", Text, nullable=False),
    Column("outcome", Text),
    Column("user", NUMBER),
    Column("user_device", NUMBER),
    Column("device", NUMBER),
)

Index("entries_by_time", entries.c.at)
for _column in (entries.c.user, entries.c.user_device, entries.c.device, entries.c.outcome):
    Index(f"entries_by_{_column.name}", _column, sqlite_where=_column.is_not(None))
Index("entries_by_kind", entries.c.kind, sqlite_where=entries.c.kind != "login")

holds = Table(
    "holds",
    metadata,
    Column("entry", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("subject", NUMBER, nullable=False),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("entry", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("subject", NUMBER, nullable=False),
    Column("before_period", NUMBER, nullable=False),
)
Index("erasures_by_subject", erasures.c.kind, erasures.c.subject)

state = Table(
    "state",
    metadata,
    Column("one", Integer, primary_key=True),  # the only row
    Column("size", NUMBER, nullable=False),
    Column("latest", NUMBER, nullable=False),
    Column("commitment", Text, nullable=False),  # of the last entry, algorithm:hex
    Column("days", NUMBER, nullable=False),
    Column("traces", Integer, nullable=False),  # 1 while rows that were emptied may still stand somewhere in the file
)
