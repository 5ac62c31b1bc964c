"""Notification: who is told of alerts, and how far each telling has come."""

from dataclasses import dataclass
from enum import StrEnum

from certchain.errors import MalformedValue
from certchain.models.digest import Digest

DELIVERY_ID_LENGTH = 16
SCHEMES = ("https", "http", "mqtts", "mqtt")
"""How subscribers are told: webhooks, and topics of an MQTT 5 broker; two of each with TLS."""
_LONGEST_NAME = 40
_LONGEST_ADDRESS = 1000


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is told of every alert, under a name of the operator's choice.

    ``address`` is a URL: of a webhook (``https://…``), or of a broker with the topic as its path (``mqtts://broker:8883/alerts/home``).
    ``bodies`` says whether the subscriber may see what entries say; else only their leaves. ``authority`` is the path of a file with
    the certificates (PEM) that the other end's has to lead to, empty for those of the system; ``credentials`` that of a file with
    ``user:password`` for a broker, empty when it asks for none.
    """

    name: str
    address: str
    bodies: bool = False
    authority: str = ""
    credentials: str = ""

    def __post_init__(self) -> None:
        letters = self.name.replace("-", "")
        if not letters.isascii() or not letters.isalnum() or not letters.islower() or len(self.name) > _LONGEST_NAME:
            raise MalformedValue("subscriber", f"its name is not 1 to {_LONGEST_NAME} of a-z, 0-9 and -")
        if not self.address.startswith(tuple(f"{scheme}://" for scheme in SCHEMES)):
            raise MalformedValue("address", f"it does not begin with one of {', '.join(SCHEMES)}")
        if len(self.address) > _LONGEST_ADDRESS or not self.address.isascii() or not self.address.isprintable():
            raise MalformedValue("address", f"it is not up to {_LONGEST_ADDRESS} printable ASCII characters")
        if "@" in self.address.split("/")[2]:
            raise MalformedValue("address", "a user's name or password does not belong in it")


class DeliveryState(StrEnum):
    """What became of a delivery. A dead one was tried as often as the policy says; it waits for the operator."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert for one subscriber. ``id`` (16 random bytes) stays the same at each attempt, so that a receiver knows a repetition.

    ``due`` is when it is tried next, or was settled, in seconds since the epoch; ``problem`` says why the last attempt failed.
    """

    id: bytes
    subscriber: str
    digest: Digest
    attempts: int
    due: int
    state: DeliveryState = DeliveryState.WAITING
    problem: str = ""
