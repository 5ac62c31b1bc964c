"""uvicorn's HTTP, with bounds on what strangers hold open: how many connections, and how long each may take to say what it wants.

A connection on which we wait for the client (for a request, for the rest of its head or of its body) is one that others may need more:
with ``MOST_CONNECTIONS`` open, each that comes takes the place of the one that has been waited for longest. Only when as many
requests are under way is a further one refused.
"""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from certchain.errors import CertificateInvalid
from certchain.services.connected import SCOPE_KEY, Connected
from certchain.services.problem import too_many

if TYPE_CHECKING:
    from certchain.keys import ServerTls

_LOG = logging.getLogger(__name__)

CONNECTIONS_KEY = "certchain.connections"
"""Where an ASGI scope has the connections that are open."""
SLOWEST_HEAD = 15.0
"""Seconds from a connection, or from a request's first byte, to the end of its head."""
MOST_CONNECTIONS = 512
"""Open at a time, and so the most requests under way."""


class ImpatientProtocol(HttpToolsProtocol):
    """Closes a connection on which nothing comes, or a request's head too slowly; and before its time when others need its place."""

    _hurry: asyncio.TimerHandle
    quiet_since: float = 0.0
    """When it was opened, or gave its last answer, on the monotonic clock."""
    _connected: Connected | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self.quiet_since = time.monotonic()
        self._begin_to_hurry()
        self._connected = self._who_is_connected(transport)
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hurry.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._hurry.cancel()
        self._begin_to_hurry()
        super().on_message_begin()
        scope = cast("dict[str, Any]", self.scope)
        scope[CONNECTIONS_KEY] = self.connections
        if self._connected is not None:
            scope[SCOPE_KEY] = self._connected

    def on_headers_complete(self) -> None:
        """A request's head is there; its body has a bound of its own, and the wait for the next request, too."""
        self._hurry.cancel()
        self.app = self.config.loaded_app if self._make_room() else too_many()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """A request was answered."""
        self.quiet_since = time.monotonic()
        super().on_response_complete()

    def _who_is_connected(self, transport: asyncio.Transport) -> Connected | None:
        """What TLS has found, of which OpenSSL has verified that it is the CA's; nothing over plain HTTP."""
        tls: ServerTls | None = getattr(self.config, "tls", None)
        if tls is None:
            return None
        shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        try:
            client = None if shown is None else tls.peer(shown)
        except CertificateInvalid as problem:
            _LOG.warning("a certificate of our CA is none that it issues: %s", problem)
            transport.abort()
            return None
        return Connected(tls.identity.certified.fingerprint, client)

    def _begin_to_hurry(self) -> None:
        self._hurry = self.loop.call_later(SLOWEST_HEAD, self.timeout_keep_alive_handler)

    def _make_room(self) -> bool:
        """Cuts the connection that has been waited for longest if there are too many, and says whether there are not any more.

        It is cut even if it does not take its last answer.
        """
        if len(self.connections) <= MOST_CONNECTIONS:
            return True
        others = cast("set[ImpatientProtocol]", self.connections) - {self}
        waiting = [each for each in others if each.is_waited_for()]
        if waiting:
            oldest = min(waiting, key=lambda each: each.quiet_since)
            self.connections.discard(oldest)  # its end is told in the loop's next round; others may come in this one
            oldest.transport.abort()
        return len(self.connections) <= MOST_CONNECTIONS

    def is_waited_for(self) -> bool:
        """Whether the next step is the client's."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body
