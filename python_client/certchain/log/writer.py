"""The log's writer: an entry is durable before anyone is answered, and reaches the chain in batches (C16)."""

import secrets
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from certchain.errors import SizeMismatch
from certchain.ledger import LoginLogLedger
from certchain.log.leaf import entry_leaf_hash
from certchain.log.replay import replay
from certchain.merkle import CompactRange
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId
from certchain.models.log import LogEntry, LoginOutcome, SaltedEntry
from certchain.storage import ManagementDatabase

BATCH_LIMIT = 1000
SALT_LENGTH = 32
_UNPLACED = 0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """One entry on its way into the database; whichever thread writes the group tells its index, or the error."""

    entry: LogEntry
    index: Future[int] = field(default_factory=Future)


@dataclass(slots=True)
class LogWriter:
    """Appends to the log in the management database and brings the chain up to it.

    There is one writer for a log. It is thread-safe: entries recorded at the same time share one durable write. Salts
    are random, 32 bytes each. The tree that it checks the chain with is rebuilt from the database by the first call
    that needs it, and then grows with the chain.
    """

    database: ManagementDatabase
    log: LoginLogLedger
    _queue: list[_Waiting] = field(default_factory=list)
    _queueing: threading.Lock = field(default_factory=threading.Lock)
    _recording: threading.Lock = field(default_factory=threading.Lock)
    _flushing: threading.Lock = field(default_factory=threading.Lock)
    _tree: CompactRange = field(default_factory=CompactRange)
    _seen: int | None = None

    def record(
        self,
        *,
        at: int,
        outcome: LoginOutcome,
        step: str,
        reason: str,
        session: bytes | None,
        user: UserId | None,
        user_device: UserDeviceId | None,
        device: DeviceId,
        registration: RegistrationId | None,
    ) -> int:
        """C13: makes one entry durable and returns its index.

        Raises ``StorageUnavailable``; then the entry is not in the log.
        """
        entry = LogEntry(_UNPLACED, at, outcome, step, reason, session, user, user_device, device, registration)
        waiting = _Waiting(entry)
        with self._queueing:
            self._queue.append(waiting)
        with self._recording:  # whoever comes first writes for all who wait
            if not waiting.index.done():
                self._write_queue()
        return waiting.index.result()

    def behind(self) -> int:
        """How many entries the chain was not yet seen to have. Asks the chain the first time only."""
        if self._seen is None:
            self._seen = self.log.size()
        return self.lacking(self.database.log_size())

    def lacking(self, size: int) -> int:
        """How many of the first ``size`` entries the chain was not yet seen to have. Asks nobody, and cannot fail."""
        return max(size - (self._seen or 0), 0)

    def flush(self, limit: int = BATCH_LIMIT) -> int:
        """C16: brings the chain up to the database, at most ``limit`` entries a batch; returns how many it appended.

        Raises ``LogInconsistent``, before it appends anything, if the chain holds other entries than the database.
        After ``LedgerTimeout``, any other error or a crash it can simply be called again: nothing is missing, nothing
        is there twice.
        """
        with self._flushing:
            appended = 0
            while batch := self._next_batch(limit):
                appended += self._append(batch)
            return appended

    def confirmed(self) -> tuple[int, Digest]:
        """The chain's size and root, found to be those of the database's entries. Raises ``LogInconsistent``."""
        with self._flushing:
            self._follow_chain()
            return self._tree.size, self._tree.root()

    def _write_queue(self) -> None:
        with self._queueing:
            group, self._queue = self._queue, []
        try:
            first = self.database.log_size()
            placed = [replace(waiting.entry, index=first + place) for place, waiting in enumerate(group)]
            self.database.append_entries([SaltedEntry(entry, secrets.token_bytes(SALT_LENGTH)) for entry in placed])
        except BaseException as problem:  # whatever it was, all who wait have to hear of it
            for waiting in group:
                waiting.index.set_exception(problem)
            raise
        for waiting, entry in zip(group, placed, strict=True):
            waiting.index.set_result(entry.index)

    def _next_batch(self, limit: int) -> list[Digest]:
        """The leaf hashes that the chain lacks next, once what it has is known to be ours."""
        self._follow_chain()
        return [entry_leaf_hash(salted) for salted in self.database.entries(self._tree.size, limit)]

    def _append(self, batch: list[Digest]) -> int:
        expected = self._tree.size
        try:
            self.log.append(expected, self._tree.frontier, batch)
        except SizeMismatch:
            # An append that had timed out arrived in the meantime: what is there now is read, and checked, again.
            if self.log.size() == expected:
                raise
            return 0
        return len(batch)

    def _follow_chain(self) -> None:
        """Brings the tree to the chain's size from the database, and compares the roots."""
        size = self.log.size()
        if size < self._tree.size:  # another node, or a chain that went back: nothing is taken for granted
            self._tree = CompactRange()
        self._grow_tree(size)
        if self._tree.root() != self.log.root_at(size):
            self._tree = CompactRange()
            replayed = replay(self.database, self.log, size)  # raises with the entry that differs, and how
            self._tree.extend(replayed.leaf_hashes)
        self._seen = size

    def _grow_tree(self, size: int) -> None:
        while self._tree.size < size:
            page = self.database.entries(self._tree.size, min(BATCH_LIMIT, size - self._tree.size))
            if not page:
                return
            self._tree.extend(entry_leaf_hash(salted) for salted in page)
