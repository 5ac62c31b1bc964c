"""TLS handshakes of strangers, within bounds: until the end of one, a connection has no protocol of HTTP's that could hurry or count it."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

SLOWEST_HANDSHAKE = 10.0
"""Seconds from a connection to the end of its TLS handshake."""
MOST_HANDSHAKES = 256
"""Under way at a time: each that comes takes the place of the one that has been under way for longest."""
_FAREWELL = 0.5  # seconds for a client to say that it, too, has closed: one that waits in a pool never does
_RESPITE = 0.1  # seconds, when the process has no more file descriptors
_LOG = logging.getLogger(__name__)


class _Candid(ssl.SSLObject):
    """The server's end of a handshake, which tells the client what it has against its certificate.

    uvloop closes on an error, and what OpenSSL has written about it (an alert: RFC 8446, 6.2) stays behind. So the error is raised
    once uvloop has sent that, and the client has said more, or is gone. Till then it is as if more of the handshake had to come.
    """

    _refusal: ssl.SSLCertVerificationError | None = None

    def do_handshake(self) -> None:
        """See ``ssl.SSLObject``."""
        if self._refusal is not None:
            raise self._refusal
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as refusal:
            self._refusal = refusal
            raise ssl.SSLWantReadError from refusal


class Door:
    """A server that shakes hands with whoever comes, and makes a protocol for who ends that in time.

    It accepts from ``listener`` until ``close``, which cuts whoever is still shaking hands and lets the others be. Of
    ``asyncio.AbstractServer`` it has what uvicorn uses.
    """

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, make: Callable[[], asyncio.Protocol]) -> None:
        context.sslobject_class = _Candid
        self._listener, self._context, self._make = listener, context, make
        self._guests: dict[socket.socket, None] = {}  # in the order in which they came
        self._handshakes: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    def open(self, backlog: int) -> None:
        """Begins to accept, in the loop that runs."""
        self._listener.setblocking(False)
        self._listener.listen(backlog)
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    def close(self) -> None:
        """Accepts nobody more."""
        if self._accepting is not None:
            self._accepting.cancel()
        for guest in self._guests:
            _cut(guest)

    async def wait_closed(self) -> None:
        """Waits for the handshakes that ``close`` has cut."""
        ended = [self._accepting] if self._accepting is not None else []
        await asyncio.gather(*ended, *self._handshakes, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                guest, _ = await loop.sock_accept(self._listener)
            except OSError as problem:
                _LOG.warning("a connection is not accepted: %s", problem.strerror)
                await asyncio.sleep(_RESPITE)
                continue
            if len(self._guests) >= MOST_HANDSHAKES:
                oldest = next(iter(self._guests))
                del self._guests[oldest]
                _cut(oldest)
            self._guests[guest] = None
            handshake = loop.create_task(self._shake_hands(guest))
            self._handshakes.add(handshake)
            handshake.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, guest: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                self._make,
                guest,
                ssl=self._context,
                ssl_handshake_timeout=SLOWEST_HANDSHAKE,
                ssl_shutdown_timeout=_FAREWELL,
            )
        except OSError:  # among them what OpenSSL has against it, and the end of our patience
            guest.close()
        finally:
            self._guests.pop(guest, None)


def _cut(guest: socket.socket) -> None:
    with suppress(OSError):  # it has left by itself
        guest.shutdown(socket.SHUT_RDWR)
