"""The storage seam. Every implementation is thread-safe, and what a method has written is durable when it returns.

Any method may raise ``StorageUnavailable``; then nothing was half written. Reading what is not there raises ``UnknownRecord``.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from certchain.models.certification import AppManifest, AppStatus, DeviceInformation, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.log import SaltedEntry
from certchain.models.registration import PublicKeys


class FileStore(Protocol):
    """Named files, each replaced whole or not at all. A name is 1 to 100 of ``a-z 0-9 - _ .``, not starting with a dot."""

    def write(self, name: str, chunks: Iterable[bytes]) -> None: ...
    def read(self, name: str) -> Iterator[bytes]: ...
    def remove(self, name: str) -> None: ...
    def names(self) -> tuple[str, ...]: ...


class ManagementDatabase(Protocol):
    """The certification server's own records."""

    def put_device(self, information: DeviceInformation, keys: PublicKeys) -> None: ...
    def device(self, device: DeviceId) -> tuple[DeviceInformation, PublicKeys]: ...

    def put_user_device(
        self, user_device: UserDeviceId, information: UserDeviceInformation, keys: PublicKeys
    ) -> None: ...
    def user_device(self, user_device: UserDeviceId) -> tuple[UserDeviceInformation, PublicKeys]: ...

    def put_user(self, user: UserId, name: str, salt: bytes) -> None: ...
    def user(self, user: UserId) -> tuple[str, bytes]: ...

    def put_app(self, manifest: AppManifest) -> None:
        """Adds an app's version. Raises ``RecordExists`` if it is there with another digest."""
        ...

    def app(self, app: str, version: str) -> AppManifest: ...
    def set_app_status(self, app: str, version: str, status: AppStatus) -> None: ...

    def put_key_data(self, commitment: Digest, sealed: bytes) -> None:
        """Keeps a registration's key data under its commitment: it is durable before the ledger has issued an identifier."""
        ...

    def key_data(self, commitment: Digest) -> bytes: ...

    def append_entries(self, entries: Sequence[SaltedEntry]) -> None:
        """Appends to the log. The first index has to be the log's size; raises ``SizeMismatch`` otherwise, and appends nothing."""
        ...

    def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
        """Entries from index ``first`` on, at most ``limit``; none past the end."""
        ...

    def log_size(self) -> int: ...
