"""Notification: what waits for subscribers is tried until it is delivered, or dead; one that is slow holds nobody else up."""

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from certchain.channel.mqtt import publish
from certchain.channel.webhook import post_webhook
from certchain.errors import CertchainError
from certchain.models.alert import AlertDocument
from certchain.models.digest import Digest
from certchain.models.notification import Delivery, DeliveryState, Subscriber
from certchain.roles.recogniser.document import document_of
from certchain.roles.recogniser.equipment import DeliveryPolicy, Equipment
from certchain.verification.alert import document_bytes
from certchain.verification.webhook import sign_webhook

_AT_ONCE = 100
_LONGEST_PROBLEM = 200
_log = logging.getLogger("certchain.roles.recogniser")


@dataclass(slots=True)
class Notifier:
    """Tells subscribers, each in a thread of its own while something waits for it. ``jitter`` gives 0 to 1. Thread-safe."""

    equipment: Equipment
    jitter: Callable[[], float] = random.SystemRandom().random
    _busy: dict[str, Future[None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _workers: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        most = self.equipment.delivery.subscribers
        self._workers = ThreadPoolExecutor(max_workers=most, thread_name_prefix="notifier")

    def start(self) -> None:
        """Begins to tell each subscriber what is due, unless it is being told already; returns at once."""
        now = self.equipment.clock.now()
        with self._lock:
            for subscriber in self.equipment.store.subscribers():
                busy = self._busy.get(subscriber.name)
                if (busy is None or busy.done()) and self.equipment.store.due(subscriber.name, now, 1):
                    self._busy[subscriber.name] = self._workers.submit(self._tell, subscriber)

    def finish(self) -> None:
        """Waits for the attempts that are under way."""
        with self._lock:
            busy = list(self._busy.values())
        wait(busy)

    def stop(self) -> None:
        """Ends after the attempts that are under way; no others begin."""
        self._stopping.set()
        self._workers.shutdown(wait=True)

    def _tell(self, subscriber: Subscriber) -> None:
        """Tries what is due, in its order; after a failure the rest waits, too, for its next time has come when it is tried."""
        store, now = self.equipment.store, self.equipment.clock.now()
        try:
            waiting = store.due(subscriber.name, now, _AT_ONCE)
            for place, delivery in enumerate(waiting):
                if self._stopping.is_set():
                    return
                tried = self._try(subscriber, delivery)
                store.keep_delivery(tried)
                if tried.state is DeliveryState.WAITING:
                    self._postpone(waiting[place + 1 :], tried.due)
                    return
        except Exception:  # a thread's last resort: what waits is tried at the next turn
            _log.exception("subscriber %s cannot be told", subscriber.name)

    def _postpone(self, waiting: tuple[Delivery, ...], due: int) -> None:
        """What stands behind one that failed has had no attempt, and waits as long."""
        for delivery in waiting:
            self.equipment.store.keep_delivery(replace(delivery, due=due))

    def _try(self, subscriber: Subscriber, delivery: Delivery) -> Delivery:
        """The delivery after one more attempt."""
        policy, attempts = self.equipment.delivery, delivery.attempts + 1
        try:
            self._send(subscriber, delivery)
        except Exception as problem:  # whatever it was, it was an attempt
            failed = _reason(problem)
            _log.warning("subscriber %s was not told (attempt %d): %s", subscriber.name, attempts, failed)
            state = DeliveryState.DEAD if attempts >= policy.attempts else DeliveryState.WAITING
            due = self.equipment.clock.now() + pause(policy, attempts, self.jitter())
            return replace(delivery, attempts=attempts, due=due, state=state, problem=failed)
        _log.info("subscriber %s was told of an alert", subscriber.name)
        settled = self.equipment.clock.now()
        return replace(delivery, attempts=attempts, due=settled, state=DeliveryState.DELIVERED, problem="")

    def _send(self, subscriber: Subscriber, delivery: Delivery) -> None:
        policy = self.equipment.delivery
        document = document_of(self.equipment, delivery.digest, withheld=not subscriber.bodies)
        body = document_bytes(document)
        if subscriber.address.startswith("http"):
            keys, now = self.equipment.identity.keys, self.equipment.clock.now()
            headers = sign_webhook(subscriber.address, delivery.id, body, keys, now)
            post_webhook(subscriber.address, body, headers, authority=subscriber.authority, timeout=policy.timeout)
            return
        publish(
            subscriber.address,
            body,
            _said(document, delivery.id, delivery.digest),
            expiry=policy.expiry,
            authority=subscriber.authority,
            credentials=subscriber.credentials,
            timeout=policy.timeout,
        )


def pause(policy: DeliveryPolicy, attempts: int, jitter: float) -> int:
    """How many seconds to wait after so many attempts: exponential, and between half and all of that, so that not all come at once."""
    longest = min(policy.back_off * 2.0 ** min(attempts - 1, 30), policy.longest_back_off)
    return max(round(longest * (0.5 + jitter / 2)), 1)


def _reason(problem: Exception) -> str:
    """What went wrong, in printable letters: what the other end says may stand in it."""
    text = str(problem) if isinstance(problem, CertchainError) else type(problem).__name__
    return ascii(text)[1:-1][:_LONGEST_PROBLEM]


def _said(document: AlertDocument, delivery: bytes, digest: Digest) -> dict[str, str]:
    """User properties of an MQTT message: what a subscriber can choose by without reading the document."""
    return {"rule": document.rule.label, "digest": str(digest), "delivery": delivery.hex()}
