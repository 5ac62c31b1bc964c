"""One exchange over HTTP with a peer that is not trusted: how much it may send, and how long it may take, is bounded.

Redirects are not followed, proxies and credentials of the environment are not used, cookies are not kept. Thread-safe.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import HTTPResponse

from certchain.errors import MalformedMessage, MalformedValue, PeerUnavailable

_CHUNK = 64 * 1024
_CONNECTIONS = 16
_OK = 200
TEXT_LIMIT = 128 * 1024
"""The most bytes of a text: of a checkpoint or a witness's answer, with some sixteen cosignatures of any kind; or of a refusal."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a peer answered: status, media type without parameters, and the whole body."""

    status: int
    media_type: str
    body: bytes


class HttpPeer:
    """Whoever answers under an address. ``timeout`` (seconds) is for the head of an answer, and again for its body."""

    def __init__(self, url: str, timeout: float) -> None:
        if not url.startswith(("http://", "https://")):
            raise MalformedValue("address", f"{url!r} is not http:// or https://")
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _BoundedAdapter(pool_connections=1, pool_maxsize=_CONNECTIONS))

    def get(self, path: str, limit: int, encoding: str = "identity") -> Reply:
        """Asks for a resource; ``limit`` is the most bytes that its body may have once decoded, unless it is a refusal.

        Raises ``PeerUnavailable`` when there is no whole answer in time, ``MalformedMessage`` for one above the limit.
        """
        return self._exchange("GET", path, limit, headers={"Accept-Encoding": encoding})

    def post(self, path: str, body: bytes, limit: int) -> Reply:
        """Sends a body, and returns the answer; otherwise as ``get``."""
        return self._exchange("POST", path, limit, data=body, headers={"Accept-Encoding": "identity"})

    def close(self) -> None:
        """Lets go of the connections; the next question opens new ones."""
        self._session.close()

    def _exchange(self, method: str, path: str, limit: int, **arguments: Any) -> Reply:
        with self._answering():
            response = self._session.request(
                method, f"{self.url}/{path}", stream=True, allow_redirects=False, timeout=self._timeout, **arguments
            )
            with response:
                self._require_length(response)
                body = self._body(response.raw, limit if response.status_code == _OK else TEXT_LIMIT)
        return Reply(response.status_code, response.headers.get("Content-Type", "").partition(";")[0].strip(), body)

    def _require_length(self, response: requests.Response) -> None:
        """An answer that ends where the connection ends could have been cut off there."""
        chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if not chunked and "Content-Length" not in response.headers:
            raise PeerUnavailable(self.url, "its answer does not say where it ends")

    def _body(self, raw: HTTPResponse, limit: int) -> bytes:
        """Reads what is there as it comes: a peer that sends a byte now and then does not hold anyone up."""
        deadline = time.monotonic() + self._timeout
        body = bytearray()
        while chunk := raw.read1(min(_CHUNK, limit + 1 - len(body)), decode_content=True):
            body += chunk
            if len(body) > limit:
                raise MalformedMessage(f"the answer has more than {limit} bytes")
            if time.monotonic() > deadline:
                raise PeerUnavailable(self.url, f"its answer was not whole after {self._timeout:g} s")
        return bytes(body)

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except DecodeError:
            raise MalformedMessage("the answer's content encoding cannot be undone") from None
        except (requests.RequestException, HTTPError, OSError) as problem:
            raise PeerUnavailable(self.url, type(problem).__name__) from problem


class _Hurried(HTTPConnection):
    """A connection that is cut when the head of an answer takes too long, however slowly it trickles in."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3, whose answer is not http.client's
        hurry = threading.Timer(self.timeout or 0, _cut, (self.sock,))
        hurry.daemon = True
        hurry.start()
        try:
            return super().getresponse()
        finally:
            hurry.cancel()


class _HurriedTls(_Hurried, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Hurried


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _HurriedTls


class _BoundedAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


def _cut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already
