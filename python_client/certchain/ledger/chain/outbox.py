"""The outbox: every signed transaction is kept from before it is sent until its sender has its outcome.

So a process that dies in between leaves behind what it takes to learn the outcome, and nothing is sent anew that may have
been accepted. An outbox is for one node's network and may be shared by accounts; ``locked`` keeps all other senders out.
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from threading import RLock
from typing import Protocol

from certchain.config.file import sync_folder, write_whole
from certchain.config.lock import held
from certchain.errors import LedgerUnavailable, StorageUnavailable
from certchain.ledger.chain.transaction import SignedTransaction


class Outbox(Protocol):
    """Where signed transactions wait for their outcome. What a method has written is durable when it returns."""

    def locked(self) -> AbstractContextManager[None]:
        """Only one sender at a time, in whatever process. Raises ``LedgerUnavailable`` if that takes too long."""
        ...

    def waiting(self) -> tuple[SignedTransaction, ...]:
        """Everything that is kept, by rising nonce."""
        ...

    def put(self, transaction: SignedTransaction) -> None:
        """Keeps a transaction, or what is known of it by now."""
        ...

    def remove(self, transaction: SignedTransaction) -> None:
        """Forgets a transaction; nothing happens if it is not there."""
        ...


class MemoryOutbox:
    """An outbox that dies with its process."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._waiting: dict[bytes, SignedTransaction] = {}

    def locked(self) -> AbstractContextManager[None]:
        """Only one sender at a time."""
        return self._locked()

    def waiting(self) -> tuple[SignedTransaction, ...]:
        """Everything that is kept, by rising nonce."""
        return _by_nonce(list(self._waiting.values()))

    def put(self, transaction: SignedTransaction) -> None:
        """Keeps a transaction."""
        self._waiting[transaction.hash] = transaction

    def remove(self, transaction: SignedTransaction) -> None:
        """Forgets a transaction."""
        self._waiting.pop(transaction.hash, None)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:
            yield


class FileOutbox:
    """An outbox in a folder, one file a transaction, for any number of processes of the machine.

    Each method raises ``StorageUnavailable`` when the folder cannot be used; then nothing was half written.
    """

    def __init__(self, folder: Path, patience: float = 120.0) -> None:
        self._folder, self._patience = folder, patience

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Only one sender at a time, for which a lock on a file of the folder stands."""
        with ExitStack() as lock:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                lock.enter_context(held(self._folder / ".lock", self._patience))
            except TimeoutError:
                raise LedgerUnavailable("another process is sending for a long time already") from None
            except OSError as problem:
                raise StorageUnavailable(f"the outbox {self._folder}: {problem}") from problem
            yield

    def waiting(self) -> tuple[SignedTransaction, ...]:
        """Everything that is kept, by rising nonce."""
        with _storage(self._folder):
            return _by_nonce([_parsed(path.read_text()) for path in self._folder.glob("*.json")])

    def put(self, transaction: SignedTransaction) -> None:
        """Writes the file whole or not at all, and down to the disk."""
        with _storage(self._folder):
            write_whole(self._path(transaction), _text(transaction).encode())

    def remove(self, transaction: SignedTransaction) -> None:
        """Removes the file, and the disk knows."""
        with _storage(self._folder):
            self._path(transaction).unlink(missing_ok=True)
            sync_folder(self._folder)

    def _path(self, transaction: SignedTransaction) -> Path:
        return self._folder / f"{transaction.hash.hex()}.json"


@contextmanager
def _storage(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise StorageUnavailable(f"the outbox {folder}: {problem}") from problem


def _by_nonce(waiting: list[SignedTransaction]) -> tuple[SignedTransaction, ...]:
    return tuple(sorted(waiting, key=lambda transaction: transaction.nonce))


def _text(transaction: SignedTransaction) -> str:
    values = {
        "chain_id": transaction.chain_id,
        "account": transaction.account,
        "nonce": transaction.nonce,
        "operation": transaction.operation,
        "intent": transaction.intent.hex(),
        "hash": transaction.hash.hex(),
        "raw": transaction.raw.hex(),
        "settled": transaction.settled,
    }
    return json.dumps(values, indent=2) + "\n"


def _parsed(text: str) -> SignedTransaction:
    values = json.loads(text)
    for name in ("intent", "hash", "raw"):
        values[name] = bytes.fromhex(values[name])
    return SignedTransaction(**values)
