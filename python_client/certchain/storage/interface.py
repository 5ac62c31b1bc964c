"""The storage seam. Every implementation is thread-safe, and what a method has written is durable when it returns.

Any method may raise ``StorageUnavailable``; then nothing was half written. Reading what is not there raises
``UnknownRecord``; ``MalformedValue`` refuses what no implementation could keep: a name that ``FileStore`` does not allow,
an identifier outside 0 to 2^63 - 1.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from certchain.models.certification import (
    AppManifest,
    AppStatus,
    DeviceInformation,
    UserDeviceInformation,
)
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.log import SaltedEntry
from certchain.models.registration import PublicKeys


class FileStore(Protocol):
    """Named files, each replaced whole or not at all.

    A name is 1 to 100 of ``a-z 0-9 - _ .``, without a dot in front.
    """

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Keeps the chunks, one after the other, under a name. An error of ``chunks`` goes through, and nothing is kept."""
        ...

    def read(self, name: str) -> Iterator[bytes]:
        """The file in chunks of any size, as it is when reading begins. Raises ``UnknownRecord``."""
        ...

    def remove(self, name: str) -> None:
        """Removes the file. Raises ``UnknownRecord``."""
        ...

    def names(self) -> tuple[str, ...]:
        """The names of all files, in order."""
        ...


class ManagementDatabase(Protocol):
    """The certification server's own records. What is put under an identifier replaces what was there."""

    def put_device(self, information: DeviceInformation, keys: PublicKeys) -> None:
        """Keeps what an IoT device says of itself, and its keys."""
        ...

    def device(self, device: DeviceId) -> tuple[DeviceInformation, PublicKeys]:
        """What ``put_device`` kept."""
        ...

    def put_user_device(self, user_device: UserDeviceId, information: UserDeviceInformation, keys: PublicKeys) -> None:
        """Keeps what a user device says of itself, and its keys."""
        ...

    def user_device(self, user_device: UserDeviceId) -> tuple[UserDeviceInformation, PublicKeys]:
        """What ``put_user_device`` kept."""
        ...

    def put_user(self, user: UserId, name: str, salt: bytes) -> None:
        """Keeps a user's name and the salt under which the chain shows it."""
        ...

    def user(self, user: UserId) -> tuple[str, bytes]:
        """Name and salt."""
        ...

    def put_app(self, manifest: AppManifest) -> None:
        """Adds an app's version. Raises ``RecordExists`` if it is there with another digest.

        Put again with the same digest, it keeps its status: a revoked app is not allowed again by being put once more.
        """
        ...

    def app(self, app: str, version: str) -> AppManifest:
        """What ``put_app`` kept, with its status now."""
        ...

    def set_app_status(self, app: str, version: str, status: AppStatus) -> None:
        """Allows or revokes an app's version."""
        ...

    def put_key_data(self, commitment: Digest, sealed: bytes) -> None:
        """Keeps a registration's key data under its commitment: durable before the ledger has issued an identifier."""
        ...

    def key_data(self, commitment: Digest) -> bytes:
        """The sealed key data."""
        ...

    def append_entries(self, entries: Sequence[SaltedEntry]) -> None:
        """Appends to the log. The indices have to continue it; raises ``SizeMismatch`` otherwise, and appends nothing."""
        ...

    def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
        """Entries from index ``first`` on, at most ``limit``; none past the end."""
        ...

    def log_size(self) -> int:
        """How many entries the log has."""
        ...
