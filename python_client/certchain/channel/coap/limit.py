"""What strangers may cost a device: how many first messages count, and proof that an address can be reached."""

import hmac
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_COOKIE_LENGTH = 16
_COOKIE_SECONDS = 30
_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class CoapLimits:
    """An endpoint's limits; times in seconds, rates a second.

    First messages: ``first_burst`` at once and ``first_rate`` on, of all addresses together; ``address_burst`` and ``address_rate``
    of one, where ``addresses`` are remembered. A handshake has ``half_open_lifetime`` to be finished. ``contexts`` conversations live at
    a time, ``contexts_each`` of one party: the longest idle makes room. The last ``remembered`` requests are known again. ``workers``
    requests are answered at once, ``pending`` wait or are answered, ``pending_each`` of one conversation; each of ``message_length``
    bytes at most.
    """

    first_burst: int = 100
    first_rate: float = 50
    address_burst: int = 20
    address_rate: float = 2
    addresses: int = 4096
    half_open_lifetime: float = 5
    contexts: int = 256
    contexts_each: int = 8
    remembered: int = 4096
    workers: int = 8
    pending: int = 64
    pending_each: int = 4
    message_length: int = 64 * 1024

    @property
    def half_open(self) -> int:
        """The most handshakes that can be half open: what the rate lets in while one lives."""
        return self.first_burst + int(self.first_rate * self.half_open_lifetime)


@dataclass(slots=True)
class _Bucket:
    """Fills at a rate up to a brim; each taking needs a whole drop."""

    brim: float
    rate: float
    level: float
    at: float

    def take(self, now: float) -> bool:
        self.level = min(self.brim, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(slots=True)
class FirstMessages:
    """Counts first messages, overall and by address; an IPv6 address counts by its /64. Not thread-safe."""

    limits: CoapLimits
    now: Callable[[], float]
    _all: _Bucket = field(init=False)
    _each: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._all = _Bucket(self.limits.first_burst, self.limits.first_rate, self.limits.first_burst, self.now())

    def take(self, host: str) -> bool:
        """Whether one more of this address counts. What its own limit stops does not use up what others have."""
        now, name = self.now(), _counted(host)
        bucket = self._each.pop(name, None)
        if bucket is None:
            bucket = _Bucket(self.limits.address_burst, self.limits.address_rate, self.limits.address_burst, now)
        self._each[name] = bucket
        if len(self._each) > self.limits.addresses:
            self._each.popitem(last=False)
        return bucket.take(now) and self._all.take(now)

    def __len__(self) -> int:
        """How many addresses are remembered."""
        return len(self._each)


@dataclass(frozen=True, slots=True)
class Cookies:
    """Echo values (RFC 9175, 2.2) that cost no memory: who sends one back under an address can be reached there."""

    now: Callable[[], float]
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def bake(self, host: str, port: int) -> bytes:
        """For this address, for half a minute or more."""
        return self._value(host, port, int(self.now() // _COOKIE_SECONDS))

    def are_good(self, echo: bytes, host: str, port: int) -> bool:
        """Whether it is one that this address was given, less than a minute ago."""
        current = int(self.now() // _COOKIE_SECONDS)
        return any(hmac.compare_digest(echo, self._value(host, port, slot)) for slot in (current, current - 1))

    def _value(self, host: str, port: int, slot: int) -> bytes:
        return hmac.digest(self._key, f"{host} {port} {slot}".encode(), "sha256")[:_COOKIE_LENGTH]


def _counted(host: str) -> str:
    address = ipaddress.IPv6Address(host.partition("%")[0])
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _NETWORK_BITS), strict=False))
