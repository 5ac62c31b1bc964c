"""The notification store on SQLAlchemy, in tables of its own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Index,
    LargeBinary,
    MetaData,
    Row,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import RecordExists, UnknownRecord
from certchain.models.alert import Alert, KeptAlert
from certchain.models.digest import Digest
from certchain.models.notification import Delivery, DeliveryState, Subscriber
from certchain.storage.database import Schema, open_database
from certchain.storage.engine import reading, writing
from certchain.storage.record import count, intact, require_texts
from certchain.storage.schema import NUMBER

tables = MetaData()
NOTIFICATION = Schema("notification", tables, "0001")

recognition = Table(
    "recognition",
    tables,
    Column("one", NUMBER, primary_key=True, autoincrement=False),
    Column("size", NUMBER, nullable=False),
)
alerts = Table(
    "alerts",
    tables,
    Column("place", NUMBER, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),  # algorithm:hex
    Column("alert", LargeBinary, nullable=False),
    Column("number", NUMBER),
)
subscribers = Table(
    "subscribers",
    tables,
    Column("name", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("bodies", NUMBER, nullable=False),
    Column("authority", Text, nullable=False),
    Column("credentials", Text, nullable=False),
)
deliveries = Table(
    "deliveries",
    tables,
    Column("place", NUMBER, primary_key=True),
    Column("id", Text, nullable=False, unique=True),  # hex
    Column("subscriber", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("attempts", NUMBER, nullable=False),
    Column("due", NUMBER, nullable=False),
    Column("state", Text, nullable=False),
    Column("problem", Text, nullable=False),
    Index("deliveries_due", "subscriber", "state", "due"),
)
_ALL = {"one": 1}


class SqlNotificationStore:
    """See ``NotificationStore``. ``location`` is a file's path or a server's URL (``open_database``); ``close`` it when done."""

    def __init__(self, location: Path | str) -> None:
        self._engine = open_database(location, NOTIFICATION)

    def close(self) -> None:
        """Closes its connections."""
        self._engine.dispose()

    def recognised(self) -> int:
        with reading(self._engine) as connection:
            return int(connection.execute(select(recognition.c.size)).scalar() or 0)

    def keep_recognised(self, found: Sequence[KeptAlert], size: int) -> None:
        count("size", size)
        with writing(self._engine) as connection:
            for each in found:
                if _row(connection, each.digest) is None:
                    values = {"digest": str(each.digest), "alert": to_cbor(each.alert), "number": each.number}
                    connection.execute(insert(alerts).values(**values))
            if not connection.execute(update(recognition).values(size=size)).rowcount:
                connection.execute(insert(recognition).values(size=size, **_ALL))

    def unraised(self, limit: int) -> tuple[KeptAlert, ...]:
        wanted = select(alerts).where(alerts.c.number.is_(None)).order_by(alerts.c.place).limit(count("limit", limit))
        return self._alerts(wanted)

    def keep_raised(self, digest: Digest, number: int, queued: Sequence[Delivery]) -> None:
        count("alert", number)
        with writing(self._engine) as connection:
            row = _row(connection, digest)
            if row is None:
                raise UnknownRecord("alert", str(digest))
            if row.number is None:
                connection.execute(update(alerts).where(alerts.c.digest == str(digest)).values(number=number))
                there = set(connection.execute(select(subscribers.c.name)).scalars())
                for delivery in (each for each in queued if each.subscriber in there):
                    connection.execute(insert(deliveries).values(**_columns(delivery)))

    def alert(self, digest: Digest) -> KeptAlert:
        found = self._alerts(select(alerts).where(alerts.c.digest == str(digest)))
        if not found:
            raise UnknownRecord("alert", str(digest))
        return found[0]

    def alerts(self, limit: int) -> tuple[KeptAlert, ...]:
        return self._alerts(select(alerts).order_by(alerts.c.place.desc()).limit(count("limit", limit)))

    def put_subscriber(self, subscriber: Subscriber) -> None:
        texts = {name: getattr(subscriber, name) for name in ("name", "address", "authority", "credentials")}
        require_texts(*texts.values())
        named = subscribers.c.name == subscriber.name
        with writing(self._engine) as connection:
            if connection.execute(select(subscribers.c.name).where(named)).first() is not None:
                raise RecordExists("subscriber", subscriber.name)
            connection.execute(insert(subscribers).values(bodies=int(subscriber.bodies), **texts))

    def subscribers(self) -> tuple[Subscriber, ...]:
        with intact("subscribers"), reading(self._engine) as connection:
            rows = connection.execute(select(subscribers)).all()
            found = (
                Subscriber(row.name, row.address, bool(row.bodies), row.authority, row.credentials) for row in rows
            )
            return tuple(sorted(found, key=lambda subscriber: subscriber.name))

    def remove_subscriber(self, name: str) -> None:
        with writing(self._engine) as connection:
            if not connection.execute(delete(subscribers).where(subscribers.c.name == name)).rowcount:
                raise UnknownRecord("subscriber", name)
            connection.execute(delete(deliveries).where(deliveries.c.subscriber == name))

    def due(self, subscriber: str, now: int, limit: int) -> tuple[Delivery, ...]:
        waiting = deliveries.c.state == DeliveryState.WAITING.value, deliveries.c.due <= count("time", now)
        wanted = select(deliveries).where(deliveries.c.subscriber == subscriber, *waiting)
        return self._deliveries(wanted.order_by(deliveries.c.place).limit(count("limit", limit)))

    def keep_delivery(self, delivery: Delivery) -> None:
        with writing(self._engine) as connection:
            connection.execute(
                update(deliveries).where(deliveries.c.id == delivery.id.hex()).values(**_columns(delivery))
            )

    def deliveries(self, state: DeliveryState | None = None, limit: int = 1000) -> tuple[Delivery, ...]:
        wanted = select(deliveries).order_by(deliveries.c.place.desc()).limit(count("limit", limit))
        return self._deliveries(wanted if state is None else wanted.where(deliveries.c.state == state.value))

    def _alerts(self, wanted: Any) -> tuple[KeptAlert, ...]:
        with intact("alerts"), reading(self._engine) as connection:
            return tuple(_alert(row) for row in connection.execute(wanted))

    def _deliveries(self, wanted: Any) -> tuple[Delivery, ...]:
        with intact("deliveries"), reading(self._engine) as connection:
            return tuple(_delivery(row) for row in connection.execute(wanted))


def _row(connection: Connection, digest: Digest) -> Row[Any] | None:
    return connection.execute(select(alerts).where(alerts.c.digest == str(digest))).one_or_none()


def _alert(row: Row[Any]) -> KeptAlert:
    return KeptAlert(from_cbor(Alert, bytes(row.alert)), Digest.parse(row.digest), row.number)


def _columns(delivery: Delivery) -> dict[str, int | str]:
    require_texts(delivery.subscriber, delivery.problem)
    return {
        "id": delivery.id.hex(),
        "subscriber": delivery.subscriber,
        "digest": str(delivery.digest),
        "attempts": count("attempts", delivery.attempts),
        "due": count("time", delivery.due),
        "state": delivery.state.value,
        "problem": delivery.problem,
    }


def _delivery(row: Row[Any]) -> Delivery:
    settled = row.attempts, row.due, DeliveryState(row.state), row.problem
    return Delivery(bytes.fromhex(row.id), row.subscriber, Digest.parse(row.digest), *settled)
