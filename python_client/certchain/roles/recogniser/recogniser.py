"""The recogniser as a whole: follows the published log, raises what it recognises on the chain, and has subscribers told.

Each step is durable before the next: an alert is kept with how far the log was read, then raised, then kept with its number and its
deliveries, then delivered. A crash in between repeats a step, which finds its own traces: the chain takes a digest once.
"""

import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from certchain.encoding.alert import alert_digest
from certchain.errors import AlertAlreadyRaised, CertchainError, LogDamaged, Unavailable
from certchain.models.alert import Alert, AlertDocument, KeptAlert
from certchain.models.digest import Digest
from certchain.models.log import LoggedEntry
from certchain.models.notification import DELIVERY_ID_LENGTH, Delivery
from certchain.roles.recogniser.document import document_of
from certchain.roles.recogniser.equipment import Equipment
from certchain.roles.recogniser.facts import FactFinder
from certchain.roles.recogniser.notifier import Notifier
from certchain.verification.recognition import Recognition, look_back

_PAGE = 500
_AT_ONCE = 100
_INTERVAL = 1.0
_log = logging.getLogger("certchain.roles.recogniser")


@dataclass(slots=True)
class _Follower:
    """How far the rules have read: ``position`` entries."""

    rules: Recognition
    position: int


@dataclass(frozen=True, slots=True)
class RecogniserStatus:
    """How many entries were read, how many alerts the chain lacks, and the problem of the last turn."""

    recognised: int
    unraised: int
    problem: str | None


class Recogniser:
    """Works when ``turn`` is called, or in a thread of its own between ``start`` and ``stop``. Thread-safe; there is one for a log."""

    def __init__(self, equipment: Equipment) -> None:
        self.equipment = equipment
        self.notifier = Notifier(equipment)
        self._facts = FactFinder(equipment)
        self._follower: _Follower | None = None
        self._problem: CertchainError | None = None
        self._turning = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def turn(self) -> int:
        """Does all that is due, and waits for it; returns how many alerts were raised on the chain.

        What fails does not keep the rest from being done; then it raises the first problem. A subscriber that is not told is no problem
        of the turn: its delivery waits, or is dead.
        """
        raised, problem = self._turn()
        self.notifier.finish()
        if problem is not None:
            raise problem
        return raised

    def start(self, interval: float = _INTERVAL) -> None:
        """Takes a turn every ``interval`` seconds until ``stop``; one that runs goes on."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, args=(interval,), name="recogniser", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends the thread and the attempts that are under way. It is not started again after that."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.notifier.stop()

    def status(self) -> RecogniserStatus:
        """How far it is, without asking anyone else."""
        store = self.equipment.store
        problem = None if self._problem is None else str(self._problem)
        return RecogniserStatus(store.recognised(), len(store.unraised(_AT_ONCE)), problem)

    def document(self, digest: Digest, *, withheld: bool = False) -> AlertDocument:
        """An alert's document as it is now. Raises ``UnknownRecord``, ``LogDamaged``."""
        return document_of(self.equipment, digest, withheld=withheld)

    def _run(self, interval: float) -> None:
        while not self._stop.wait(interval):
            try:
                self._turn()
            except Exception:  # whatever it was: the recogniser goes on, and says it
                _log.exception("the recogniser's turn failed")

    def _turn(self) -> tuple[int, CertchainError | None]:
        with self._turning:
            problems, raised = list[CertchainError](), 0
            self._attempt(self._recognise, problems)
            try:
                raised = self._raise_all(problems)
            except CertchainError as problem:
                problems.append(_told(problem))
            self._attempt(self.notifier.start, problems)
            self._problem = problems[0] if problems else None
            return raised, self._problem

    def _attempt(self, step: Callable[[], None], problems: list[CertchainError]) -> None:
        try:
            step()
        except CertchainError as problem:
            problems.append(_told(problem))

    # -------------------------------------------------------------------------------------------------------- recognition

    def _recognise(self) -> None:
        """Reads what is published and new, a page at a time."""
        published = self.equipment.log.publication.published()
        size = 0 if published is None else published.size
        follower = self._follower
        if follower is None or follower.position != self.equipment.store.recognised():
            follower = self._rebuilt()
        self._follower = follower
        while follower.position < size:
            page = self._page(follower.position, size)
            facts = self._facts.facts(page)
            self._follower = None  # until what it tells is kept
            self._keep(follower.rules.take(page, facts), follower.position + len(page))
            follower.position += len(page)
            self._follower = follower

    def _rebuilt(self) -> _Follower:
        """The rules as they were when they had read so far; what they tell on the way was told before, or should have been."""
        position = self.equipment.store.recognised()
        follower = _Follower(Recognition(self.equipment.identity.network, self.equipment.recognition), position)
        last = self._page(position - 1, position) if position else ()
        first = self._first_at(look_back(last[0].leaf.at, self.equipment.recognition), position) if last else position
        while first < position:
            page = self._page(first, position)
            self._keep(follower.rules.take(page, self._facts.facts(page)), position)
            first += len(page)
        return follower

    def _first_at(self, at: int, before: int) -> int:
        """The first entry of that time or later: times never go back."""
        low, high = 0, before
        while low < high:
            middle = (low + high) // 2
            if self._page(middle, middle + 1)[0].leaf.at < at:
                low = middle + 1
            else:
                high = middle
        return low

    def _page(self, first: int, end: int) -> tuple[LoggedEntry, ...]:
        """Entries from the first on, before the end. Raises ``LogDamaged`` when the log has fewer: it was put back."""
        page = self.equipment.log.reader.entries(first, min(_PAGE, end - first))
        if not page:
            raise LogDamaged("entries", f"{end} of them were published or read before", first)
        return page

    def _keep(self, alerts: tuple[Alert, ...], position: int) -> None:
        found = [KeptAlert(alert, alert_digest(alert), None) for alert in alerts]
        for each in found:
            _log.warning("%s is recognised at device %d: %s", each.alert.rule.label, each.alert.device, each.digest)
        self.equipment.store.keep_recognised(found, position)

    # ------------------------------------------------------------------------------------------------------------ raising

    def _raise_all(self, problems: list[CertchainError]) -> int:
        """Raises what the chain lacks; while it is away, the rest is not tried. Returns how many were raised."""
        raised = 0
        for kept in self.equipment.store.unraised(_AT_ONCE):
            try:
                self._raise(kept)
                raised += 1
            except CertchainError as problem:
                problems.append(_told(problem))
                if isinstance(problem, Unavailable):
                    break
        return raised

    def _raise(self, kept: KeptAlert) -> None:
        alert, store = kept.alert, self.equipment.store
        try:
            number = self.equipment.ledger.alerts.raise_alert(alert.rule, alert.device, kept.digest)
        except AlertAlreadyRaised as raised:
            number = raised.number
        now = self.equipment.clock.now()
        names = (subscriber.name for subscriber in store.subscribers())
        queued = [Delivery(secrets.token_bytes(DELIVERY_ID_LENGTH), name, kept.digest, 0, now) for name in names]
        store.keep_raised(kept.digest, number, queued)
        _log.warning("alert %d is raised: %s at device %d", number, alert.rule.label, alert.device)


def _told(problem: CertchainError) -> CertchainError:
    level = logging.WARNING if isinstance(problem, Unavailable) else logging.ERROR
    _log.log(level, "the recogniser's turn: %s", problem)
    return problem
