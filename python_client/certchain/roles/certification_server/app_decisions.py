"""What was decided about apps, as the log has it: the management database is only believed where it agrees."""

from dataclasses import dataclass, field
from threading import RLock

from certchain.log import LogEngine
from certchain.models.entry import THE_LOG, AppEntry
from certchain.models.identifier import ServiceId

_PAGE = 1_000


@dataclass(slots=True)
class AppDecisions:
    """The last decision about each version of an app. Thread-safe.

    The log is read once, when it is first asked: after that only this process, the log's one writer, adds to it. Nobody's entry is opened
    for that but one under each key, which tells whose key it is; those about the log itself are never erased.
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
        if self._read:
            return
        about_the_log: dict[int, bool] = {}
        first = 0
        while page := self.log.store.entries(first, _PAGE):
            for sealed in page:
                known = about_the_log.get(sealed.key)
                if known is None or known:
                    about_the_log[sealed.key] = self._take_at(sealed.leaf.index)
            first += len(page)
        self._read = True

    def _take_at(self, index: int) -> bool:
        """Takes an entry in; whether it is about the log itself, as then all under its key are."""
        (logged,) = self.log.reader.entries(index, 1)
        if logged.body is None:
            return False
        if isinstance(logged.body.entry, AppEntry):
            self._take(logged.body.entry)
        return logged.body.entry.subject == THE_LOG

    def _take(self, entry: AppEntry) -> None:
        self._last[entry.app, entry.version] = entry
        self._vendors.setdefault(entry.app, entry.vendor)


def _what(entry: AppEntry) -> tuple[object, ...]:
    """A decision without who took it and why."""
    return entry.vendor, entry.release, entry.status, entry.until
