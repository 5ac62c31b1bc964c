"""What goes to the chain and what comes back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Log:
    """One event, as a receipt or a search has it.

    ``transaction`` is the hash (32 bytes) of what caused it; ``at`` its block's time, in seconds since the epoch, where the node says it.
    """

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    transaction: bytes
    at: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction in a block. ``created`` is the address of a new contract."""

    block: int
    succeeded: bool
    logs: tuple[Log, ...]
    created: str | None


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction that may have been sent.

    ``intent`` is the digest of what it is to do (``encoding.digest.intent``), 32 bytes; ``raw`` is what is sent, and ``hash``
    its Keccak-256. ``settled`` says that it was mined with success, but that its sender has not been told.
    """

    chain_id: int
    account: str
    nonce: int
    operation: str
    intent: bytes
    hash: bytes
    raw: bytes
    settled: bool = False
