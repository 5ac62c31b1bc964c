"""The first look at each datagram, before anything is kept of it.

CoAP remembers every request for minutes, to know it again. What a stranger sends is therefore answered here and forgotten, unless it is a
first message from an address that can be reached and has not sent too many, or the message 3 of a handshake that is half open. A
protected request is opened here, too: one that was tampered with is dropped as if it had been lost, so that the true one counts when
it is sent again.
"""

import logging
import time
from dataclasses import dataclass
from typing import Any

import cbor2
from aiocoap import ACK, CON, Message
from aiocoap.numbers.codes import BAD_REQUEST, NOT_FOUND, POST, UNAUTHORIZED, Code
from aiocoap.numbers.constants import TransportTuning
from aiocoap.oscore import COSE_KID, verify_start

from certchain.channel.coap.limit import CoapLimits, Cookies, FirstMessages
from certchain.channel.coap.table import Conversations, Handshakes, Live

EDHOC_PATH = (".well-known", "edhoc")
FIRST = b"\xf5"
"""CBOR's true, in front of a message 1 (RFC 9528, A.2.1)."""
_LONGEST_HANDSHAKE = 256
_BYTE_STRING, _SHORT = 0x40, 24
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A protected request: of which conversation, what is in it, and what its answer has to be bound to."""

    live: Live
    request: Message
    request_id: Any


class Recent(dict[tuple[Any, int], Any]):
    """What aiocoap keeps of requests to know them again, bounded. A request that was forgotten too early is dropped as a replay."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: tuple[Any, int], response: Any) -> None:
        super().__setitem__(key, response)
        if len(self) > self._most:
            del self[next(iter(self))]

    def pop(self, key: tuple[Any, int], default: Any = None) -> Any:
        """Forgets a request whose time has come, if it is there still."""
        return super().pop(key, default)


class Gate:
    """Stands between the socket and aiocoap's ``manager`` of messages, whose ``dispatch_message`` it takes over."""

    def __init__(
        self,
        manager: Any,
        limits: CoapLimits,
        tuning: TransportTuning,
        handshakes: Handshakes,
        conversations: Conversations,
    ) -> None:
        self._manager, self._tuning = manager, tuning
        self._first_messages, self._cookies = FirstMessages(limits, time.monotonic), Cookies(time.monotonic)
        self._handshakes, self._conversations = handshakes, conversations
        drop_unreadable(manager.message_interface)
        self._dispatch = manager.dispatch_message
        manager.dispatch_message = self.dispatch
        self.recent = manager._recent_messages = Recent(limits.remembered)  # noqa: SLF001 - nothing public bounds it

    def dispatch(self, message: Message) -> None:
        """Passes a message on, answers it, or drops it. Raises nothing, whatever it is."""
        try:
            if not message.code.is_request() or (message.remote, message.mid) in self.recent:
                self._dispatch(message)  # of a request that came before, aiocoap repeats the answer
            elif message.mtype is CON:
                self._look(message)
        except Exception as problem:  # no datagram ends the endpoint
            _log.debug("A datagram was dropped: %s", type(problem).__name__)

    def _look(self, message: Message) -> None:
        if message.opt.oscore is not None:
            self._open(message)
        elif message.opt.uri_path != EDHOC_PATH or message.code is not POST:
            self._refuse(message, NOT_FOUND)
        elif not 1 < len(message.payload) <= _LONGEST_HANDSHAKE or message.opt.block1 or message.opt.block2:
            self._refuse(message, BAD_REQUEST)
        elif message.payload.startswith(FIRST):
            self._greet(message)
        elif self._handshakes.has(connection_id(message.payload), address(message)):
            self._pass_on(message)
        else:
            self._refuse(message, BAD_REQUEST)

    def _open(self, message: Message) -> None:
        live = self._conversations.get(verify_start(message).get(COSE_KID, b""))
        if live is None:
            self._refuse(message, UNAUTHORIZED)
            return
        request, request_id = live.context.unprotect(message)
        self._conversations.used(live.context.recipient_id)
        message.opened = Opened(live, request, request_id)
        self._pass_on(message)

    def _greet(self, message: Message) -> None:
        host, port = address(message)
        if not self._cookies.are_good(message.opt.echo or b"", host, port):
            self._refuse(message, UNAUTHORIZED, self._cookies.bake(host, port))
        elif self._first_messages.take(host):
            self._pass_on(message)
        else:
            _log.debug("A first message was dropped: there were too many.")

    def _pass_on(self, message: Message) -> None:
        message.transport_tuning = self._tuning
        self._dispatch(message)

    def _refuse(self, message: Message, code: Code, echo: bytes | None = None) -> None:
        """Answers at once, and keeps nothing."""
        reply = Message(code=code, echo=echo, _mtype=ACK, _mid=message.mid, _token=message.token)
        reply.remote = message.remote.as_response_address()
        self._manager.message_interface.send(reply)


def drop_unreadable(interface: Any) -> None:
    """Has aiocoap's socket drop what it cannot read at all: some of it would come out as an exception, into the loop's log."""
    receive = interface.datagram_msg_received

    def received(*datagram: Any) -> None:
        try:
            receive(*datagram)
        except Exception as problem:
            _log.debug("A datagram was dropped: %s", type(problem).__name__)

    interface.datagram_msg_received = received


def opened_by_gate(message: Message) -> Opened | None:
    """What was in a protected request that the gate passed on."""
    opened: Opened | None = getattr(message, "opened", None)
    return opened


def address(message: Message) -> tuple[str, int]:
    """Host and port that a message came from."""
    host, port = message.remote.sockaddr[:2]
    return host, port


def connection_id(payload: bytes) -> bytes:
    """The device's identifier of a connection, as it stands in front of a message 3; a byte string, always."""
    found = cbor2.loads(payload[: _encoded_length(payload)])
    return found if isinstance(found, bytes) else b""


def message_3(payload: bytes) -> bytes:
    """What follows the identifier."""
    return payload[_encoded_length(payload) :]


def _encoded_length(payload: bytes) -> int:
    """How long the encoded identifier is: a byte string of up to 23 bytes, in CBOR, has one byte in front."""
    return 1 + payload[0] - _BYTE_STRING if _BYTE_STRING <= payload[0] < _BYTE_STRING + _SHORT else 1
