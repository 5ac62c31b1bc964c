"""The tables of the management database. A change of shape is a migration: see ``certchain.storage.migrations``."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

SCHEMA = "schema"
"""The name of the table, in a file that has no migrations, with the version of its tables' shape."""

# SQLite gives 64 bits to the primary key that is called INTEGER, and to no other.
NUMBER = BigInteger().with_variant(Integer(), "sqlite")
"""0 to 2^63 - 1."""


def versioned() -> MetaData:
    """The tables of a new file without migrations: so far, that of its version."""
    tables = MetaData()
    Table(SCHEMA, tables, Column("version", Integer, primary_key=True))
    return tables


metadata = MetaData()

devices = Table(
    "devices",
    metadata,
    Column("device", NUMBER, primary_key=True, autoincrement=False),
    Column("manufacturer", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("signing_key", LargeBinary, nullable=False),
    Column("exchange_key", LargeBinary, nullable=False),
)

user_devices = Table(
    "user_devices",
    metadata,
    Column("user_device", NUMBER, primary_key=True, autoincrement=False),
    Column("model", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("app_instance", Text, nullable=False),
    Column("signing_key", LargeBinary, nullable=False),
    Column("exchange_key", LargeBinary, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user", NUMBER, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
)

apps = Table(
    "apps",
    metadata,
    Column("app", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("digest", Text, nullable=False),  # algorithm:hex
    Column("release", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("until", NUMBER, nullable=False),  # seconds since the epoch, or 0
)

key_data = Table(
    "key_data",
    metadata,
    Column("commitment", Text, primary_key=True),  # algorithm:hex
    Column("sealed", LargeBinary, nullable=False),
)

failures = Table(
    "failures",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("subject", NUMBER, primary_key=True, autoincrement=False),
    Column("failures", NUMBER, nullable=False),
    Column("unlocks", NUMBER, nullable=False),
)

permits = Table(
    "permits",
    metadata,
    Column("user", NUMBER, primary_key=True, autoincrement=False),
    Column("user_device", NUMBER, primary_key=True, autoincrement=False),
    Column("device", NUMBER, primary_key=True, autoincrement=False),
    Column("expires_at", NUMBER, nullable=False),  # seconds since the epoch
    Column("application", Text),  # the digest of the one that has taken it
)

lost_keys = Table(
    "lost_keys",
    metadata,
    Column("thumbprint", Text, primary_key=True),  # algorithm:hex
)
