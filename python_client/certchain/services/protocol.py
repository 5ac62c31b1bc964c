"""uvicorn's HTTP, with a bound on what it leaves open: how long a client may take to say what it wants."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SLOWEST_HEAD = 15.0
"""Seconds from a connection, or from a request's first byte, to the end of its head."""


class ImpatientProtocol(HttpToolsProtocol):
    """Closes a connection on which nothing comes, or a request's head too slowly: else some hundred of them would keep everyone out."""

    _hurry: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._begin_to_hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        self._hurry.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._hurry.cancel()
        self._begin_to_hurry()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A request's head is there; its body has a bound of its own, and the wait for the next request, too."""
        self._hurry.cancel()
        super().on_headers_complete()

    def _begin_to_hurry(self) -> None:
        self._hurry = self.loop.call_later(SLOWEST_HEAD, self.timeout_keep_alive_handler)
