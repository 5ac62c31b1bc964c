"""What a recogniser is given."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from certchain.config.clock import Clock
from certchain.ledger import Ledger
from certchain.log import LogEngine
from certchain.models.certification import Signed
from certchain.storage import NotificationStore
from certchain.verification.recognition import RecognitionPolicy
from certchain.verification.statement import Identity


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How subscribers are told; times in seconds.

    An attempt has ``timeout`` for each of its steps. What failed is tried again after about ``back_off``, then after twice as long, and so
    on up to ``longest_back_off``; after ``attempts`` it is dead. A broker may forget a message after ``expiry``.
    """

    timeout: float = 10.0
    attempts: int = 12
    back_off: float = 5.0
    longest_back_off: float = 3600.0
    expiry: int = 86_400
    subscribers: int = 100


def no_receipts() -> tuple[Signed, ...]:
    """Where no update server is at hand: no device is known to run a package."""
    return ()


@dataclass(frozen=True, slots=True)
class Equipment:
    """The certification server's identity, log and ledger (its account raises alerts), a store, policies and a clock.

    ``receipts`` gives the install receipts that an update server keeps, signed by the devices; they are verified here.
    """

    identity: Identity
    ledger: Ledger
    log: LogEngine
    store: NotificationStore
    clock: Clock
    receipts: Callable[[], Iterable[Signed]] = no_receipts
    recognition: RecognitionPolicy = field(default_factory=RecognitionPolicy)
    delivery: DeliveryPolicy = field(default_factory=DeliveryPolicy)
