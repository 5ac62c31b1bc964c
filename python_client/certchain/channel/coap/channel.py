"""The end of a CoAP channel that asks: synchronous, over a socket, a loop and a thread of its own."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from aiocoap import Context, Message
from aiocoap.error import Error as CoapError
from aiocoap.numbers.codes import CHANGED, DELETE, POST, REQUEST_ENTITY_TOO_LARGE, UNAUTHORIZED, Code
from aiocoap.oscore import NotAProtectedMessage, ProtectionInvalid
from aiocoap.transports.oscore import OSCOREAddress

from certchain.channel.coap.address import LIBRARY_LOG, CoapAddress, tuned
from certchain.channel.coap.context import CoapConnection, OscoreContext
from certchain.channel.coap.gate import EDHOC_PATH, FIRST, drop_unreadable
from certchain.channel.coap.handshake import Holder, Initiator
from certchain.channel.coap.loop import LoopThread
from certchain.channel.coap.site import CID_EDHOC_FORMAT, MESSAGES_PATH
from certchain.channel.envelope import decode_answer, encode_message
from certchain.errors import MalformedMessage, PeerUnavailable
from certchain.models.identifier import Party
from certchain.models.registration import PublicKeys

Answer = TypeVar("Answer")

_FAREWELL = 2.0
_BYTE_STRING = 0x40
_TOKEN_BITS, _MESSAGE_ID_BITS = 63, 16


class CoapChannel:
    """See ``Channel``. It is open when it is made: EDHOC has shown each end who the other is, ``identity`` here and ``answerer`` there.

    ``public_keys`` says which keys the chain has in force for the answerer. ``timeout`` (seconds) is for the handshake, and for each
    request; ``ack_timeout`` (seconds) is CoAP's ACK_TIMEOUT. When the device has forgotten the conversation, after a restart or to
    make room, the request raises ``PeerUnavailable``: what goes on needs a new channel, with a binding value of its own.

    Raises ``PeerUnavailable``, ``PeerNotAuthentic``, what ``public_keys`` raises, and ``MalformedValue`` when the exchange key of the
    identity is not in this process. Thread-safe; one request at a time.
    """

    def __init__(
        self,
        address: CoapAddress,
        identity: Holder,
        answerer: Party,
        public_keys: Callable[[Party], PublicKeys],
        *,
        timeout: float = 30,
        ack_timeout: float = 2,
    ) -> None:
        self._address, self._answerer = address, answerer
        self._timeout, self._tuning = timeout, tuned(ack_timeout)
        self._turn = threading.Lock()
        initiator = Initiator(identity, answerer, public_keys(answerer))
        self._loop = LoopThread("coap channel")
        self._closed = False
        self._context: Context
        try:
            self._remote, self._connection = self._loop.run(self._open(initiator))
        except BaseException:
            self._stop()
            raise

    @property
    def binding(self) -> bytes:
        """See ``Conversation.binding``."""
        return self._connection.binding

    @property
    def peer(self) -> Party:
        """See ``Conversation.peer``."""
        return self._connection.peer

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """See ``Connection.export``."""
        return self._connection.export(label, context, length)

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """See ``ServiceChannel.request``."""
        with self._turn:
            _ = self.binding  # a closed channel carries nothing
            reply = self._loop.run(self._ask(POST, encode_message(message), self._timeout))
        if reply.code == REQUEST_ENTITY_TOO_LARGE:
            raise MalformedMessage("the message is longer than the other end takes")
        if reply.code != CHANGED:
            raise PeerUnavailable(str(self._answerer), f"it answered {reply.code}")
        return decode_answer(reply.payload, answer)

    def close(self) -> None:
        """See ``ServiceChannel.close``; the other end is told, if it answers within two seconds."""
        with self._turn:
            if self._closed:
                return
            with suppress(PeerUnavailable):
                _ = self.binding
                self._loop.run(self._ask(DELETE, b"", min(self._timeout, _FAREWELL)))
            self._connection.forget()
            self._stop()

    # ------------------------------------------------------------------------------------------------------------- handshake

    async def _open(self, initiator: Initiator) -> tuple[OSCOREAddress, CoapConnection]:
        self._context = await Context.create_client_context(transports=["oscore", "udp6"], loggername=LIBRARY_LOG)
        _prepare(self._context.request_interfaces[1])
        with self._answering():
            async with asyncio.timeout(self._timeout):
                return await self._shake_hands(initiator)

    async def _shake_hands(self, initiator: Initiator) -> tuple[OSCOREAddress, CoapConnection]:
        """Messages 1 to 4 (RFC 9528, A.2.1); the first is sent again with the Echo value that the device asks for."""
        first = FIRST + initiator.message_1()
        reply = await self._edhoc(first)
        if reply.code == UNAUTHORIZED and reply.opt.echo is not None:
            reply = await self._edhoc(first, reply.opt.echo)
        message, prk_out = initiator.message_3(self._payload(reply))
        peer_id = initiator.peer_id
        reply = await self._edhoc(bytes([_BYTE_STRING + len(peer_id)]) + peer_id + message)
        initiator.finish(self._payload(reply))
        context = OscoreContext(prk_out, sender_id=peer_id, recipient_id=initiator.own_id)
        return OSCOREAddress(context, reply.remote), CoapConnection(self._answerer, prk_out)

    async def _edhoc(self, payload: bytes, echo: bytes | None = None) -> Message:
        message = Message(
            code=POST, payload=payload, content_format=CID_EDHOC_FORMAT, echo=echo, transport_tuning=self._tuning
        )
        message.set_request_uri(f"coap://{self._address}/{'/'.join(EDHOC_PATH)}", set_uri_host=False)
        return await self._context.request(message, handle_blockwise=False).response

    def _payload(self, reply: Message) -> bytes:
        if reply.code != CHANGED:
            raise PeerUnavailable(str(self._answerer), f"it refused the key exchange ({reply.code})")
        return bytes(reply.payload)

    # ---------------------------------------------------------------------------------------------------------- conversation

    async def _ask(self, code: Code, payload: bytes, timeout: float) -> Message:
        message = Message(code=code, payload=payload, uri_path=MESSAGES_PATH, transport_tuning=self._tuning)
        message.remote = self._remote
        with self._answering():
            async with asyncio.timeout(timeout):
                return await self._context.request(message).response

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Says in the seam's errors what aiocoap raises."""
        try:
            yield
        except NotAProtectedMessage:  # whoever says so: this conversation is over
            self._connection.forget()
            raise PeerUnavailable(str(self._answerer), "it does not know this channel any more") from None
        except ProtectionInvalid:
            raise PeerUnavailable(str(self._answerer), "its answer is not authentic") from None
        except TimeoutError:
            raise PeerUnavailable(str(self._answerer), "there is no answer in time") from None
        except (CoapError, OSError) as problem:
            raise PeerUnavailable(str(self._answerer), type(problem).__name__) from problem

    def _stop(self) -> None:
        self._closed = True
        with suppress(AttributeError):  # there is none yet when the handshake could not even begin
            self._loop.run(self._context.shutdown())
        self._loop.stop()


def _prepare(manager: Any) -> None:
    """Makes aiocoap's manager of tokens, and that of messages below it, fit for a network with others on it.

    This end is asked nothing: a request that reaches it, its own reflected say, is dropped and not answered. Tokens and message ids begin
    where nobody can guess: an answer is taken from whoever knows them.
    """
    messages = manager.token_interface
    manager._token = secrets.randbits(_TOKEN_BITS)  # noqa: SLF001 - aiocoap begins with two bytes of a common generator
    messages.message_id = secrets.randbits(_MESSAGE_ID_BITS)
    drop_unreadable(messages.message_interface)
    pass_on = messages.dispatch_message

    def dispatch(message: Message) -> None:
        if not message.code.is_request():
            pass_on(message)

    messages.dispatch_message = dispatch
