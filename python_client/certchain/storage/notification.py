"""What the certification server keeps of recognition and notification: how far it has read, alerts, subscribers, deliveries."""

from collections.abc import Sequence
from typing import Protocol

from certchain.models.alert import KeptAlert
from certchain.models.digest import Digest
from certchain.models.notification import Delivery, DeliveryState, Subscriber


class NotificationStore(Protocol):
    """Thread-safe, and durable when a method returns. Any method may raise ``StorageUnavailable``; then nothing was half written.

    A crash between any two calls neither loses nor doubles an alert: it is kept together with how far the log was read, and its deliveries
    together with its number on the chain.
    """

    def recognised(self) -> int:
        """How many of the log's entries were read; 0 at first."""
        ...

    def keep_recognised(self, found: Sequence[KeptAlert], size: int) -> None:
        """Keeps new alerts, and that ``size`` entries were read. An alert that is there (by its digest) stays as it is."""
        ...

    def unraised(self, limit: int) -> tuple[KeptAlert, ...]:
        """Alerts without a number on the chain, the oldest first."""
        ...

    def keep_raised(self, digest: Digest, number: int, queued: Sequence[Delivery]) -> None:
        """Keeps an alert's number, and with it its deliveries to those who are still subscribers; does nothing when it has a number.

        Raises ``UnknownRecord``.
        """
        ...

    def alert(self, digest: Digest) -> KeptAlert:
        """One alert. Raises ``UnknownRecord``."""
        ...

    def alerts(self, limit: int) -> tuple[KeptAlert, ...]:
        """The newest alerts, the newest first."""
        ...

    def put_subscriber(self, subscriber: Subscriber) -> None:
        """Adds a subscriber. Raises ``RecordExists`` when the name is taken."""
        ...

    def subscribers(self) -> tuple[Subscriber, ...]:
        """All of them, by name."""
        ...

    def remove_subscriber(self, name: str) -> None:
        """Removes a subscriber, and whatever was to be delivered to it. Raises ``UnknownRecord``."""
        ...

    def due(self, subscriber: str, now: int, limit: int) -> tuple[Delivery, ...]:
        """A subscriber's waiting deliveries that are due, the oldest first."""
        ...

    def keep_delivery(self, delivery: Delivery) -> None:
        """Keeps how far a delivery has come; does nothing when its subscriber was removed."""
        ...

    def deliveries(self, state: DeliveryState | None = None, limit: int = 1000) -> tuple[Delivery, ...]:
        """Deliveries of all subscribers, the newest first; by default in any state."""
        ...
