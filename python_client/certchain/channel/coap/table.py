"""What a device keeps of handshakes and conversations: both tables are bounded. Not thread-safe: the endpoint's loop has them."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from aiocoap.blockwise import Block1Spool, Block2Cache

from certchain.channel.coap.context import CoapConnection, OscoreContext
from certchain.channel.coap.handshake import CONNECTION_ID_LENGTH, Responder
from certchain.channel.coap.limit import CoapLimits
from certchain.models.identifier import Party


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """A handshake after message 2: from which address its message 3 has to come, and until when."""

    responder: Responder
    address: tuple[str, int]
    deadline: float


@dataclass(slots=True)
class Live:
    """A conversation: its keys, its end of the channel, parts of messages that are under way in blocks, and how many requests wait."""

    context: OscoreContext
    connection: CoapConnection
    incoming: Block1Spool = field(default_factory=Block1Spool)
    outgoing: Block2Cache = field(default_factory=Block2Cache)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    pending: int = 0


@dataclass(slots=True)
class Handshakes:
    """The half-open handshakes, by the device's identifier of the connection. What expired goes; nothing is pushed out.

    As many can be there as the limit of first messages lets in while one lives: ``CoapLimits.half_open``.
    """

    limits: CoapLimits
    now: Callable[[], float]
    _open: OrderedDict[bytes, HalfOpen] = field(default_factory=OrderedDict)

    def put(self, responder: Responder, address: tuple[str, int]) -> None:
        """Keeps one; its responder's identifier is its name."""
        self._expire()
        self._open[responder.own_id] = HalfOpen(responder, address, self.now() + self.limits.half_open_lifetime)

    def has(self, own_id: bytes, address: tuple[str, int]) -> bool:
        """Whether this address has it half open."""
        self._expire()
        kept = self._open.get(own_id)
        return kept is not None and kept.address == address

    def take(self, own_id: bytes) -> Responder | None:
        """Ends one: each serves one message 3."""
        kept = self._open.pop(own_id, None)
        return None if kept is None else kept.responder

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, own_id: bytes) -> bool:
        return own_id in self._open

    def _expire(self) -> None:
        now = self.now()
        while self._open and next(iter(self._open.values())).deadline <= now:
            self._open.popitem(last=False)


@dataclass(slots=True)
class Conversations:
    """The live conversations by the kid that their requests name, the longest idle first."""

    limits: CoapLimits
    _live: OrderedDict[bytes, Live] = field(default_factory=OrderedDict)

    def put(self, live: Live) -> None:
        """Keeps a conversation whose peer was shown to be who it is. The longest idle of that peer, or of all, ends for it."""
        peer = live.connection.peer
        same = self._of(peer)
        if len(same) >= self.limits.contexts_each:
            self.end(same[0])
        elif len(self._live) >= self.limits.contexts:
            self.end(next(iter(self._live)))
        self._live[live.context.recipient_id] = live

    def used(self, kid: bytes) -> None:
        """Counts the conversation as used now."""
        self._live.move_to_end(kid)

    def get(self, kid: bytes) -> Live | None:
        """The conversation of this name."""
        return self._live.get(kid)

    def end(self, kid: bytes) -> None:
        """Ends a conversation; its secrets are forgotten."""
        live = self._live.pop(kid, None)
        if live is not None:
            live.connection.forget()

    def end_all(self) -> None:
        """Ends every one."""
        for kid in tuple(self._live):
            self.end(kid)

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, kid: bytes) -> bool:
        return kid in self._live

    def _of(self, peer: Party) -> list[bytes]:
        return [kid for kid, live in self._live.items() if live.connection.peer == peer]


def fresh_id(handshakes: Handshakes, conversations: Conversations) -> bytes:
    """An identifier that no handshake and no conversation has."""
    while True:
        own_id = secrets.token_bytes(CONNECTION_ID_LENGTH)
        if own_id not in handshakes and own_id not in conversations:
            return own_id
