"""A channel with someone on it, who hears every message and may put something else in its place."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from certchain.channel import Channel
from certchain.models.identifier import Party

Answer = TypeVar("Answer")


def _as_it_is(message: Any) -> Any:
    return message


@dataclass(slots=True)
class Wiretap:
    """See ``Channel``; ``change`` has the messages in its hands, ``forge`` the answers, and ``heard`` keeps the messages."""

    channel: Channel
    change: Callable[[Any], Any] = _as_it_is
    forge: Callable[[Any], Any] = _as_it_is
    heard: list[Any] = field(default_factory=list)

    @property
    def binding(self) -> bytes:
        """The channel's own."""
        return self.channel.binding

    @property
    def peer(self) -> Party:
        """The channel's own."""
        return self.channel.peer

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """The channel's own."""
        return self.channel.export(label, context, length)

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """Passes the message on, or what stands in its place, and back what stands in the answer's."""
        self.heard.append(message)
        forged: Answer = self.forge(self.channel.request(self.change(message), answer))
        return forged

    def close(self) -> None:
        """Ends the channel."""
        self.channel.close()
