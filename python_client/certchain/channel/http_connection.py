"""Connections to a peer over HTTP that are cut when it takes too long, and not used again once they have been idle."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

LONGEST_IDLE = 4
"""Seconds since its last answer for which a connection is used again. A server that keeps it for longer ends none as we ask."""


@dataclass(frozen=True, slots=True)
class PeerTls:
    """How to speak TLS with a peer: in this context alone, and only when ``require`` takes its certificate (DER) and raises nothing.

    With ``named`` its certificate has to be for the host in its address, as on the web; else who it is for is ``require``'s to know.
    """

    context: ssl.SSLContext
    require: Callable[[bytes], object]
    named: bool = False


class _Hurried(HTTPConnection):
    """A connection that is cut when the head of an answer takes too long, however slowly it trickles in.

    After ``LONGEST_IDLE`` it is not used again: a question that is lost with a connection which the other end closes may have been
    heard, and is repeated by nobody here.
    """

    _answered = float("inf")

    @property
    def is_connected(self) -> bool:
        """Whether the next question may go over it, as the pool asks."""
        return time.monotonic() - self._answered < LONGEST_IDLE and super().is_connected

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3, whose answer is not http.client's
        patience, began = self.timeout or 0, time.monotonic()
        hurry = threading.Timer(patience, _cut, (self.sock,))
        hurry.daemon = True
        hurry.start()
        try:
            return super().getresponse()
        except (OSError, HTTPException) as problem:
            if time.monotonic() - began < patience:
                raise
            raise TimeoutError from problem  # however the end of it shows: as one of TLS, of HTTP, or of the socket
        finally:
            hurry.cancel()
            self._answered = time.monotonic()


class _HurriedTls(_Hurried, HTTPSConnection):
    """The same over TLS."""


class _HurriedMutual(_HurriedTls):
    """The same, when the peer's certificate is looked at before anything is said. ``ssl`` itself hurries the handshake as a whole."""

    require: Callable[[bytes], object]

    def connect(self) -> None:
        super().connect()
        try:
            self.require(cast("ssl.SSLSocket", self.sock).getpeercert(binary_form=True) or b"")
        except BaseException:
            self.close()
            raise


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Hurried


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _HurriedTls


class BoundedAdapter(HTTPAdapter):
    """Such connections, in plain or in the web's TLS."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _MutualPool(HTTPSConnectionPool):
    ConnectionCls = _HurriedMutual

    def __init__(self, *arguments: Any, require: Callable[[bytes], object], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._require = require

    def _new_conn(self) -> _HurriedMutual:
        connection = cast("_HurriedMutual", super()._new_conn())
        connection.require = self._require
        return connection


class MutualAdapter(HTTPAdapter):
    """Connections in a context of our own: no certificate store of the machine or of a library comes near it."""

    def __init__(self, tls: PeerTls, **named: Any) -> None:
        self._tls = tls
        super().__init__(**named)

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        assert_hostname = None if self._tls.named else False
        super().init_poolmanager(*arguments, ssl_context=self._tls.context, assert_hostname=assert_hostname, **named)
        self.poolmanager.pool_classes_by_scheme = {"https": partial(_MutualPool, require=self._tls.require)}

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: object, cert: object = None
    ) -> tuple[Any, Any]:
        address = urlsplit(request.url or "")
        return {"scheme": "https", "host": str(address.hostname), "port": address.port}, {}

    def cert_verify(self, conn: Any, url: object, verify: object, cert: object) -> None:
        """Nothing: it would add the certificate authorities of the web."""


def _cut(connection: socket.socket) -> None:
    """Ends a connection under whoever reads from it.

    An ``SSLSocket``'s own ``shutdown`` forgets that there is TLS: who reads on would take what anybody on the way sends for the answer.
    """
    with suppress(OSError):  # it is closed already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
