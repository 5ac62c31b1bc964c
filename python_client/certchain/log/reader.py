"""What a log's own server reads of it: entries with their bodies, as far as the keys are still there."""

from dataclasses import dataclass

from certchain.errors import LogDamaged, UnknownRecord
from certchain.log.sealing import open_body
from certchain.models.log import LoggedEntry, SealedEntry
from certchain.storage import LogStore, SubjectKeyStore


@dataclass(frozen=True, slots=True)
class LogReader:
    """An ``EntrySource`` over a log's store, beside its writer or in another process. Thread-safe."""

    store: LogStore
    keys: SubjectKeyStore
    origin: str

    def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
        """Entries from index ``first`` on, at most ``limit``, a body ``None`` where it was erased; none past the end.

        Raises ``LogDamaged`` or ``BodyChanged`` when a body is not what its leaf commits to.
        """
        return tuple(self._opened(sealed) for sealed in self.store.entries(first, limit))

    def _opened(self, sealed: SealedEntry) -> LoggedEntry:
        """The key is asked for each time: what another process has destroyed is gone here, too."""
        try:
            key = self.keys.key(sealed.key)
        except UnknownRecord as problem:
            raise LogDamaged("subject keys", str(problem), sealed.leaf.index) from problem
        return LoggedEntry(sealed.leaf, None if key is None else open_body(key, self.origin, sealed))
