"""A whole certification over real sockets, with somebody on both links: CoAP from phone to lock, HTTPS from lock to server."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from certchain.channel.coap import CoapChannel, CoapEndpoint
from certchain.channel.https import HttpsChannel
from certchain.keys import ServerTls
from certchain.roles.user_device import ControlSession
from certchain.services import certification_app, running
from tests.datagrams import HASTE, Middle, middle
from tests.household import SECRET, Household
from tests.tls import Certificates

PATIENCE = 4.0
"""Seconds that phone and lock wait in these tests."""
_LONGEST = 65_536
_POLL = 0.02

Passing = Callable[[bytes], list[bytes]]
"""What becomes of a piece of the stream: the pieces that go on in its place. It may wait, and raise ``Cut``."""


class Cut(Exception):
    """The connection ends here."""


@dataclass
class Line:
    """Somebody on the line between the lock and the server: every byte both ways, as it came, is in ``seen``."""

    target: tuple[str, int]
    up: Passing = lambda data: [data]
    down: Passing = lambda data: [data]
    seen: list[bytes] = field(default_factory=list)
    _stopped: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_POLL)
        self._start(self._accept)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        self._stopped = True
        while self._threads:
            self._threads.pop().join()
        self._listener.close()

    def _start(self, what: Callable[..., None], *arguments: Any) -> None:
        self._threads.append(threading.Thread(target=what, args=arguments))
        self._threads[-1].start()

    def _accept(self) -> None:
        while not self._stopped:
            with suppress(TimeoutError):
                near = self._listener.accept()[0]
                far = socket.create_connection(self.target)
                self._start(self._pass, near, far, "up")
                self._start(self._pass, far, near, "down")

    def _pass(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        source.settimeout(_POLL)
        with suppress(Cut, ConnectionError, OSError):
            while not self._stopped:
                try:
                    data = source.recv(_LONGEST)
                except TimeoutError:
                    continue
                if not data:
                    break
                self.seen.append(data)
                for piece in getattr(self, way)(data):
                    sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()


@dataclass
class Asking:
    """A channel that tells which message is on its way at the moment, by the name of what it says, and keeps what was said in it."""

    channel: Any
    now: str = ""
    said: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel, name)

    def request(self, message: Any, answer: type) -> Any:
        self.now = getattr(message, "kind", type(message).__name__)
        self.said.append(message)
        try:
            self.said.append(self.channel.request(message, answer))
        finally:
            self.now = ""
        return self.said[-1]


@dataclass
class Way:
    """The household's two links: ``packets`` of the first, ``line`` of the second, and what is said on each at the moment."""

    home: Household
    packets: Middle
    line: Line
    to_server: Asking
    to_lock: Any = None

    @contextmanager
    def open(self) -> Iterator[Asking]:
        """Alice's phone has a channel to the lock."""
        registrations, phone = self.home.lock.ledger.registrations, self.home.phone.identity
        channel = CoapChannel(
            self.packets.address,
            phone,
            self.home.lock.identity.party,
            registrations.public_keys,
            timeout=PATIENCE,
            ack_timeout=HASTE,
        )
        self.to_lock = Asking(channel)
        try:
            yield self.to_lock
        finally:
            channel.close()

    def certify(self, channel: Asking) -> ControlSession:
        return self.home.phone.role.certify(channel, self.home.lock.id, SECRET)  # type: ignore[arg-type]


@contextmanager
def over_both_links(home: Household) -> Iterator[Way]:
    """The lock answers over CoAP, and reaches its server over HTTPS; somebody is on the way of both."""
    certificates, server, lock = Certificates(home.server.identity.network), home.server.identity.party, home.lock
    home.clock.seconds = int(time.time())
    app = certification_app(home.server.role, home.server.log)
    with running(app, tls=ServerTls(certificates.server(server))) as url:
        parts = urlsplit(url)
        line = Line((parts.hostname or "", parts.port or 0))
        own = HttpsChannel(line.url, certificates.identity(lock.identity.party), server, timeout=PATIENCE / 2)
        lock.to_server = Asking(own)
        lock.restart()
        try:
            keys = lock.ledger.registrations.public_keys
            with (
                CoapEndpoint(lock.identity, lock.answer, keys, ack_timeout=HASTE) as endpoint,
                middle(endpoint) as between,
            ):
                yield Way(home, between, line, lock.to_server)
        finally:
            own.close()
            line.stop()
