"""``POST /entries``: entries for the log, answered when they are durable.

The body is a CBOR array of 1 to 1,000 byte strings, each an entry as ``entry_bytes`` writes it; the answer a CBOR map of
``first_index``, ``count``, and by how many entries the chain is ``behind``. Only logins are taken: what is recorded about the
log itself, as holds and erasures, has rules of its own that a token does not stand for.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.responses import Response

from certchain.encoding.entry import read_entry
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import MalformedMessage, MalformedValue, RequestTooLarge, TokenRefused
from certchain.log import Body, LogWriter
from certchain.models.entry import LoginEntry
from certchain.services.body import whole_body
from certchain.services.problem import NEVER_KEPT, SAFE

MOST_ENTRIES = 1000
"""In one request."""
LONGEST_BODY = 1 << 20
"""Bytes of one request."""
SHORTEST_TOKEN = 32
_THREADS = 32  # of their own: submissions that wait for a disk must not keep readers waiting


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is durable now: ``count`` entries from ``first_index`` on; the chain is ``behind`` by so many entries."""

    first_index: int
    count: int
    behind: int


@dataclass(frozen=True, slots=True)
class Submission:
    """Takes entries for ``writer`` from whoever has the ``token``; ``behind`` says how many entries the chain lacks, and cannot fail.

    Raises ``MalformedValue`` for a token of fewer than 32 letters: one that is guessed writes into the log.
    """

    writer: LogWriter
    behind: Callable[[], int]
    token: str = field(repr=False)
    _limiter: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_THREADS), repr=False)

    def __post_init__(self) -> None:
        if len(self.token) < SHORTEST_TOKEN:
            raise MalformedValue("token", f"it has fewer than {SHORTEST_TOKEN} letters")

    async def answer(self, request: Request) -> Response:
        """The endpoint. Raises ``TokenRefused``, ``RequestTooLarge``, ``MalformedMessage``, and what the writer raises."""
        self._require_token(request.headers.get("Authorization", ""))
        body = await whole_body(request, LONGEST_BODY)
        accepted = await run_sync(self.take, body, limiter=self._limiter)
        return Response(accepted, headers={**SAFE, **NEVER_KEPT}, media_type="application/cbor")

    def take(self, body: bytes) -> bytes:
        """Writes the entries of a request's body, and returns the body of the answer once they are durable."""
        written = self.writer.submit_bodies(_logins(body)).wait()
        return to_cbor(Accepted(written.start, len(written), self.behind()))

    def _require_token(self, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), self.token.encode()):
            raise TokenRefused


def _logins(body: bytes) -> list[Body]:
    """The logins of a request, each with whom it is about."""
    items = from_cbor(tuple[bytes, ...], body)
    if len(items) > MOST_ENTRIES:
        raise RequestTooLarge(MOST_ENTRIES, "entries")
    return [(_login(place, item).subject, item) for place, item in enumerate(items)]


def _login(place: int, item: bytes) -> LoginEntry:
    try:
        entry = read_entry(item)
    except MalformedMessage as problem:
        raise MalformedMessage(f"number {place}: {problem.reason}") from problem
    if not isinstance(entry, LoginEntry):
        raise MalformedMessage(f"number {place} is not a login")
    return entry
