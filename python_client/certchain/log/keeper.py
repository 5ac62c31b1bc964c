"""The keeper: publishes and anchors when it is due, and goes on while the chain or the witnesses are away."""

import logging
import threading
from dataclasses import dataclass

from certchain.config.clock import Clock
from certchain.errors import CertchainError, Unavailable
from certchain.log.anchor import Anchor
from certchain.log.publication import Publication
from certchain.log.writer import LogWriter

_log = logging.getLogger("certchain.log")
_SHORTEST_TICK = 0.01


@dataclass(frozen=True, slots=True)
class KeeperPolicy:
    """When what is due; times in seconds.

    A log that grew is published every ``interval``. It is anchored when ``batch`` entries wait, or one has waited for ``age``. What
    failed is tried again after ``back_off``, then after twice as long, and so on up to ``longest_back_off``.
    """

    interval: float = 1.0
    batch: int = 1000
    age: float = 10.0
    back_off: float = 1.0
    longest_back_off: float = 60.0


@dataclass(frozen=True, slots=True)
class LogStatus:
    """How far the log is: entries that are durable, published and on the chain (as last seen), and how many the chain lacks.

    ``published_at`` is in seconds since the epoch, ``None`` until this process has published. The problems are those of the last try.
    """

    size: int
    published_size: int
    published_at: int | None
    chain_size: int
    behind: int
    publication_problem: str | None
    anchor_problem: str | None


@dataclass(slots=True)
class _Duty:
    """Something to be done again and again: when it may be tried next, by a monotonic clock, and what its last try failed for."""

    policy: KeeperPolicy
    not_before: float = float("-inf")
    failures: int = 0
    problem: Exception | None = None

    def succeeded(self, now: float, pause: float) -> None:
        self.not_before, self.failures, self.problem = now + pause, 0, None

    def failed(self, now: float, problem: Exception) -> None:
        wait = min(self.policy.back_off * 2.0 ** min(self.failures, 30), self.policy.longest_back_off)
        self.not_before, self.failures, self.problem = now + wait, self.failures + 1, problem


class LogKeeper:
    """Does for a log what has to be done from time to time: in a thread of its own, or when ``turn`` is called.

    Publication and anchor fail, and back off, apart from each other: while the chain is away, the log is still published.
    """

    def __init__(
        self,
        writer: LogWriter,
        publication: Publication,
        anchor: Anchor,
        clock: Clock,
        *,
        policy: KeeperPolicy | None = None,
    ) -> None:
        self._writer, self._publication, self._anchor, self._clock = writer, publication, anchor, clock
        self._policy = policy or KeeperPolicy()
        self._publishing, self._anchoring = _Duty(self._policy), _Duty(self._policy)
        self._published_at: int | None = None
        self._waiting_since: float | None = None
        self._compared = False
        self._turning = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def turn(self, *, force: bool = False) -> int:
        """Does what is due now, or with ``force`` everything; returns how many entries the chain was brought.

        What fails does not keep the rest from being done; then it raises the first problem.
        """
        appended, problems = self._turn(force=force)
        if problems:
            raise problems[0]
        return appended

    def start(self) -> None:
        """Takes turns in a thread until ``stop``; one that runs goes on."""
        if self._thread is not None:
            return
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="log keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, after the turn that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def status(self) -> LogStatus:
        """How far the log is, without asking anyone else."""
        size, published = self._writer.size(), self._publication.published()
        return LogStatus(
            size=size,
            published_size=0 if published is None else published.size,
            published_at=self._published_at,
            chain_size=self._anchor.seen,
            behind=self._anchor.lacking(size),
            publication_problem=_sentence(self._publishing.problem),
            anchor_problem=_sentence(self._anchoring.problem),
        )

    def _run(self) -> None:
        while not self._stop.wait(max(self._policy.interval / 4, _SHORTEST_TICK)):
            self._turn(force=False)

    def _turn(self, *, force: bool) -> tuple[int, list[Exception]]:
        with self._turning:
            appended, problems = 0, list[Exception]()
            try:
                if force or self._publication_is_due():
                    self._publish()
            except Exception as problem:  # whatever it was: the keeper goes on, and says it
                problems.append(self._note(self._publishing, "published", problem))
            try:
                if force or self._anchor_is_due():
                    appended = self._bring()
            except Exception as problem:
                problems.append(self._note(self._anchoring, "anchored", problem))
            return appended, problems

    def _publication_is_due(self) -> bool:
        """The first time in any case: the keys that sign may be others than before."""
        if self._clock.monotonic() < self._publishing.not_before:
            return False
        published = self._publication.published()
        return self._published_at is None or published is None or published.size != self._writer.size()

    def _publish(self) -> None:
        self._publication.publish()
        self._published_at = self._clock.now()
        self._publishing.succeeded(self._clock.monotonic(), self._policy.interval)

    def _anchor_is_due(self) -> bool:
        """Only what is published can be anchored. The first time in any case: so the log is compared with the chain."""
        published = self._publication.published()
        if published is None:
            return False
        now, waiting = self._clock.monotonic(), self._anchor.lacking(published.size)
        if not waiting:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now
        waited = 0.0 if self._waiting_since is None else now - self._waiting_since
        old = waiting > 0 and waited >= self._policy.age
        return now >= self._anchoring.not_before and (old or waiting >= self._policy.batch or not self._compared)

    def _bring(self) -> int:
        appended = self._anchor.flush()
        self._compared, self._waiting_since = True, None
        self._anchoring.succeeded(self._clock.monotonic(), 0)
        return appended

    def _note(self, duty: _Duty, what: str, problem: Exception) -> Exception:
        duty.failed(self._clock.monotonic(), problem)
        _log.log(
            logging.WARNING if isinstance(problem, Unavailable) else logging.ERROR,
            "the log is not %s: %s",
            what,
            problem,
            exc_info=None if isinstance(problem, CertchainError) else problem,
        )
        return problem


def _sentence(problem: Exception | None) -> str | None:
    return None if problem is None else str(problem) or type(problem).__name__
