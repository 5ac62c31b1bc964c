"""Someone on the way between two ends of a CoAP channel, with every datagram in their hands."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from certchain.channel.coap import CoapAddress, CoapChannel, CoapEndpoint, CoapLimits
from certchain.keys import KeyPair
from certchain.models.certification import LoginAccepted
from certchain.models.identifier import DeviceId, UserDeviceId, device_party, user_device_party
from certchain.models.log import InclusionProof
from certchain.models.registration import PublicKeys
from certchain.verification.statement import Identity

HASTE = 0.1
"""Seconds after which CoAP sends again in these tests."""
PATIENCE = 1.5
"""Seconds that a caller waits in these tests."""
_LONGEST = 65_535
_POLL = 0.02

LOCK, PHONE, MALLORY = (
    Identity(bytes(32), party, KeyPair.generate())
    for party in (device_party(DeviceId(5)), user_device_party(UserDeviceId(2)), user_device_party(UserDeviceId(3)))
)
ENROLLED = {identity.party: identity.keys.public for identity in (LOCK, PHONE, MALLORY)}


def public_keys(party: Any) -> PublicKeys:
    """The keys in force, as a ledger would say."""
    return ENROLLED[party]


class Way(Enum):
    """From whom a datagram comes."""

    UP = "to the device"
    DOWN = "to the user device"


Treatment = Callable[[Way, int, bytes], list[tuple[float, bytes]]]
"""What becomes of the datagram that is the so-manieth on its way: which datagrams go on, each after so many seconds."""


def untouched(way: Way, index: int, data: bytes) -> list[tuple[float, bytes]]:
    """Everything goes on as it came."""
    del way, index
    return [(0.0, data)]


@dataclass
class Middle:
    """Passes datagrams between the device's address and whoever wrote to it last; ``seen`` keeps them as they came."""

    device: CoapAddress
    treatment: Treatment = untouched
    seen: dict[Way, list[bytes]] = field(default_factory=lambda: {Way.UP: [], Way.DOWN: []})
    _asker: Any = None
    _stopped: bool = False
    _waiting: list[tuple[float, Way, bytes]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._front, self._back = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for end in (self._front, self._back):
            end.bind(("127.0.0.1", 0))
            end.settimeout(_POLL)
        self._threads = [
            threading.Thread(target=self._listen, args=(self._front, Way.UP)),
            threading.Thread(target=self._listen, args=(self._back, Way.DOWN)),
            threading.Thread(target=self._deliver_waiting),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> CoapAddress:
        return CoapAddress("127.0.0.1", self._front.getsockname()[1])

    def stop(self) -> None:
        self._stopped = True
        for thread in self._threads:
            thread.join()
        self._front.close()
        self._back.close()

    def send(self, way: Way, data: bytes) -> None:
        """Sends a datagram of its own making."""
        try:
            if way is Way.UP:
                self._back.sendto(data, (self.device.host, self.device.port))
            elif self._asker is not None:
                self._front.sendto(data, self._asker)
        except OSError:
            return  # nobody listens there any more

    def everything(self) -> bytes:
        """All that an eavesdropper has."""
        return b"\n".join(self.seen[Way.UP] + self.seen[Way.DOWN])

    def _listen(self, end: socket.socket, way: Way) -> None:
        while not self._stopped:
            try:
                data, sender = end.recvfrom(_LONGEST)
            except OSError:
                continue
            if way is Way.UP:
                self._asker = sender
            self._treat(way, data)

    def _treat(self, way: Way, data: bytes) -> None:
        index = len(self.seen[way])
        self.seen[way].append(data)
        now = time.monotonic()
        for delay, changed in self.treatment(way, index, data):
            if delay:
                with self._lock:
                    self._waiting.append((now + delay, way, changed))
            else:
                self.send(way, changed)

    def _deliver_waiting(self) -> None:
        while not self._stopped:
            with self._lock:
                due = [kept for kept in self._waiting if kept[0] <= time.monotonic()]
                self._waiting = [kept for kept in self._waiting if kept not in due]
            for _, way, data in due:
                self.send(way, data)
            time.sleep(_POLL)


@dataclass(slots=True)
class Counting:
    """The device's handler: how often it was asked what."""

    asked: list[int] = field(default_factory=list)
    connections: list[Any] = field(default_factory=list)
    seconds: float = 0

    def __call__(self, connection: Any, message: InclusionProof) -> LoginAccepted:
        self.asked.append(message.index)
        self.connections.append(connection)
        time.sleep(self.seconds)
        return answer_to(message.index)


def answer_to(index: int) -> LoginAccepted:
    """What the device answers to a question."""
    return LoginAccepted(index.to_bytes(32))


@contextmanager
def device(
    handler: Any, *, port: int = 0, limits: CoapLimits | None = None, identity: Identity = LOCK
) -> Iterator[CoapEndpoint]:
    """The lock, in haste."""
    endpoint = CoapEndpoint(identity, handler, public_keys, port=port, limits=limits, ack_timeout=HASTE)
    with endpoint:
        yield endpoint


@contextmanager
def middle(endpoint: CoapEndpoint, treatment: Treatment = untouched) -> Iterator[Middle]:
    """Someone in front of the lock."""
    between = Middle(endpoint.address, treatment)
    try:
        yield between
    finally:
        between.stop()


@contextmanager
def channel(address: CoapAddress, *, identity: Identity = PHONE, timeout: float = PATIENCE) -> Iterator[CoapChannel]:
    """The phone, in haste."""
    opened = CoapChannel(address, identity, LOCK.party, public_keys, timeout=timeout, ack_timeout=HASTE)
    try:
        yield opened
    finally:
        opened.close()


def ask(opened: CoapChannel, index: int) -> LoginAccepted:
    """One question, told from others by its index."""
    return opened.request(InclusionProof(index, 20, ()), LoginAccepted)
