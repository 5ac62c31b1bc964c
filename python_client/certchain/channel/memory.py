"""The in-memory twin of a protected channel: both ends in one process, messages crossing as a socket's bytes."""

import logging
import os
from threading import Lock
from typing import TypeVar

from certchain.channel.envelope import decode_answer, decode_message, encode_error, encode_message
from certchain.channel.export import export_secret
from certchain.channel.interface import BINDING_LABEL, Handler
from certchain.errors import CertchainError, PeerUnavailable

Answer = TypeVar("Answer")

_SECRET_LENGTH = 32
_PEER = "The other end of the channel"
_log = logging.getLogger(__name__)


class MemoryConnection:
    """What both ends know: a random secret, until the channel is closed. Raises ``PeerUnavailable`` after that."""

    def __init__(self) -> None:
        self._secret: bytes | None = os.urandom(_SECRET_LENGTH)

    @property
    def binding(self) -> bytes:
        """See ``Connection.binding``."""
        return self.export(BINDING_LABEL, b"", 32)

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """See ``Connection.export``; the bounds are ``MalformedValue``'s."""
        secret = self._secret
        if secret is None:
            raise PeerUnavailable(_PEER, "the channel is closed")
        return export_secret(secret, label, context, length)

    def forget(self) -> None:
        """Drops the secret, at both ends."""
        self._secret = None


class MemoryChannel:
    """The end that asks; ``handler`` is the end that answers, in the caller's thread, one request at a time."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connection = MemoryConnection()
        self._turn = Lock()

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """See ``Channel.request``."""
        with self._turn:
            _ = self._connection.binding  # a closed channel carries nothing
            return decode_answer(self._answered(encode_message(message)), answer)

    def close(self) -> None:
        """See ``Channel.close``."""
        self._connection.forget()

    @property
    def binding(self) -> bytes:
        """See ``Connection.binding``."""
        return self._connection.binding

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """See ``Connection.export``."""
        return self._connection.export(label, context, length)

    def _answered(self, request: bytes) -> bytes:
        """The other end: bytes in, bytes out."""
        try:
            return encode_message(self._handler(self._connection, decode_message(request)))
        except CertchainError as refusal:
            return encode_error(refusal)
        except Exception:  # a fault of the peer: its text stays with the peer
            _log.exception("A request failed unexpectedly.")
            return encode_error(PeerUnavailable(_PEER, "it failed unexpectedly"))
