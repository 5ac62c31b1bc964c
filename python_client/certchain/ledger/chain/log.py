"""A log's contract over web3. What it was given is in its events."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice, pairwise
from typing import Any

from certchain.errors import LedgerMisbehaved, UnknownSize, WrongLogMode
from certchain.ledger import argument
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.chain.search import search
from certchain.ledger.chain.transaction import Log
from certchain.models.digest import Digest
from certchain.models.log import ConsistencyProof, InclusionProof, LogBatch, LogMode

EVENTS = {LogMode.RECORDED: "Appended", LogMode.ANCHORED: "Anchored"}


@dataclass(frozen=True, slots=True)
class ChainLog:
    """``LogLedger`` on the contract; ``deployed`` is a block before which it has no events."""

    contract: BoundContract
    mode: LogMode
    deployed: int

    def append(self, expected_size: int, frontier: Sequence[Digest], leaf_hashes: Sequence[Digest]) -> None:
        self._require_mode(LogMode.RECORDED)
        argument.size("expected_size", expected_size)
        self.contract.change("append", expected_size, _words(frontier), _words(leaf_hashes))

    def anchor(self, proof: ConsistencyProof, new_root: Digest) -> None:
        self._require_mode(LogMode.ANCHORED)
        argument.consistency(proof)
        self.contract.change("anchor", proof.old_size, proof.new_size, new_root.value, _words(proof.path))

    def _require_mode(self, mode: LogMode) -> None:
        if self.mode is not mode:
            raise WrongLogMode(self.mode)

    def size(self) -> int:
        return int(self.contract.read("size"))

    def root(self) -> Digest:
        return Digest(self.contract.read("root"))

    def root_at(self, size: int) -> Digest:
        try:
            return Digest(self.contract.read("rootAt", argument.size("size", size)))
        except UnknownSize:
            if self.mode is LogMode.RECORDED:
                raise
        for batch in self.batches(size - 1, 1):
            if batch.size == size:
                return batch.root
        raise UnknownSize(size)

    def check_inclusion(self, leaf_hash: Digest, proof: InclusionProof) -> None:
        index, size = argument.size("index", proof.index), argument.size("size", proof.size)
        self.contract.read("checkInclusion", leaf_hash.value, index, size, _words(proof.path))

    def check_consistency(self, proof: ConsistencyProof, old_root: Digest) -> None:
        argument.consistency(proof)
        path = _words(proof.path)
        self.contract.read("checkConsistency", proof.old_size, old_root.value, proof.new_size, path)

    def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
        argument.size("start", start)
        argument.count("limit", limit)
        size = self.size()
        if start >= size or limit == 0:
            return ()
        head, most = self.contract.connection.block_number(), min(limit, size)
        found = tuple(islice(self._batches(start, self._logs(self._block_of(start, head), head, most)), most))
        if not _gapless(found, start) or (len(found) < most and found[-1].size < size):
            raise LedgerMisbehaved(f"events of the log are missing from entry {start} on")
        return found

    def sender(self, batch: LogBatch) -> str:
        account = self.contract.connection.sender(batch.transaction)
        if account is None:
            raise LedgerMisbehaved(f"it has no transaction 0x{batch.transaction.hex()}")
        return account

    def _batches(self, start: int, logs: Iterable[Log]) -> Iterator[LogBatch]:
        """The steps that end behind entry ``start``, read only as far as they are asked for."""
        block_time = cache(self.contract.connection.block_time)
        for log in logs:
            for values in self.contract.events(EVENTS[self.mode], [log]):
                leaf_hashes, size = self._grown(values)
                if size > start:
                    at = block_time(log.block) if log.at is None else log.at
                    root = Digest(values["root"])
                    yield LogBatch(values["firstIndex"], size, root, leaf_hashes, at, log.transaction)

    def _grown(self, values: dict[str, Any]) -> tuple[tuple[Digest, ...], int]:
        """The leaf hashes that an event brought, if its log is a recorded one, and the size that it led to."""
        if self.mode is LogMode.ANCHORED:
            return (), values["size"]
        leaf_hashes = tuple(map(Digest, values["leafHashes"]))
        return leaf_hashes, values["firstIndex"] + len(leaf_hashes)

    def _logs(self, first: int, head: int, wanted: int) -> Iterator[Log]:
        """The events of the blocks ``first`` to ``head``: no more blocks at first than events are wanted."""
        return search(self.contract, [self.contract.artifact.events[EVENTS[self.mode]].topic], first, head, wanted)

    def _block_of(self, start: int, head: int) -> int:
        """The block in which entry ``start`` was added, or one before it on a node that keeps no old states."""
        low, high = self.deployed, head
        try:
            while low < high:
                middle = (low + high) // 2
                if self.contract.read("size", block=middle) > start:
                    high = middle
                else:
                    low = middle + 1
        except LedgerMisbehaved:
            return low
        return low


def _words(digests: Iterable[Digest]) -> list[bytes]:
    return [digest.value for digest in digests]


def _gapless(batches: tuple[LogBatch, ...], start: int) -> bool:
    """Whether there are batches, the first of which holds ``start``, and none is missing between two."""
    if not batches or batches[0].first_index > start:
        return False
    return all(after.first_index == before.size for before, after in pairwise(batches))
