"""One exchange over HTTP with a peer that is not trusted: how much it may send, and how long it may take, is bounded.

Redirects are not followed, proxies and credentials of the environment are not used, cookies are not kept. Thread-safe.
"""

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from urllib3.exceptions import DecodeError, HTTPError
from urllib3.response import HTTPResponse

from certchain.channel.http_connection import BoundedAdapter, MutualAdapter, PeerTls
from certchain.errors import (
    CertchainError,
    CertificateInvalid,
    CertificateRefused,
    MalformedMessage,
    MalformedValue,
    PeerUnavailable,
)

_CHUNK = 64 * 1024
_CONNECTIONS = 16
_OK, _NO_CONTENT = 200, 204
_LONGEST_NUMBER = 10
_ABOUT_CERTIFICATES = ("CERTIFICATE", "UNKNOWN_CA")
TEXT_LIMIT = 128 * 1024
"""The most bytes of a text: of a checkpoint or a witness's answer, with some sixteen cosignatures of any kind; or of a refusal."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a peer answered: status, media type without parameters, the whole body, and after how many seconds to ask again."""

    status: int
    media_type: str
    body: bytes
    retry_after: int = 0


class HttpPeer:
    """Whoever answers under an address. ``timeout`` (seconds) is for the head of an answer, and again for its body."""

    def __init__(self, url: str, timeout: float, tls: PeerTls | None = None) -> None:
        if not url.startswith(("http://", "https://")):
            raise MalformedValue("address", f"{url!r} is not http:// or https://")
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._session.mount("http://", BoundedAdapter(pool_connections=1, pool_maxsize=_CONNECTIONS))
        secured = BoundedAdapter if tls is None else partial(MutualAdapter, tls)
        self._session.mount("https://", secured(pool_connections=1, pool_maxsize=_CONNECTIONS))

    def get(self, path: str, limit: int, encoding: str = "identity") -> Reply:
        """Asks for a resource; ``limit`` is the most bytes that its body may have once decoded, unless it is a refusal.

        Raises ``PeerUnavailable`` when there is no whole answer in time, ``MalformedMessage`` for one above the limit.
        """
        return self._exchange("GET", path, limit, headers={"Accept-Encoding": encoding})

    def post(self, path: str, body: bytes, limit: int, headers: Mapping[str, str] | None = None) -> Reply:
        """Sends a body, and returns the answer; otherwise as ``get``."""
        headers = {"Accept-Encoding": "identity", **(headers or {})}
        return self._exchange("POST", path, limit, data=body, headers=headers)

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
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
        return Reply(response.status_code, media_type, body, _seconds(response.headers.get("Retry-After", "")))

    def _require_length(self, response: requests.Response) -> None:
        """An answer that ends where the connection ends could have been cut off there."""
        chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if response.status_code != _NO_CONTENT and not chunked and "Content-Length" not in response.headers:
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
            raise _tls_refusal(self.url, problem) or PeerUnavailable(self.url, type(problem).__name__) from problem


def https_only(url: str) -> str:
    """Returns an address that is reached by TLS. Raises ``MalformedValue`` for any other."""
    if not url.startswith("https://"):
        raise MalformedValue("address", f"{url!r} is not https://")
    return url


def _seconds(written: str) -> int:
    """What ``Retry-After`` says, if it is a number of seconds (RFC 9110, 10.2.3)."""
    return int(written) if written.isdecimal() and len(written) < _LONGEST_NUMBER else 0


def _tls_refusal(url: str, problem: BaseException) -> CertchainError | None:
    """What one end held against the other's certificate, if that was it: the cause lies deep in what ``requests`` raises."""
    for cause in _causes(problem):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CertificateInvalid(cause.verify_message)
        if isinstance(cause, ssl.SSLError) and any(word in (cause.reason or "") for word in _ABOUT_CERTIFICATES):
            return CertificateRefused(url, (cause.reason or "").rpartition("ALERT_")[2].lower().replace("_", " "))
    return None


def _causes(problem: BaseException) -> Iterator[BaseException]:
    """An exception, and whatever it was made from."""
    waiting, seen = [problem], set[int]()
    while waiting:
        cause = waiting.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        parts = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        waiting += [part for part in parts if isinstance(part, BaseException)]
