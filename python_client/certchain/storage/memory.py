"""The in-memory twins of the storage seam: everything is gone with the process."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from threading import RLock
from typing import Any, TypeVar

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
from certchain.storage.record import (
    Permitted,
    count,
    file_name,
    require_countable,
    require_permit,
    require_same_app,
    require_texts,
)

Record = TypeVar("Record")


class MemoryFileStore:
    """See ``FileStore``."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        file_name(name)
        self._files[name] = b"".join(chunks)

    def read(self, name: str) -> Iterator[bytes]:
        return iter((_found(self._files, file_name(name), "file", name),))

    def remove(self, name: str) -> None:
        if self._files.pop(file_name(name), None) is None:
            raise UnknownRecord("file", name)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._files))


class MemoryManagementDatabase:
    """See ``ManagementDatabase``."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._devices: dict[DeviceId, tuple[DeviceInformation, PublicKeys]] = {}
        self._user_devices: dict[UserDeviceId, tuple[UserDeviceInformation, PublicKeys]] = {}
        self._users: dict[UserId, tuple[str, bytes]] = {}
        self._apps: dict[tuple[str, str], AppRecord] = {}
        self._key_data: dict[Digest, bytes] = {}
        self._failures: dict[Subject, FailureState] = {}
        self._permits: dict[Permitted, tuple[int, Digest | None]] = {}
        self._lost_keys: set[Digest] = set()

    def put_device(self, information: DeviceInformation, keys: PublicKeys) -> None:
        count("device", information.device)
        require_texts(information.manufacturer, information.model, information.serial)
        self._devices[information.device] = information, keys

    def put_user_device(self, user_device: UserDeviceId, information: UserDeviceInformation, keys: PublicKeys) -> None:
        count("user device", user_device)
        require_texts(information.model, information.platform, information.app_instance)
        self._user_devices[user_device] = information, keys

    def put_user(self, user: UserId, name: str, salt: bytes) -> None:
        count("user", user)
        require_texts(name)
        self._users[user] = name, salt

    def put_app(self, record: AppRecord) -> None:
        require_texts(record.app, record.version)
        count("time", record.until)
        with self._lock:
            known = self._apps.setdefault((record.app, record.version), record)
            require_same_app(known, record)
            self._apps[record.app, record.version] = replace(known, release=record.release)

    def set_app_status(self, app: str, version: str, status: AppStatus, until: int = 0) -> None:
        count("time", until)
        with self._lock:
            self._apps[app, version] = replace(self.app(app, version), status=status, until=until)

    def put_key_data(self, commitment: Digest, sealed: bytes) -> None:
        self._key_data[commitment] = sealed

    def count_failure(self, subject: Subject) -> int:
        with self._lock:
            state = self.failures(subject)
            self._failures[subject] = replace(state, failures=state.failures + 1)
            return state.failures + 1

    def clear_failures(self, subject: Subject) -> None:
        with self._lock:
            self._failures[subject] = replace(self.failures(subject), failures=0)

    def unlock(self, subject: Subject) -> int:
        with self._lock:
            unlocks = self.failures(subject).unlocks + 1
            self._failures[subject] = FailureState(0, unlocks)
            return unlocks

    def put_permit(self, user: UserId, user_device: UserDeviceId, device: DeviceId, expires_at: int) -> None:
        permitted = require_permit(user, user_device, device)
        with self._lock:
            self._permits[permitted] = count("time", expires_at), None

    def take_permit(
        self, user: UserId, user_device: UserDeviceId, device: DeviceId, application: Digest, now: int
    ) -> bool:
        permitted = require_permit(user, user_device, device)
        count("time", now)
        with self._lock:
            expires_at, holder = self._permits.pop(permitted, (0, None))
            if expires_at > now:
                self._permits[permitted] = expires_at, holder or application
        return expires_at > now and holder in {None, application}

    def put_lost_key(self, thumbprint: Digest) -> None:
        self._lost_keys.add(thumbprint)

    def drop_lost_key(self, thumbprint: Digest) -> None:
        self._lost_keys.discard(thumbprint)

    def is_lost_key(self, thumbprint: Digest) -> bool:
        return thumbprint in self._lost_keys

    def device(self, device: DeviceId) -> tuple[DeviceInformation, PublicKeys]:
        return _found(self._devices, count("device", device), "device", device)

    def user_device(self, user_device: UserDeviceId) -> tuple[UserDeviceInformation, PublicKeys]:
        return _found(self._user_devices, count("user device", user_device), "user device", user_device)

    def user(self, user: UserId) -> tuple[str, bytes]:
        return _found(self._users, count("user", user), "user", user)

    def app(self, app: str, version: str) -> AppRecord:
        require_texts(app, version)
        return _found(self._apps, (app, version), "app", f"{app} {version}")

    def key_data(self, commitment: Digest) -> bytes:
        return _found(self._key_data, commitment, "key data", commitment)

    def failures(self, subject: Subject) -> FailureState:
        return self._failures.get(require_countable(subject), FailureState())


def _found(records: Mapping[Any, Record], key: object, kind: str, name: object) -> Record:
    try:
        return records[key]
    except KeyError:
        raise UnknownRecord(kind, str(name)) from None
