"""The store of shares on SQLAlchemy, in a database of its own."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, MetaData, Row, Table, Text, and_, delete, insert, select

from certchain.models.custody import KeptShare
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId
from certchain.storage.database import Schema, open_database
from certchain.storage.engine import reading, writing
from certchain.storage.record import count, intact
from certchain.storage.schema import NUMBER

tables = MetaData()
SHARES = Schema("shares", tables, "0001")

kept_shares = Table(
    "kept_shares",
    tables,
    Column("server", NUMBER, primary_key=True, autoincrement=False),
    Column("commitment", Text, primary_key=True),  # algorithm:hex, as the share's
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("share_commitment", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)


class SqlShareStore:
    """See ``ShareStore``. ``location`` is a file's path or a server's URL (``open_database``); ``close`` it when done."""

    def __init__(self, location: Path | str) -> None:
        self._engine = open_database(location, SHARES)

    def close(self) -> None:
        """Closes its connections."""
        self._engine.dispose()

    def put(self, share: KeptShare) -> None:
        count("service", share.server)
        count("division", share.number)
        with writing(self._engine) as connection:
            connection.execute(delete(kept_shares).where(_is(share)))
            connection.execute(insert(kept_shares).values(**_key(share), sealed=share.sealed))

    def shares(self, server: ServiceId, commitment: Digest) -> tuple[KeptShare, ...]:
        count("service", server)
        wanted = select(kept_shares).where(kept_shares.c.server == server, kept_shares.c.commitment == str(commitment))
        with intact("shares"), reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(kept_shares.c.number, kept_shares.c.share_commitment))
            return tuple(_share(row) for row in rows)

    def kept(self) -> tuple[tuple[ServiceId, Digest], ...]:
        columns = kept_shares.c.server, kept_shares.c.commitment
        with intact("shares"), reading(self._engine) as connection:
            rows = connection.execute(select(*columns).distinct().order_by(*columns))
            return tuple((ServiceId(row.server), Digest.parse(row.commitment)) for row in rows)

    def drop(self, shares: Collection[KeptShare]) -> int:
        with writing(self._engine) as connection:
            return sum(connection.execute(delete(kept_shares).where(_is(share))).rowcount for share in shares)


def _key(share: KeptShare) -> dict[str, int | str]:
    return {
        "server": share.server,
        "commitment": str(share.commitment),
        "number": share.number,
        "share_commitment": str(share.share_commitment),
    }


def _is(share: KeptShare) -> ColumnElement[bool]:
    return and_(*(kept_shares.c[name] == value for name, value in _key(share).items()))


def _share(row: Row[Any]) -> KeptShare:
    commitments = Digest.parse(row.commitment), row.number, Digest.parse(row.share_commitment)
    return KeptShare(ServiceId(row.server), *commitments, bytes(row.sealed))
