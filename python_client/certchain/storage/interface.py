"""The storage seam. Every implementation is thread-safe, and what a method has written is durable when it returns.

Any method may raise ``StorageUnavailable``; then nothing was half written. Reading what is not there raises
``UnknownRecord``; ``MalformedValue`` refuses what no implementation could keep: a name that ``FileStore`` does not allow,
an identifier outside 0 to 2^63 - 1, a text that is no UTF-8, has the character NUL or takes more than 1,000 bytes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from certchain.models.app import AppRecord
from certchain.models.certification import (
    AppStatus,
    DeviceInformation,
    UserDeviceInformation,
)
from certchain.models.custody import KeptShare
from certchain.models.digest import Digest
from certchain.models.entry import Subject
from certchain.models.failure import FailureState
from certchain.models.identifier import DeviceId, ServiceId, UserDeviceId, UserId
from certchain.models.log import TILE_WIDTH, RetiredKey, SealedEntry, SubjectKey
from certchain.models.registration import PublicKeys


class FileReader(Protocol):
    """Named files, for who only reads them.

    A name is 1 to 100 of ``a-z 0-9 - _ .``, without a dot in front.
    """

    def read(self, name: str) -> Iterator[bytes]:
        """The file in chunks of any size, as it is when reading begins. Raises ``UnknownRecord``."""
        ...

    def names(self) -> tuple[str, ...]:
        """The names of all files, in order."""
        ...


class FileStore(FileReader, Protocol):
    """Named files, each replaced whole or not at all."""

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Keeps the chunks, one after the other, under a name. An error of ``chunks`` goes through, and nothing is kept."""
        ...

    def remove(self, name: str) -> None:
        """Removes the file. Raises ``UnknownRecord``."""
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

    def put_app(self, record: AppRecord) -> None:
        """Adds an app's version. Raises ``RecordExists`` if it is there with another digest.

        Put again with the same digest, it takes the release and keeps its status: a revoked app is not allowed again by being put
        once more.
        """
        ...

    def app(self, app: str, version: str) -> AppRecord:
        """What ``put_app`` kept, with its status now."""
        ...

    def set_app_status(self, app: str, version: str, status: AppStatus, until: int = 0) -> None:
        """Allows, deprecates or revokes an app's version. Raises ``MalformedValue`` for an ``until`` that does not fit (``AppRecord``)."""
        ...

    def put_key_data(self, commitment: Digest, sealed: bytes) -> None:
        """Keeps a registration's key data under its commitment: durable before the ledger has issued an identifier."""
        ...

    def key_data(self, commitment: Digest) -> bytes:
        """The sealed key data."""
        ...

    def count_failure(self, subject: Subject) -> int:
        """Counts one more failure of a user or device, and returns how many there are; of two at once, each counts."""
        ...

    def clear_failures(self, subject: Subject) -> None:
        """Forgets the failures, and not the unlocks. Writes nothing when there are none."""
        ...

    def unlock(self, subject: Subject) -> int:
        """Forgets the failures, counts one more unlock, and returns how many there were in all."""
        ...

    def failures(self, subject: Subject) -> FailureState:
        """Failures and unlocks; both 0 for whom nothing was counted."""
        ...

    def put_permit(self, user: UserId, user_device: UserDeviceId, device: DeviceId, expires_at: int) -> None:
        """Permits one registration of these three until ``expires_at``, seconds since the epoch; an earlier permit is replaced."""
        ...

    def take_permit(
        self, user: UserId, user_device: UserDeviceId, device: DeviceId, application: Digest, now: int
    ) -> bool:
        """Gives the permit to an application, by its digest, and returns whether there is one for it that ends after ``now``.

        Of two that take it at once, one has it. The one that has it may take it again, no other may.
        """
        ...

    def put_lost_key(self, thumbprint: Digest) -> None:
        """Keeps that keys were reported lost."""
        ...

    def drop_lost_key(self, thumbprint: Digest) -> None:
        """The keys were found again, if they were lost."""
        ...

    def is_lost_key(self, thumbprint: Digest) -> bool:
        """Whether keys were reported lost, and not found again."""
        ...


class LogStore(Protocol):
    """A log on the disk: its entries in order, and the Merkle tree over them. One writer at a time; any number of readers.

    What was acknowledged and is not there, or not as it was, raises ``LogDamaged``, on opening or when it is read; it is never
    left out in silence.
    """

    def size(self) -> int:
        """How many entries are durable, and in the tree: what the other methods can be asked for. It never falls."""
        ...

    def append(self, entries: Sequence[SealedEntry], leaf_hashes: Sequence[bytes]) -> None:
        """Appends one group, all or nothing, in one sync: durable, and in the tree, when it returns.

        No entries change nothing, and are refused when others would be. ``leaf_hashes`` are the entries' (32 bytes each). The
        indices have to continue the log: ``SizeMismatch`` otherwise. ``MalformedValue`` refuses a time or key number that is not 0
        to 2^63 - 1, and a body above 1 MiB. After ``StorageUnavailable`` the group is not in the log, and the store goes on; but
        after a sync that failed it takes no more until the log is opened again. ``AppendUncertain`` is when the group could not be
        taken out again either: only opening tells whether it is there.
        """
        ...

    def entries(self, first: int, limit: int) -> tuple[SealedEntry, ...]:
        """Entries from index ``first`` on, at most ``limit``; none past the end. Raises ``LogDamaged`` for one that was changed.

        ``MalformedValue`` refuses numbers below 0.
        """
        ...

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """The tile's first ``width`` hashes (C2SP tlog-tiles), 32 bytes each; level 0 is leaf hashes.

        Raises ``UnknownTile`` when the log has not got that many there.
        """
        ...

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        """The first ``width`` leaves of an entry bundle (C2SP tlog-tiles). Raises ``UnknownTile``."""
        ...

    def close(self) -> None:
        """Lets another writer take over. Closing again does nothing."""
        ...


class SubjectKeyStore(Protocol):
    """The keys under which bodies are encrypted, one for a subject and a period, each under a number that is never given again.

    A key is issued, retired when an erasure is recorded, and destroyed when it is carried out. See ``key_period`` for what a period is.
    """

    def issue(self, wanted: Collection[tuple[Subject, int]]) -> Mapping[tuple[Subject, int], SubjectKey]:
        """The keys for these subjects and periods; those that are not there yet are drawn, and durable when it returns.

        A key that was retired or destroyed is never issued again: a new one is drawn.
        """
        ...

    def key(self, number: int) -> SubjectKey | None:
        """The key with this number, or ``None`` once it was destroyed. Raises ``UnknownRecord`` for one that never was."""
        ...

    def subjects(self, before: int) -> tuple[Subject, ...]:
        """The subjects that have a key of a period before ``before``, in order."""
        ...

    def retire(self, subject: Subject, before: int, index: int) -> int:
        """No key of the subject's periods before ``before`` is issued again, so that entries from ``index`` on have new ones.

        Retired keys can still be read. Returns how many were retired by this. Raises ``MalformedValue`` for the log itself.
        """
        ...

    def retired(self) -> tuple[RetiredKey, ...]:
        """The keys that are retired and not destroyed, in the order of their numbers."""
        ...

    def destroy(self, numbers: Collection[int]) -> int:
        """Destroys the keys with these numbers, all or none; returns how many there were. No trace of them is left in the files.

        Raises ``MalformedValue`` for a key of the log itself, and ``StorageUnavailable`` when a trace may be left: try again.
        """
        ...


class ShareStore(Protocol):
    """The shares of divided key data that somebody keeps, sealed. Division numbers are 1 to 2^63 - 1."""

    def put(self, share: KeptShare) -> None:
        """Keeps a share beside those that are there; in place of the same one, if it was kept before."""
        ...

    def shares(self, server: ServiceId, commitment: Digest) -> tuple[KeptShare, ...]:
        """What is kept for a certification server of one registration's key, in the order of the divisions' numbers; may be nothing."""
        ...

    def kept(self) -> tuple[tuple[ServiceId, Digest], ...]:
        """For whom, and of which registrations' keys, there is any share; in order."""
        ...

    def drop(self, shares: Collection[KeptShare]) -> int:
        """Removes these, all or none; returns how many there were."""
        ...
