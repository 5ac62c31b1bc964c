"""The notification store in memory: the twin of the one in a database."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock

from certchain.errors import RecordExists, UnknownRecord
from certchain.models.alert import KeptAlert
from certchain.models.digest import Digest
from certchain.models.notification import Delivery, DeliveryState, Subscriber
from certchain.storage.record import count, require_texts


@dataclass(slots=True)
class MemoryNotificationStore:
    """See ``NotificationStore``."""

    _read: int = 0
    _alerts: dict[Digest, KeptAlert] = field(default_factory=dict)
    _subscribers: dict[str, Subscriber] = field(default_factory=dict)
    _deliveries: dict[bytes, Delivery] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def recognised(self) -> int:
        return self._read

    def keep_recognised(self, found: Sequence[KeptAlert], size: int) -> None:
        count("size", size)
        with self._lock:
            for alert in found:
                self._alerts.setdefault(alert.digest, alert)
            self._read = size

    def unraised(self, limit: int) -> tuple[KeptAlert, ...]:
        with self._lock:
            return tuple(alert for alert in self._alerts.values() if alert.number is None)[:limit]

    def keep_raised(self, digest: Digest, number: int, queued: Sequence[Delivery]) -> None:
        count("alert", number)
        with self._lock:
            kept = self._alert(digest)
            if kept.number is None:
                self._alerts[digest] = replace(kept, number=number)
                self._deliveries |= {each.id: each for each in queued if each.subscriber in self._subscribers}

    def alert(self, digest: Digest) -> KeptAlert:
        with self._lock:
            return self._alert(digest)

    def alerts(self, limit: int) -> tuple[KeptAlert, ...]:
        with self._lock:
            return tuple(reversed(self._alerts.values()))[: count("limit", limit)]

    def put_subscriber(self, subscriber: Subscriber) -> None:
        require_texts(subscriber.name, subscriber.address, subscriber.authority, subscriber.credentials)
        with self._lock:
            if subscriber.name in self._subscribers:
                raise RecordExists("subscriber", subscriber.name)
            self._subscribers[subscriber.name] = subscriber

    def subscribers(self) -> tuple[Subscriber, ...]:
        with self._lock:
            return tuple(self._subscribers[name] for name in sorted(self._subscribers))

    def remove_subscriber(self, name: str) -> None:
        with self._lock:
            if self._subscribers.pop(name, None) is None:
                raise UnknownRecord("subscriber", name)
            gone = [delivery.id for delivery in self._deliveries.values() if delivery.subscriber == name]
            for delivery in gone:
                del self._deliveries[delivery]

    def due(self, subscriber: str, now: int, limit: int) -> tuple[Delivery, ...]:
        count("time", now)
        with self._lock:
            mine = (delivery for delivery in self._deliveries.values() if delivery.subscriber == subscriber)
            waiting = (each for each in mine if each.state is DeliveryState.WAITING and each.due <= now)
            return tuple(waiting)[:limit]

    def keep_delivery(self, delivery: Delivery) -> None:
        count("time", delivery.due)
        require_texts(delivery.subscriber, delivery.problem)
        with self._lock:
            if delivery.id in self._deliveries:
                self._deliveries[delivery.id] = delivery

    def deliveries(self, state: DeliveryState | None = None, limit: int = 1000) -> tuple[Delivery, ...]:
        with self._lock:
            wanted = (each for each in self._deliveries.values() if state is None or each.state is state)
            return tuple(reversed(tuple(wanted)))[:limit]

    def _alert(self, digest: Digest) -> KeptAlert:
        try:
            return self._alerts[digest]
        except KeyError:
            raise UnknownRecord("alert", str(digest)) from None
