"""The channel seam: a protected conversation between two parties, messages in and messages out.

A channel promises order, secrecy and integrity, and authenticates who is at the other end; what a message claims, its own
signature says. A refusal of the peer is raised here as the same ``CertchainError`` that the peer raised; ``PeerUnavailable``
when the peer is silent, fails or the channel is closed; ``MalformedMessage`` for an answer of another type, or for what does
not cross a channel.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from certchain.models.identifier import Party

BINDING_LABEL = "certchain binding"
CONTROL_LABEL = "certchain control"

Answer = TypeVar("Answer")


class Conversation(Protocol):
    """Either end of a protected conversation."""

    @property
    def binding(self) -> bytes:
        """32 bytes that no other conversation has, the same at both ends."""
        ...

    @property
    def peer(self) -> Party:
        """Who is at the other end, by the keys that the chain has in force for it."""
        ...


class Connection(Conversation, Protocol):
    """Either end of a channel whose ends derive secrets from it. Its binding value is ``export(BINDING_LABEL, b"", 32)``."""

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """A secret of ``length`` bytes, the same at both ends and unknown to anyone else (as RFC 9528, 4.2.1).

        ``label`` has 23 bytes at most, ``context`` 255, ``length`` is 1 to 255: an implementation of EDHOC is known to be
        wrong beyond. Raises ``MalformedValue`` there.
        """
        ...


class ServiceChannel(Conversation, Protocol):
    """The end that asks a service."""

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """Sends a model, and returns the peer's answer, which has to be an ``answer``."""
        ...

    def close(self) -> None:
        """Ends the conversation; both ends forget its secrets."""
        ...


class Channel(ServiceChannel, Connection, Protocol):
    """The end that asks a device: every one is a ``ServiceChannel``, too."""


Handler = Callable[[Any, Any], object]
"""The end that answers: its end of the conversation and a message in, the answer out; raises a ``CertchainError`` to refuse.

A device is given a ``Connection``, a service a ``Conversation``. What a message claims to come from somebody counts only when
that is the conversation's ``peer``.
"""
