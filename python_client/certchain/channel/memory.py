"""The in-memory twin of a protected channel: both ends in one process, messages crossing as a socket's bytes."""

import os
from threading import Lock
from typing import TypeVar

from certchain.channel.answering import answered
from certchain.channel.envelope import decode_answer, encode_message
from certchain.channel.export import export_secret
from certchain.channel.interface import BINDING_LABEL, Handler
from certchain.errors import PeerUnavailable
from certchain.models.identifier import Party

Answer = TypeVar("Answer")

_SECRET_LENGTH = 32
_PEER = "The other end of the channel"


class _Secret:
    """What both ends know: random bytes, until the channel is closed. Raises ``PeerUnavailable`` after that."""

    def __init__(self) -> None:
        self._value: bytes | None = os.urandom(_SECRET_LENGTH)

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """See ``Connection.export``; the bounds are ``MalformedValue``'s."""
        value = self._value
        if value is None:
            raise PeerUnavailable(_PEER, "the channel is closed")
        return export_secret(value, label, context, length)

    def forget(self) -> None:
        """Drops it, at both ends."""
        self._value = None


class MemoryConnection:
    """One end: what both ends know, and who is at the other."""

    def __init__(self, secret: _Secret, peer: Party) -> None:
        self._secret = secret
        self._peer = peer

    @property
    def binding(self) -> bytes:
        """See ``Conversation.binding``."""
        return self.export(BINDING_LABEL, b"", 32)

    @property
    def peer(self) -> Party:
        """See ``Conversation.peer``."""
        return self._peer

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """See ``Connection.export``."""
        return self._secret.export(label, context, length)


class MemoryChannel(MemoryConnection):
    """The end that asks; ``handler`` is the end that answers, in the caller's thread, one request at a time.

    Both ends take each other for who they are said to be: ``asker`` and ``answerer``.
    """

    def __init__(self, handler: Handler, *, asker: Party, answerer: Party) -> None:
        secret = _Secret()
        super().__init__(secret, answerer)
        self._handler = handler
        self._other_end = MemoryConnection(secret, asker)
        self._turn = Lock()

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """See ``ServiceChannel.request``."""
        with self._turn:
            _ = self.binding  # a closed channel carries nothing
            return decode_answer(answered(self._handler, self._other_end, encode_message(message)), answer)

    def close(self) -> None:
        """See ``ServiceChannel.close``."""
        self._secret.forget()
