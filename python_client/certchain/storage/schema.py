"""The tables of the management database. A change of shape raises ``SCHEMA_VERSION``."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

SCHEMA_VERSION = 2

metadata = MetaData()

# SQLite gives 64 bits to the primary key that is called INTEGER, and to no other.
_number = BigInteger().with_variant(Integer(), "sqlite")

schema = Table("schema", metadata, Column("version", Integer, primary_key=True))

devices = Table(
    "devices",
    metadata,
    Column("device", _number, primary_key=True, autoincrement=False),
    Column("manufacturer", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("signing_key", LargeBinary, nullable=False),
    Column("exchange_key", LargeBinary, nullable=False),
)

user_devices = Table(
    "user_devices",
    metadata,
    Column("user_device", _number, primary_key=True, autoincrement=False),
    Column("model", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("app_instance", Text, nullable=False),
    Column("signing_key", LargeBinary, nullable=False),
    Column("exchange_key", LargeBinary, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user", _number, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
)

apps = Table(
    "apps",
    metadata,
    Column("app", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("digest", Text, nullable=False),  # algorithm:hex
    Column("status", Text, nullable=False),
)

key_data = Table(
    "key_data",
    metadata,
    Column("commitment", Text, primary_key=True),  # algorithm:hex
    Column("sealed", LargeBinary, nullable=False),
)
