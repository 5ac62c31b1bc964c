"""The management database on SQLAlchemy: in a file of SQLite, or on a PostgreSQL server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, delete, insert, select, update

from certchain.errors import UnknownRecord
from certchain.models.app import AppRecord
from certchain.models.certification import (
    AppStatus,
    DeviceInformation,
    UserDeviceInformation,
)
from certchain.models.digest import Digest
from certchain.models.entry import Subject
from certchain.models.failure import FailureState
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.registration import PublicKeys
from certchain.storage.database import Schema, open_database
from certchain.storage.engine import reading, writing
from certchain.storage.record import (
    count,
    intact,
    require_countable,
    require_permit,
    require_same_app,
    require_texts,
)
from certchain.storage.schema import (
    apps,
    devices,
    failures,
    key_data,
    lost_keys,
    metadata,
    permits,
    user_devices,
    users,
)

MANAGEMENT = Schema("management", metadata, "0006", released="0002")


class SqlManagementDatabase:
    """See ``ManagementDatabase``. ``location`` is a file's path or a server's URL (``open_database``); ``close`` it when done."""

    def __init__(self, location: Path | str) -> None:
        self._engine = open_database(location, MANAGEMENT)

    def close(self) -> None:
        """Closes its connections."""
        self._engine.dispose()

    def put_device(self, information: DeviceInformation, keys: PublicKeys) -> None:
        count("device", information.device)
        values = {name: getattr(information, name) for name in ("manufacturer", "model", "serial")}
        require_texts(*values.values())
        self._put(devices, {"device": information.device}, values | _key_columns(keys))

    def put_user_device(self, user_device: UserDeviceId, information: UserDeviceInformation, keys: PublicKeys) -> None:
        count("user device", user_device)
        values = {name: getattr(information, name) for name in ("model", "platform", "app_instance")}
        require_texts(*values.values())
        self._put(user_devices, {"user_device": user_device}, values | _key_columns(keys))

    def put_user(self, user: UserId, name: str, salt: bytes) -> None:
        count("user", user)
        require_texts(name)
        self._put(users, {"user": user}, {"name": name, "salt": salt})

    def put_app(self, record: AppRecord) -> None:
        require_texts(record.app, record.version)
        count("time", record.until)
        with writing(self._engine) as connection:
            row = connection.execute(select(apps).where(*_same_app(record.app, record.version))).one_or_none()
            if row is None:
                connection.execute(insert(apps).values(_app_columns(record)))
            else:
                require_same_app(_app(row), record)
                same = _same_app(record.app, record.version)
                connection.execute(update(apps).where(*same).values(release=record.release))

    def set_app_status(self, app: str, version: str, status: AppStatus, until: int = 0) -> None:
        require_texts(app, version)
        count("time", until)
        with writing(self._engine) as connection:
            row = connection.execute(select(apps).where(*_same_app(app, version))).one_or_none()
            if row is None:
                raise UnknownRecord("app", f"{app} {version}")
            changed = _app_columns(replace(_app(row), status=status, until=until))
            connection.execute(update(apps).where(*_same_app(app, version)).values(changed))

    def put_key_data(self, commitment: Digest, sealed: bytes) -> None:
        self._put(key_data, {"commitment": str(commitment)}, {"sealed": sealed})

    def count_failure(self, subject: Subject) -> int:
        with self._counted(subject) as (connection, row):
            connection.execute(update(failures).where(*row).values(failures=failures.c.failures + 1))
            return int(connection.execute(select(failures.c.failures).where(*row)).scalar_one())

    def clear_failures(self, subject: Subject) -> None:
        if self.failures(subject).failures:
            with self._counted(subject) as (connection, row):
                connection.execute(update(failures).where(*row).values(failures=0))

    def unlock(self, subject: Subject) -> int:
        with self._counted(subject) as (connection, row):
            connection.execute(update(failures).where(*row).values(failures=0, unlocks=failures.c.unlocks + 1))
            return int(connection.execute(select(failures.c.unlocks).where(*row)).scalar_one())

    def put_permit(self, user: UserId, user_device: UserDeviceId, device: DeviceId, expires_at: int) -> None:
        key = _permit_columns(user, user_device, device)
        self._put(permits, key, {"expires_at": count("time", expires_at), "application": None})

    def take_permit(
        self, user: UserId, user_device: UserDeviceId, device: DeviceId, application: Digest, now: int
    ) -> bool:
        permitted = _equal(permits, _permit_columns(user, user_device, device))
        count("time", now)
        with writing(self._engine) as connection:
            connection.execute(delete(permits).where(*permitted, permits.c.expires_at <= now))
            unused = permits.c.application.is_(None)
            connection.execute(update(permits).where(*permitted, unused).values(application=str(application)))
            holder = connection.execute(select(permits.c.application).where(*permitted)).scalar()
        return bool(holder == str(application))

    def put_lost_key(self, thumbprint: Digest) -> None:
        self._put(lost_keys, {"thumbprint": str(thumbprint)}, {})

    def drop_lost_key(self, thumbprint: Digest) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(lost_keys).where(lost_keys.c.thumbprint == str(thumbprint)))

    def is_lost_key(self, thumbprint: Digest) -> bool:
        with reading(self._engine) as connection:
            found = connection.execute(_by_key(lost_keys, "thumbprint"), {"thumbprint": str(thumbprint)})
            return found.one_or_none() is not None

    def device(self, device: DeviceId) -> tuple[DeviceInformation, PublicKeys]:
        with self._row(devices, "device", device=count("device", device)) as row:
            return DeviceInformation(device, row.manufacturer, row.model, row.serial), _keys(row)

    def user_device(self, user_device: UserDeviceId) -> tuple[UserDeviceInformation, PublicKeys]:
        with self._row(user_devices, "user device", user_device=count("user device", user_device)) as row:
            return UserDeviceInformation(row.model, row.platform, row.app_instance), _keys(row)

    def user(self, user: UserId) -> tuple[str, bytes]:
        with self._row(users, "user", user=count("user", user)) as row:
            return row.name, row.salt

    def app(self, app: str, version: str) -> AppRecord:
        require_texts(app, version)
        with self._row(apps, "app", app=app, version=version) as row:
            return _app(row)

    def key_data(self, commitment: Digest) -> bytes:
        with self._row(key_data, "key data", commitment=str(commitment)) as row:
            return bytes(row.sealed)

    def failures(self, subject: Subject) -> FailureState:
        key = _subject_columns(subject)
        with reading(self._engine) as connection:
            row = connection.execute(_by_key(failures, *key), key).one_or_none()
        return FailureState() if row is None else FailureState(row.failures, row.unlocks)

    @contextmanager
    def _counted(self, subject: Subject) -> Iterator[tuple[Connection, list[ColumnElement[bool]]]]:
        """A transaction in which the subject has a row, and the condition that finds it."""
        key = _subject_columns(subject)
        row = _equal(failures, key)
        with writing(self._engine) as connection:
            if connection.execute(select(failures).where(*row)).one_or_none() is None:
                connection.execute(insert(failures).values({**key, "failures": 0, "unlocks": 0}))
            yield connection, row

    def _put(self, table: Table, key: Mapping[str, int | str], values: Mapping[str, Any]) -> None:
        with writing(self._engine) as connection:
            connection.execute(delete(table).where(*_equal(table, key)))
            connection.execute(insert(table).values({**key, **values}))

    @contextmanager
    def _row(self, table: Table, kind: str, **key: int | str) -> Iterator[Row[Any]]:
        """The one row with this key. Raises ``UnknownRecord``."""
        with intact(kind):
            with reading(self._engine) as connection:
                row = connection.execute(_by_key(table, *key), key).one_or_none()
            if row is not None:
                yield row
                return
        raise UnknownRecord(kind, " ".join(map(str, key.values())))


@cache
def _by_key(table: Table, *names: str) -> Select[Any]:
    """The row with this key, whose values come with the execution: a session reads a dozen rows, and each statement is made once."""
    return select(table).where(*(table.c[name] == bindparam(name) for name in names))


def _equal(table: Table, key: Mapping[str, int | str]) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in key.items()]


def _same_app(app: str, version: str) -> list[ColumnElement[bool]]:
    return _equal(apps, {"app": app, "version": version})


def _key_columns(keys: PublicKeys) -> dict[str, bytes]:
    return {"signing_key": keys.signing, "exchange_key": keys.exchange}


def _subject_columns(subject: Subject) -> dict[str, int | str]:
    require_countable(subject)
    return {"kind": subject.kind.value, "subject": subject.number}


def _permit_columns(user: UserId, user_device: UserDeviceId, device: DeviceId) -> dict[str, int | str]:
    return dict(zip(("user", "user_device", "device"), require_permit(user, user_device, device), strict=True))


def _keys(row: Row[Any]) -> PublicKeys:
    return PublicKeys(row.signing_key, row.exchange_key)


def _app_columns(record: AppRecord) -> dict[str, str | int | bytes]:
    return {
        "app": record.app,
        "version": record.version,
        "digest": str(record.digest),
        "release": record.release,
        "status": record.status.value,
        "until": record.until,
    }


def _app(row: Row[Any]) -> AppRecord:
    with intact("app"):
        return AppRecord(
            row.app, row.version, Digest.parse(row.digest), bytes(row.release), AppStatus(row.status), row.until
        )
