"""Asking several custodians at once, without waiting for the slow ones, and without threads that pile up behind a silent one."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from certchain.errors import CertchainError, ShareWrong
from certchain.models.identifier import ServiceId
from certchain.roles.certification_server.trouble import Troubles

AT_ONCE = 4
"""How many questions to one custodian are under way at a time."""
MOST_WAITING = 256
"""How many may wait behind them."""

Answer = TypeVar("Answer")
_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Answers(Generic[Answer]):
    """What came in time, by custodian, and why the others have nothing to show."""

    good: Mapping[ServiceId, Answer]
    troubles: Mapping[ServiceId, str]

    @property
    def complaint(self) -> str:
        """The troubles as one text."""
        return "; ".join(
            f"custodian {custodian}: {why.rstrip('.')}" for custodian, why in sorted(self.troubles.items())
        )


@dataclass(frozen=True, slots=True)
class _Task:
    """One question, which is worth nothing after ``deadline`` (of the process's monotonic clock)."""

    deadline: float
    run: Callable[[], None]
    expire: Callable[[], None]


@dataclass(slots=True)
class _Line:
    """The questions to one custodian. Its threads end when nothing waits; one that the custodian never answers is one of ``AT_ONCE``."""

    _waiting: deque[_Task] = field(default_factory=deque)
    _running: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, task: _Task) -> None:
        """Runs the task when its turn comes, unless its time is over by then."""
        with self._lock:
            expired = self._expired()
            room = len(self._waiting) < MOST_WAITING
            if room:
                self._waiting.append(task)
            if room and len(self._running) < AT_ONCE:
                self._running.append(threading.Thread(target=self._work, name="custodian", daemon=True))
                self._running[-1].start()
        for late in expired if room else [*expired, task]:
            late.expire()

    def settle(self, deadline: float) -> None:
        """Waits until nothing is under way, or the time is over."""
        with self._lock:
            running = tuple(self._running)
        for thread in running:
            thread.join(max(deadline - time.monotonic(), 0))

    def _expired(self) -> list[_Task]:
        now, late = time.monotonic(), []
        while self._waiting and self._waiting[0].deadline <= now:
            late.append(self._waiting.popleft())
        return late

    def _work(self) -> None:
        while True:
            with self._lock:
                late = self._expired()
                task = self._waiting.popleft() if self._waiting else None
                if task is None:
                    self._running.remove(threading.current_thread())
            for one in late:
                one.expire()
            if task is None:
                return
            task.run()


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks in parallel; waits ``patience`` seconds at the most. The questions' own channels have to give up sooner or later."""

    troubles: Troubles
    patience: float
    _lines: dict[ServiceId, _Line] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, questions: Mapping[ServiceId, Callable[[], Answer]], enough: int) -> Answers[Answer]:
        """Returns as soon as ``enough`` answers are good, or all have come, or the time is over; what comes later is only noted.

        A question raises ``ShareWrong`` for a custodian that lies, and anything else when there is no answer.
        """
        deadline, came = time.monotonic() + self.patience, SimpleQueue[tuple[ServiceId, Answer | None, str]]()
        for custodian, question in questions.items():
            self._line(custodian).put(self._task(custodian, question, deadline, came))
        good: dict[ServiceId, Answer] = {}
        troubles: dict[ServiceId, str] = {}
        while len(good) < enough and len(good) + len(troubles) < len(questions):
            try:
                custodian, answer, why = came.get(timeout=max(deadline - time.monotonic(), 0))
            except Empty:
                break
            if answer is None:
                troubles[custodian] = why
            else:
                good[custodian] = answer
        if len(good) < enough:
            self._note_silent([one for one in questions if one not in good and one not in troubles], troubles)
        return Answers(good, troubles)

    def settle(self) -> None:
        """Waits for what is still under way, as long as for one answer: then no thread is at work but for silent custodians."""
        deadline = time.monotonic() + self.patience
        with self._lock:
            lines = tuple(self._lines.values())
        for line in lines:
            line.settle(deadline)

    def _task(
        self,
        custodian: ServiceId,
        question: Callable[[], Answer],
        deadline: float,
        came: SimpleQueue[tuple[ServiceId, Answer | None, str]],
    ) -> _Task:
        def run() -> None:
            try:
                came.put((custodian, question(), ""))
            except ShareWrong as lie:
                self.troubles.wrong(custodian, lie.reason)
                came.put((custodian, None, lie.reason))
            except CertchainError as refusal:
                self.troubles.missing(custodian, str(refusal))
                came.put((custodian, None, str(refusal)))
            except Exception as fault:  # a fault of ours: whoever waits has to hear of it all the same
                _log.exception("A question to custodian %d failed unexpectedly.", custodian)
                came.put((custodian, None, type(fault).__name__))

        def expire() -> None:
            why = "it has not answered earlier questions"
            self.troubles.missing(custodian, why)
            came.put((custodian, None, why))

        return _Task(deadline, run, expire)

    def _note_silent(self, silent: list[ServiceId], troubles: dict[ServiceId, str]) -> None:
        for custodian in silent:
            troubles[custodian] = f"it did not answer within {self.patience:g} seconds"
            self.troubles.missing(custodian, troubles[custodian])

    def _line(self, custodian: ServiceId) -> _Line:
        with self._lock:
            return self._lines.setdefault(custodian, _Line())
