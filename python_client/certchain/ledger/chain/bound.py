"""A deployed contract: its functions called and its events read, by name."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from eth_typing import ChecksumAddress

from certchain.errors import LedgerMisbehaved
from certchain.ledger.chain.abi import Artifact
from certchain.ledger.chain.answer import Refused, Reverted
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.refusal import refusal
from certchain.ledger.chain.sender import Sender
from certchain.ledger.chain.transaction import Log, Receipt

if TYPE_CHECKING:
    from web3.types import TxParams

Item = TypeVar("Item")

PAGE = 200
"""How many items are read in one call, well within the gas that nodes give to a call."""


@dataclass(frozen=True, slots=True)
class BoundContract:
    """One contract of a network, as one account sees and calls it."""

    artifact: Artifact
    address: ChecksumAddress
    connection: Connection
    sender: Sender

    def read(self, function: str, *arguments: object, block: int | None = None) -> Any:
        """What a view returns: its only value. Raises the contract's refusal."""
        called = self.artifact.functions[function]
        question: TxParams = {"to": self.address, "data": called.encode(*arguments)}
        try:
            answer = self.connection.call(question, "latest" if block is None else block)
        except Reverted as revert:
            raise refusal(revert, function) from None
        except Refused as refused:
            raise LedgerMisbehaved(str(refused)) from None
        return called.decode(answer)[0] if called.outputs else None

    def change(self, function: str, *arguments: object) -> Receipt:
        """Calls a function in a transaction, and returns when it is mined. Raises the contract's refusal."""
        return self.sender.send(function, self.address, self.artifact.functions[function].encode(*arguments))

    def events(self, name: str, logs: Iterable[Log]) -> list[dict[str, Any]]:
        """The values of this contract's events of one name, in their order."""
        event = self.artifact.events[name]
        mine = (log for log in logs if log.address == self.address and log.topics[:1] == (event.topic,))
        return [event.decode(log.topics, log.data) for log in mine]

    def event(self, name: str, receipt: Receipt) -> dict[str, Any]:
        """The values of the one event of that name. Raises ``LedgerMisbehaved`` if there is none."""
        found = self.events(name, receipt.logs)
        if not found:
            raise LedgerMisbehaved(f"a receipt without the event {name}")
        return found[0]


def pages(read: Callable[[int, int], Sequence[Item]], offset: int, limit: int) -> tuple[Item, ...]:
    """At most ``limit`` items from ``offset`` on, read in calls of ``PAGE``; asks at least once."""
    items: list[Item] = []
    while True:
        wanted = min(PAGE, limit - len(items))
        found = read(offset + len(items), wanted)
        items += found
        if len(found) < wanted or len(items) >= limit:
            return tuple(items)
