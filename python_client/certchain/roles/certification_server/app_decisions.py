"""What was decided about apps, as the log has it: the management database is only believed where it agrees."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import RLock

from certchain.errors import LogDamaged
from certchain.log import LogEngine
from certchain.models.entry import THE_LOG, AppEntry, ErasureEntry, LogEntry
from certchain.models.identifier import ServiceId
from certchain.models.log import LogLeaf, SealedEntry, key_period
from certchain.verification.answer import accounts

_PAGE = 1_000


@dataclass(slots=True)
class _Walk:
    """Once through the log, for what it says about itself. ``gone`` has an erased entry of each period."""

    log: LogEngine
    about_itself: dict[int, bool] = field(default_factory=dict)  # by the number of the key
    gone: dict[int, LogLeaf] = field(default_factory=dict)
    erasures: list[tuple[LogLeaf, ErasureEntry]] = field(default_factory=list)

    def decisions(self) -> Iterator[AppEntry]:
        """The decisions about apps, in their order. Raises ``LogDamaged`` when a key is gone and no erasure says why.

        Such a key may have been the log's own, and a revocation under it: nobody can tell any more.
        """
        first = 0
        while page := self.log.store.entries(first, _PAGE):
            for sealed in page:
                said = self._said(sealed) if self.about_itself.get(sealed.key, True) else None
                if isinstance(said, AppEntry):
                    yield said
            first += len(page)
        for leaf in self.gone.values():
            if not any(accounts(place, record, leaf) for place, record in self.erasures):
                raise LogDamaged(
                    "subject keys", "a key is gone, and no record of an erasure accounts for it", leaf.index
                )

    def _said(self, sealed: SealedEntry) -> LogEntry | None:
        (logged,) = self.log.reader.entries(sealed.leaf.index, 1)
        said = None if logged.body is None else logged.body.entry
        self.about_itself[sealed.key] = said is not None and said.subject == THE_LOG
        if said is None:
            self.gone[key_period(sealed.leaf.at)] = sealed.leaf
        if isinstance(said, ErasureEntry):
            self.erasures.append((sealed.leaf, said))
        return said


@dataclass(slots=True)
class AppDecisions:
    """The last decision about each version of an app. Thread-safe.

    The log is read once, when it is first asked: after that only this process, the log's one writer, adds to it. Nobody's entry is opened
    for that but one under each key, which tells whose key it is; those about the log itself are never erased. A key that is gone has to
    be accounted for by an erasure. Not noticed is one of the log's own keys that was destroyed where erasures reach to its period, or that
    a sealed entry names another subject's key: who can write into the log's files can do that.
    """

    log: LogEngine
    _lock: RLock = field(default_factory=RLock, repr=False)
    _read: bool = False
    _last: dict[tuple[str, str], AppEntry] = field(default_factory=dict)
    _vendors: dict[str, ServiceId] = field(default_factory=dict)

    def last(self, app: str, version: str) -> AppEntry | None:
        """The decision in force. Raises what ``LogReader.entries`` raises."""
        with self._lock:
            self._catch_up()
            return self._last.get((app, version))

    def vendor(self, app: str) -> ServiceId | None:
        """Whose app it is: the vendor of the version that was decided on first."""
        with self._lock:
            self._catch_up()
            return self._vendors.get(app)

    def decide(self, entry: AppEntry) -> AppEntry:
        """Logs a decision, durably; it is in force when this returns. One that is in force already is not logged again."""
        with self._lock:
            known = self.last(entry.app, entry.version)
            if known is not None and _what(known) == _what(entry):
                return known
            self.log.writer.record(entry)
            self._take(entry)
            return entry

    def _catch_up(self) -> None:
        if not self._read:
            for entry in tuple(_Walk(self.log).decisions()):
                self._take(entry)
            self._read = True

    def _take(self, entry: AppEntry) -> None:
        self._last[entry.app, entry.version] = entry
        self._vendors.setdefault(entry.app, entry.vendor)


def _what(entry: AppEntry) -> tuple[object, ...]:
    """A decision without who took it and why."""
    return entry.vendor, entry.release, entry.status, entry.until
