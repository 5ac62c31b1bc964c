"""Finding a contract's events, block range by block range."""

from collections.abc import Iterator, Sequence

from certchain.errors import LedgerMisbehaved
from certchain.ledger.chain.answer import Refused
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.chain.connection import Connection
from certchain.ledger.chain.transaction import Log

BLOCK_RANGE = 2_000
"""How many blocks are searched for events at once, within what nodes allow; less where a node says that it is too much."""


def search(
    contract: BoundContract, topics: Sequence[bytes | None], first: int, head: int, blocks: int = BLOCK_RANGE
) -> Iterator[Log]:
    """The contract's events with these topics, ``None`` for any, in the blocks ``first`` to ``head``, oldest first.

    They are searched only as far as they are asked for: ``blocks`` of them at first, then more and more at once. Raises
    ``LedgerMisbehaved`` when the node gives none even of a single block.
    """
    most = BLOCK_RANGE
    blocks = min(blocks, most)
    while first <= head:
        last = min(first + blocks - 1, head)
        try:
            yield from contract.connection.logs(contract.address, topics, first, last)
            first, blocks = last + 1, min(2 * blocks, most)
        except Refused as refused:
            if first == last:
                raise LedgerMisbehaved(str(refused)) from None
            blocks = most = max(1, (last - first + 1) // 2)


def block_at(connection: Connection, at: int, first: int, head: int) -> int:
    """The first block from ``first`` on that was made at the time ``at`` (epoch seconds) or later; ``head`` if none before it was."""
    while first < head:
        middle = (first + head) // 2
        if connection.block_time(middle) >= at:
            head = middle
        else:
            first = middle + 1
    return first
