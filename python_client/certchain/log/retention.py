"""How long a log says what it says: legal holds, erasures, and a retention after which entries are erased.

Each of these is an entry of the log itself, and what the log says, in its order, is what counts: an erasure is durable before it is carried
out, and whatever a crash left undone is done by ``finish``. An erasure that was logged under a hold counts for nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from certchain.config.clock import Clock
from certchain.errors import HoldExists, MalformedValue, SubjectOnHold, UnknownHold
from certchain.log.indexing import catch_up
from certchain.log.source import EntrySource
from certchain.log.writer import LogWriter
from certchain.models.entry import THE_LOG, ErasureEntry, HoldEntry, LogEntry, ReleaseEntry, RetentionEntry, Subject
from certchain.models.log import KEY_PERIOD, RetiredKey, key_period
from certchain.models.query import Hold
from certchain.storage import SqlLogIndex, SubjectKeyStore

DAY = 86_400
LONGEST_RETENTION = 36_500  # days
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Retention:
    """Decides about what a log keeps, beside its ``writer``; there is one for a log. Thread-safe.

    Every method may raise what ``LogWriter.record`` raises, and ``StorageUnavailable``; ``finish`` when a process starts, before anything
    is read, or asked again.
    """

    writer: LogWriter
    reader: EntrySource
    keys: SubjectKeyStore
    index: SqlLogIndex
    clock: Clock
    _deciding: Lock = field(default_factory=Lock, repr=False)

    # -------------------------------------------------------------------------------------------------------------- holds

    def hold(self, subject: Subject, name: str, reason: str) -> int:
        """Nothing about the subject is erased until the hold is released; returns the index of its entry.

        Raises ``HoldExists``, and ``MalformedValue`` for the log itself as subject, or for a name or reason that is too long or empty.
        """
        _require_someone(subject)
        _require_text("name", name)
        _require_text("reason", reason)
        with self._deciding:
            if self._hold(subject, name) is not None:
                raise HoldExists(str(subject), name)
            return self._record(HoldEntry(subject, name, reason))

    def release(self, subject: Subject, name: str, reason: str) -> int:
        """Ends a hold; returns the index of the entry that says so. Raises ``UnknownHold``."""
        _require_text("reason", reason)
        with self._deciding:
            if self._hold(subject, name) is None:
                raise UnknownHold(str(subject), name)
            return self._record(ReleaseEntry(subject, name, reason))

    def holds(self, subject: Subject | None = None) -> tuple[Hold, ...]:
        """The holds in force, on everyone or on one, in the order in which they were placed."""
        catch_up(self.index, self.reader)
        return self.index.holds(subject)

    # ------------------------------------------------------------------------------------------------------------ erasure

    def erase(self, subject: Subject, reason: str) -> int:
        """Erases all that was logged about the subject until now; returns the index of the entry that says so.

        When it returns, the keys are destroyed and the index has forgotten. What is logged about the subject from now on has new keys.
        Raises ``SubjectOnHold``, and ``MalformedValue`` for the log itself as subject.
        """
        _require_someone(subject)
        _require_text("reason", reason)
        with self._deciding:
            self._require_no_hold(subject)
            until = max(self.clock.now(), self.index.latest()) + 1
            index = self._record(ErasureEntry(subject, until, reason))
            self._carry_out()
            if all(erasure.index != index for erasure in self.index.erasures(subject)):
                self._require_no_hold(subject)  # somebody else's hold came into the log first
        return index

    def finish(self) -> int:
        """Carries out what recorded erasures demand and a crash left undone; returns how many keys that destroyed. Safe to repeat.

        Takes no time when nothing is to be destroyed, however much the index has not read.
        """
        with self._deciding:
            if self.keys.retired():
                return self._carry_out()
            # No key waits for it; but a crash may have come when one was destroyed, and its trace still in the files.
            self.keys.destroy(())
            self.index.scrub()
            return 0

    # ---------------------------------------------------------------------------------------------------------- retention

    def set_retention(self, days: int, reason: str) -> int:
        """From now on ``expire`` erases what is older than so many days, 0 for nothing; returns the index of the entry that says so.

        Raises ``MalformedValue`` for more than ``LONGEST_RETENTION`` days.
        """
        _require_text("reason", reason)
        if not 0 <= days <= LONGEST_RETENTION:
            raise MalformedValue("retention", f"{days} is not 0 to {LONGEST_RETENTION} days")
        with self._deciding:
            return self._record(RetentionEntry(days, reason))

    def retention(self) -> int:
        """After how many days entries are erased; 0 when they are kept."""
        catch_up(self.index, self.reader)
        return self.index.retention()

    def expire(self, now: int | None = None) -> tuple[Subject, ...]:
        """Erases what is older than the retention, except under hold; returns whom that was about.

        A key goes with its whole period: so an entry may stay up to ``KEY_PERIOD`` seconds longer than the retention says, never shorter.
        """
        with self._deciding:
            self._carry_out()
            days = self.index.retention()
            oldest = key_period(max((self.clock.now() if now is None else now) - days * DAY, 0))
            expired = tuple(self._expired(oldest)) if days else ()
            for subject in expired:
                self.writer.record(ErasureEntry(subject, oldest * KEY_PERIOD, f"retention of {days} days"))
            self._carry_out()
        return expired

    def _expired(self, oldest: int) -> Iterator[Subject]:
        held = {hold.held for hold in self.index.holds()}
        return (subject for subject in self.keys.subjects(oldest) if subject != THE_LOG and subject not in held)

    # ---------------------------------------------------------------------------------------------------------- internals

    def _record(self, entry: LogEntry) -> int:
        index = self.writer.record(entry)
        catch_up(self.index, self.reader)
        return index

    def _hold(self, subject: Subject, name: str) -> Hold | None:
        return next((hold for hold in self.holds(subject) if hold.name == name), None)

    def _require_no_hold(self, subject: Subject) -> None:
        for hold in self.holds(subject):
            raise SubjectOnHold(str(subject), hold.name)

    def _carry_out(self) -> int:
        """The index forgets as it reads the erasure; then the keys go; then the file of the index has no trace of it either."""
        catch_up(self.index, self.reader)
        destroyed = self.keys.destroy([key.number for key in self.keys.retired() if self._is_erased(key)])
        self.index.scrub()
        return destroyed

    def _is_erased(self, key: RetiredKey) -> bool:
        """Whether an erasure demands it: one at the index for which the key was retired, or a later one."""
        erasures = self.index.erasures(key.subject)
        return any(key.index <= erasure.index and key.period < erasure.before_period for erasure in erasures)


def _require_someone(subject: Subject) -> None:
    if subject == THE_LOG:
        raise MalformedValue("subject", "what is recorded about the log itself stays")


def _require_text(name: str, text: str) -> None:
    """Records stay for ever, and are read by people."""
    if not 0 < len(text) <= _LONGEST_TEXT or not text.isprintable():
        raise MalformedValue(name, f"it is not 1 to {_LONGEST_TEXT} printable characters")
