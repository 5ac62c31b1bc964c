"""What a device answers over CoAP: EDHOC's messages 1 and 3 from anyone, and envelopes from who has shown itself."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from aiocoap import Message
from aiocoap.error import RenderableError
from aiocoap.interfaces import Resource
from aiocoap.numbers.codes import (
    BAD_REQUEST,
    CHANGED,
    DELETE,
    DELETED,
    INTERNAL_SERVER_ERROR,
    NOT_FOUND,
    POST,
    REQUEST_ENTITY_TOO_LARGE,
    SERVICE_UNAVAILABLE,
)
from aiocoap.numbers.constants import TransportTuning
from aiocoap.pipe import Pipe
from aiocoap.transports.oscore import OSCOREAddress

from certchain.channel.answering import answered
from certchain.channel.coap.context import CoapConnection, OscoreContext
from certchain.channel.coap.gate import FIRST, Opened, address, connection_id, message_3, opened_by_gate
from certchain.channel.coap.handshake import Holder, Responder
from certchain.channel.coap.limit import CoapLimits
from certchain.channel.coap.table import Conversations, Handshakes, Live, fresh_id
from certchain.channel.envelope import encode_error
from certchain.channel.interface import Handler
from certchain.errors import CertchainError, PeerNotAuthentic, PeerUnavailable, Unavailable
from certchain.models.identifier import Party
from certchain.models.registration import PublicKeys

MESSAGES_PATH = ("messages",)
EDHOC_FORMAT, CID_EDHOC_FORMAT = 64, 65
"""application/edhoc+cbor-seq and application/cid-edhoc+cbor-seq (RFC 9528, 10.9)."""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Site(Resource):  # type: ignore[misc] # aiocoap's classes are not fully typed
    """Everything behind the gate; it runs in the endpoint's loop.

    Handlers are asked in ``workers``, and the chain in ``lookups``: so slow handlers keep nobody from shaking hands.
    """

    holder: Holder
    handler: Handler
    public_keys: Callable[[Party], PublicKeys]
    limits: CoapLimits
    tuning: TransportTuning
    handshakes: Handshakes
    conversations: Conversations
    workers: Executor
    lookups: Executor
    _pending: set[asyncio.Task[bytes]] = field(default_factory=set)

    async def render(self, request: Message) -> Message:
        """The answer to one request that the gate passed on."""
        opened = opened_by_gate(request)
        answer = await (self._shake_hands(request) if opened is None else self._protected(opened, request))
        answer.transport_tuning = self.tuning
        return answer

    async def needs_blockwise_assembly(self, request: Message) -> bool:
        """Blocks are put together inside of the protection, and not here."""
        del request
        return False

    async def render_to_pipe(self, pipe: Pipe) -> None:
        """The same, as aiocoap asks for it."""
        pipe.add_response(await self.render(pipe.request), is_last=True)

    # ------------------------------------------------------------------------------------------------------------ handshakes

    async def _shake_hands(self, request: Message) -> Message:
        """Whatever is wrong, a stranger is told no more than that."""
        try:
            if request.payload.startswith(FIRST):
                reply = self._second(request)
            else:
                reply = await self._fourth(request)
        except Unavailable as outage:
            _log.warning("A handshake was refused, for the chain was not there: %s", outage)
            return Message(code=SERVICE_UNAVAILABLE)
        except CertchainError as refusal:
            _log.warning("A handshake was refused: %s", type(refusal).__name__)
            return Message(code=BAD_REQUEST)
        return Message(code=CHANGED, payload=reply, content_format=EDHOC_FORMAT)

    def _second(self, request: Message) -> bytes:
        responder = Responder(self.holder, fresh_id(self.handshakes, self.conversations))
        reply = responder.message_2(request.payload[len(FIRST) :])
        self.handshakes.put(responder, address(request))
        return reply

    async def _fourth(self, request: Message) -> bytes:
        """A conversation begins when message 3 was found to be its sender's, and not before."""
        responder = self.handshakes.take(connection_id(request.payload))
        if responder is None:
            raise PeerNotAuthentic("a party of this network", "it has no handshake half open")
        party = responder.named(message_3(request.payload))
        if party == self.holder.party:  # our own messages, reflected
            raise PeerNotAuthentic(str(party), "that is who is asked")
        keys = await asyncio.get_running_loop().run_in_executor(self.lookups, self.public_keys, party)
        reply, prk_out = responder.message_4(party, keys)
        context = OscoreContext(prk_out, sender_id=responder.peer_id, recipient_id=responder.own_id)
        self.conversations.put(Live(context, CoapConnection(party, prk_out)))
        return reply

    # --------------------------------------------------------------------------------------------------------- conversations

    async def _protected(self, opened: Opened, outer: Message) -> Message:
        opened.request.remote = OSCOREAddress(opened.live.context, outer.remote)
        try:
            answer = await self._answer(opened.live, opened.request)
        except RenderableError as refusal:
            answer = refusal.to_message()
        except Exception:
            _log.exception("A request failed unexpectedly.")
            answer = Message(code=INTERNAL_SERVER_ERROR)
        protected, _ = opened.live.context.protect(answer, opened.request_id)
        return protected

    async def _answer(self, live: Live, request: Message) -> Message:
        if request.opt.uri_path != MESSAGES_PATH or request.code not in (POST, DELETE):
            return Message(code=NOT_FOUND)
        if request.code is DELETE:
            self.conversations.end(live.context.recipient_id)
            return Message(code=DELETED)
        start = request.opt.block1.start if request.opt.block1 else 0
        if start + len(request.payload) > self.limits.message_length:
            return Message(code=REQUEST_ENTITY_TOO_LARGE)
        whole = live.incoming.feed_and_take(request)
        answer = await live.outgoing.extract_or_insert(whole, lambda: self._handled(live, whole.payload))
        answer.opt.block1 = request.opt.block1  # the last block is acknowledged by the answer
        return answer

    async def _handled(self, live: Live, envelope: bytes) -> Message:
        """The handler's answer. Once begun it is not broken off, even when who asked has gone."""
        if len(self._pending) >= self.limits.pending or live.pending >= self.limits.pending_each:
            refusal = encode_error(PeerUnavailable("The other end of the channel", "it is asked too much at once"))
            return Message(code=CHANGED, payload=refusal)
        live.pending += 1
        task = asyncio.get_running_loop().create_task(self._in_turn(live, envelope))
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)
        return Message(code=CHANGED, payload=await asyncio.shield(task))

    async def _in_turn(self, live: Live, envelope: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        try:
            async with live.turn:
                return await loop.run_in_executor(self.workers, answered, self.handler, live.connection, envelope)
        finally:
            live.pending -= 1
