"""The channel seam: a protected conversation between two parties, messages in and messages out.

A channel promises order, secrecy and integrity, and that both ends derive the same exported values; who the other end
is, the messages' own signatures say. A refusal of the peer is raised here as the same ``CertchainError`` that the peer
raised; ``PeerUnavailable`` when the peer is silent, fails or the channel is closed; ``MalformedMessage`` for an answer of
another type, or for what does not cross a channel.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

BINDING_LABEL = "certchain binding"
CONTROL_LABEL = "certchain control"

Answer = TypeVar("Answer")


class Connection(Protocol):
    """Either end of a channel, as far as both ends know the same of it."""

    @property
    def binding(self) -> bytes:
        """32 bytes that no other channel has, the same at both ends: ``export(BINDING_LABEL, b"", 32)``."""
        ...

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """A secret of ``length`` bytes, the same at both ends and unknown to anyone else (as RFC 9528, 4.2.1).

        ``label`` has 23 bytes at most, ``context`` 255, ``length`` is 1 to 255: an implementation of EDHOC is known to be
        wrong beyond. Raises ``MalformedValue`` there.
        """
        ...


class Channel(Connection, Protocol):
    """The end that asks."""

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """Sends a model, and returns the peer's answer, which has to be an ``answer``."""
        ...

    def close(self) -> None:
        """Ends the conversation; both ends forget its secrets."""
        ...


Handler = Callable[[Connection, Any], object]
"""The end that answers: a connection and a message in, the answer out; raises a ``CertchainError`` to refuse."""
