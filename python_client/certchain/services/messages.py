"""``POST /messages``: what parties say to a service, as the envelopes of every channel; the end that answers an ``HttpsChannel``.

A handler's refusal crosses as an envelope, like any answer, with the status 200: HTTP has done its part. What keeps a message from being
read at all (no certificate, too many requests, a body without end) is a problem, with a status of its own.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import structlog
from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.responses import Response

from certchain.channel import Conversation, Handler
from certchain.channel.answering import answered
from certchain.channel.envelope import is_message
from certchain.channel.https import CONVERSATION, CONVERSATION_LENGTH, LONGEST_MESSAGE, MEDIA_TYPE
from certchain.config import Clock
from certchain.errors import (
    CertchainError,
    MalformedMessage,
    MalformedValue,
    PeerUnavailable,
    ServiceBusy,
    SettingsError,
    Unavailable,
)
from certchain.models.certification import Signed
from certchain.models.identifier import NOBODY, Party
from certchain.services.body import whole_body
from certchain.services.connected import HttpsConversation, require_conversation
from certchain.services.problem import NEVER_KEPT, SAFE

THREADS = 32
"""Messages that are worked on at a time."""
MOST_WAITING = 128
"""Messages that wait for their turn, beyond which ``ServiceBusy`` is said at once."""
MOST_EACH = 64
"""Of them all, of one peer: who says much and slowly to answer leaves room for the others."""
_AGAIN_AFTER = 2  # seconds
_BINDING_LENGTH = 32
ANSWERED, FAULT, UNREADABLE = "answered", "fault", "unreadable"
"""What became of a message that was not refused by an error's name; and the kind of one that is no message."""
_SERVICE = "The service"
_OTHER, _SAID_TO_THE_OPERATOR = "other", "its own log says why"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """One message that a service has dealt with: its kind, what became of it, and how long that took, in seconds."""

    kind: str
    outcome: str
    seconds: float


@dataclass(slots=True)
class Messages:
    """Answers messages by ``handler``, in so many worker ``threads`` of its own, while at most ``waiting`` more wait for their turn.

    Of one peer, ``MOST_EACH`` at most are under way.
    ``heard`` is told of each message, ``refused`` by its error's name of a request that was not let in.
    """

    handler: Handler
    clock: Clock
    heard: Callable[[Heard], None] = lambda _: None
    refused: Callable[[str], None] = lambda _: None
    threads: int = THREADS
    waiting: int = MOST_WAITING
    _limiter: CapacityLimiter = field(init=False)
    _under_way: Counter[Party] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        self._limiter = CapacityLimiter(self.threads)

    async def answer(self, request: Request) -> Response:
        """The endpoint. Raises what keeps a message from being read; what the handler raises, crosses.

        That is ``CertificateMissing``, ``CertificateInvalid``, ``PartyRequired``, ``MalformedValue`` for the conversation's header,
        ``RequestTooLarge`` and ``ServiceBusy``.
        """
        conversation = require_conversation(request, self.clock, _conversation_id(request))
        return await self._take(request, conversation)

    async def answer_anyone(self, request: Request) -> Response:
        """The endpoint for who is not enrolled, in a conversation with ``NOBODY``. Raises ``RequestTooLarge`` and ``ServiceBusy``."""
        return await self._take(request, HttpsConversation(os.urandom(_BINDING_LENGTH), NOBODY))

    async def _take(self, request: Request, conversation: Conversation) -> Response:
        with self._a_place(conversation.peer):
            body = await whole_body(request, LONGEST_MESSAGE)
            structlog.contextvars.bind_contextvars(peer=str(conversation.peer))
            answer = await run_sync(self._answered, conversation, body, limiter=self._limiter)
        return Response(answer, headers={**SAFE, **NEVER_KEPT}, media_type=MEDIA_TYPE)

    @contextmanager
    def _a_place(self, peer: Party) -> Iterator[None]:
        if self._under_way.total() >= self.threads + self.waiting or self._under_way[peer] >= MOST_EACH:
            self.refused(ServiceBusy.__name__)
            raise ServiceBusy(_AGAIN_AFTER)
        self._under_way[peer] += 1
        try:
            yield
        finally:
            self._under_way[peer] -= 1
            self._under_way += Counter()  # forgets who has none

    def _answered(self, conversation: Conversation, body: bytes) -> bytes:
        """Bytes in, bytes out."""
        began, hearing = time.monotonic(), _Hearing()
        answer = answered(partial(self._handled, hearing), conversation, body)
        heard = Heard(hearing.kind, hearing.outcome, time.monotonic() - began)
        _LOG.info("message", extra={"kind": heard.kind, "outcome": heard.outcome, "seconds": round(heard.seconds, 6)})
        self.heard(heard)
        return answer

    def _handled(self, hearing: "_Hearing", conversation: Conversation, message: object) -> object:
        hearing.kind, hearing.outcome = kind_of(message), FAULT
        try:
            answer = self.handler(conversation, message)
        except CertchainError as refusal:
            hearing.outcome = type(refusal).__name__
            raise _fit_to_cross(refusal) from None
        hearing.outcome = ANSWERED
        return answer


@dataclass(slots=True)
class _Hearing:
    kind: str = UNREADABLE
    outcome: str = MalformedMessage.__name__


def kind_of(message: object) -> str:
    """A message's kind: of one that is signed, of what was signed. Only names of our own models are told apart."""
    if not isinstance(message, Signed):
        return type(message).__name__
    return message.kind if is_message(message.kind) else _OTHER


def _conversation_id(request: Request) -> bytes:
    written = request.headers.get(CONVERSATION, "")
    try:
        conversation = bytes.fromhex(written)
    except ValueError:
        conversation = b""
    if len(conversation) != CONVERSATION_LENGTH or conversation.hex() != written:
        raise MalformedValue(CONVERSATION, f"it is not {2 * CONVERSATION_LENGTH} small hexadecimal digits")
    return conversation


def _fit_to_cross(refusal: CertchainError) -> CertchainError:
    """The refusal; without what speaks of addresses, folders and settings, which is for the operator's eyes."""
    if not isinstance(refusal, Unavailable | SettingsError):
        return refusal
    _LOG.error("%s: %s", type(refusal).__name__, refusal)
    if isinstance(refusal, PeerUnavailable | SettingsError):
        return PeerUnavailable(_SERVICE, "something that it needs does not answer")
    return replace(refusal, reason=_SAID_TO_THE_OPERATOR) if "reason" in refusal.values() else refusal  # type: ignore[type-var]
