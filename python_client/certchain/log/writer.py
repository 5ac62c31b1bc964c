"""The log's writer: an entry is durable before anyone is answered, and those that come together share one write (C13).

There is no thread of its own. Entries gather in a group; whoever waits for a group first leads it: they wait until the disk is free,
close the group and write it for all who are in it. While they do, the next group gathers.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import closing
from copy import copy
from dataclasses import dataclass

from certchain.config.clock import Clock
from certchain.encoding.entry import entry_bytes
from certchain.errors import AppendUncertain, CertchainError, LogBacklogFull, LogBusy, StorageUnavailable
from certchain.log.group import Group, GroupWriter, require_bodies
from certchain.log.sealing import Body
from certchain.models.entry import ErasureEntry, LogEntry
from certchain.storage import LogStore, SubjectKeyStore


@dataclass(frozen=True, slots=True)
class LogLimits:
    """How much may wait: ``queue`` entries for the disk, ``backlog`` for the chain, and those for the disk count there, too.

    A ``group`` has so many at most. ``patience`` is for how many seconds a submission waits for room in the queue before it is refused.
    """

    queue: int = 20_000
    group: int = 2_000
    backlog: int = 1_000_000
    patience: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """The promise of a submission."""

    _settle: Callable[[Group], int]
    _group: Group
    _place: int
    _count: int

    def wait(self) -> range:
        """Returns the entries' indices once they are durable.

        Raises ``StorageUnavailable``, or what else befell the group: then they are not in the log, and may be submitted again, but for
        ``LogInconsistent``: a log that was rolled back takes nothing. Only ``AppendUncertain`` leaves it open whether they are there
        until the log was opened again: look there first, or they may be in it twice.
        """
        first = self._settle(self._group) + self._place
        return range(first, first + self._count)


class LogWriter:
    """Appends to a log. There is one writer for a log, used by any number of threads.

    ``lacking`` says, without asking anyone, how many of so many entries the chain lacks as far as is known: ``Anchor.lacking``.
    ``require_continued`` is asked before the first write: ``Publication.require_continued``.
    """

    def __init__(
        self,
        store: LogStore,
        keys: SubjectKeyStore,
        origin: str,
        clock: Clock,
        *,
        limits: LogLimits | None = None,
        lacking: Callable[[int], int] | None = None,
        require_continued: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._writer = GroupWriter(store, keys, origin, clock, require_continued)
        self._limits = limits or LogLimits()
        self._lacking = lacking or (lambda size: 0)
        self._groups: deque[Group] = deque()
        self._waiting = 0
        self._reach = 0  # where the log ends with the group that was taken to be written last
        self._gathering = threading.Lock()  # guards the groups, for moments only
        self._writing = threading.Lock()  # held by whoever writes a group, and around what must not meet a write

    def size(self) -> int:
        """How many entries are durable."""
        return self._store.size()

    def record(self, entry: LogEntry) -> int:
        """C13: makes one entry durable and returns its index. Raises what ``submit`` and ``Ticket.wait`` raise."""
        return self.submit((entry,)).wait().start

    def submit(self, entries: Sequence[LogEntry]) -> Ticket:
        """Takes entries in, to be written one after the other; they are durable when the ticket's ``wait`` returns.

        Raises ``LogBusy`` or ``LogBacklogFull``; ``MalformedValue`` for no entries, more than a group takes, an erasure that is not the
        last, or a subject or text that cannot be kept. Then none of them is taken, whatever becomes of those that wait. What becomes of
        these is for ``Ticket.wait`` to say.
        """
        return self.submit_bodies([(entry.subject, entry_bytes(entry)) for entry in entries])

    def submit_bodies(self, bodies: Sequence[Body]) -> Ticket:
        """The same for entries that are encoded already. The caller vouches that each body is an entry about its subject."""
        erasure = require_bodies(bodies, self._limits.group)
        deadline = time.monotonic() + self._limits.patience
        while (ticket := self._place(bodies, erasure)) is None:
            self._make_room(deadline)
        return ticket

    def require_writable(self) -> None:
        """Returns when an entry would be taken now. Raises ``LogBusy``, ``LogBacklogFull`` or ``StorageUnavailable``."""
        with self._gathering:
            self._require_chain_near(1)
            if self._waiting >= self._limits.queue:
                raise LogBusy(self._waiting, self._limits.queue)
        self._store.append((), ())

    def close(self) -> None:
        """Writes what was submitted, though nobody may wait for it, and lets another writer take over."""
        with self._writing, closing(self._store):
            with self._gathering:
                last = self._groups[-1] if self._groups else None
            while last is not None and not last.settled.is_set():
                self._write_oldest()

    # ------------------------------------------------------------------------------------------------------- gathering

    def _place(self, bodies: Sequence[Body], erasure: ErasureEntry | None) -> Ticket | None:
        """A place in the group that gathers, or in a new one; none while the queue is full."""
        count = len(bodies)
        with self._gathering:
            self._require_chain_near(count)
            if self._waiting and self._waiting + count > self._limits.queue:
                return None
            group = self._group_for(count, erasure)
            place = len(group.bodies)
            group.bodies.extend(bodies)
            self._waiting += count
        return Ticket(self._settle, group, place, count)

    def _require_chain_near(self, count: int) -> None:
        """So many more than are durable, being written or waiting must not be too many for the chain. The caller holds ``_gathering``."""
        end = max(self._store.size(), self._reach) + self._waiting
        if self._lacking(end + count) > self._limits.backlog:
            raise LogBacklogFull(self._lacking(end), self._limits.backlog)

    def _group_for(self, count: int, erasure: ErasureEntry | None) -> Group:
        """The group that takes so many entries more; an erasure has its own. The caller holds ``_gathering``."""
        last = self._groups[-1] if self._groups else None
        alone = erasure is not None or last is None or last.erasure is not None
        if last is None or alone or len(last.bodies) + count > self._limits.group:
            last = Group(erasure=erasure)
            self._groups.append(last)
        return last

    def _make_room(self, deadline: float) -> None:
        """Waits for the disk, and writes the oldest group: those who submitted it may not be waiting for it yet."""
        if not self._writing.acquire(timeout=max(deadline - time.monotonic(), 0)):
            raise LogBusy(self._waiting, self._limits.queue)
        try:
            self._write_oldest()
        finally:
            self._writing.release()

    # --------------------------------------------------------------------------------------------------------- writing

    def _settle(self, group: Group) -> int:
        """The group's first index, once it is written; whoever comes first sees to that."""
        if not group.settled.is_set():
            self._lead_or_follow(group)
        if group.problem is not None:
            raise _for_another_thread(group) from group.problem
        return group.first

    def _lead_or_follow(self, group: Group) -> None:
        me = threading.get_ident()
        try:
            with self._gathering:
                group.leader = group.leader or me
            if group.leader == me:
                self._write_until(group)
            else:
                group.settled.wait()
        except (
            BaseException
        ) as problem:  # the end of this thread, by an interrupt or worse: those who follow have to hear of it
            if group.leader == me:
                self._abandon(group, problem)
            raise

    def _write_until(self, group: Group) -> None:
        with self._writing:
            while not group.settled.is_set():
                self._write_oldest()

    def _write_oldest(self) -> None:
        """Writes the group that has waited longest, if there is one. The caller holds ``_writing``.

        What fails is for those who wait for that group: it may not be the caller's. Only the end of this thread is the caller's, too.
        """
        group = None
        try:
            with self._gathering:
                group = self._groups[0] if self._groups else None
                self._take_out(group)
            if group is not None:
                group.first = self._writer.write(group)
        except BaseException as problem:
            self._failed(group, problem)
            if not isinstance(problem, Exception):
                raise
        finally:
            if group is not None:
                group.settled.set()

    def _take_out(self, group: Group | None) -> None:
        """Takes the oldest group out of those that wait. The caller holds both locks."""
        if group is not None:
            self._reach = self._store.size() + len(group.bodies)
            self._groups.popleft()
            self._waiting -= len(group.bodies)
        if not self._groups:
            self._waiting = 0  # whatever an interrupt has kept from being counted

    def _failed(self, group: Group | None, problem: BaseException) -> None:
        self._reach = 0  # the store knows where the log ends
        if group is not None:
            group.problem = problem
            self._drop(group)

    def _abandon(self, group: Group, problem: BaseException) -> None:
        """Settles a group that its leader did not get to, if it waits still."""
        if self._drop(group):
            group.problem = problem
            group.settled.set()

    def _drop(self, group: Group) -> bool:
        with self._gathering:
            if group not in self._groups:
                return False
            self._groups.remove(group)
            self._waiting -= len(group.bodies)
            return True


def _for_another_thread(group: Group) -> CertchainError:
    """An error of its own for each who waits, as a traceback belongs to one."""
    problem = group.problem
    if isinstance(problem, CertchainError):
        return copy(problem)
    reason = f"the write was broken off by {type(problem).__name__}"
    return AppendUncertain(reason) if group.begun else StorageUnavailable(reason)
