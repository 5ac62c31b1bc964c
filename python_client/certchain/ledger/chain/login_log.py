"""The LoginLog contract over web3. The leaf hashes are in its events, and these are found block range by block range."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from certchain.errors import LedgerMisbehaved
from certchain.ledger import argument
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.chain.connection import Refused
from certchain.ledger.chain.transaction import Log
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof, LogBatch

BLOCK_RANGE = 2_000
"""How many blocks are searched for events at once, within what nodes allow; less where a node says that it is too much."""


@dataclass(frozen=True, slots=True)
class ChainLoginLog:
    """``LoginLogLedger`` on the contract; ``deployed`` is the block before which it has no events."""

    contract: BoundContract
    deployed: int

    def append(self, expected_size: int, frontier: Sequence[Digest], leaf_hashes: Sequence[Digest]) -> None:
        argument.size("expected_size", expected_size)
        subtrees = [subtree.value for subtree in frontier]
        self.contract.change("append", expected_size, subtrees, [leaf_hash.value for leaf_hash in leaf_hashes])

    def size(self) -> int:
        return int(self.contract.read("size"))

    def root(self) -> Digest:
        return Digest(self.contract.read("root"))

    def root_at(self, size: int) -> Digest:
        return Digest(self.contract.read("rootAt", argument.size("size", size)))

    def check_inclusion(self, leaf_hash: Digest, proof: InclusionProof) -> None:
        index, size = argument.size("index", proof.index), argument.size("size", proof.size)
        path = [sibling.value for sibling in proof.path]
        self.contract.read("checkInclusion", leaf_hash.value, index, size, path)

    def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
        """The appends from the one that holds entry ``start`` on, oldest first."""
        argument.count("limit", limit)
        size = self.size()
        if argument.size("start", start) >= size or limit == 0:
            return ()
        head = self.contract.connection.block_number()
        found = self._batches(self._block_of(start, head), head)
        wanted = (batch for batch in found if batch.first_index + len(batch.leaf_hashes) > start)
        return _consecutive(tuple(islice(wanted, min(limit, size))), start)

    def _batches(self, first: int, head: int) -> Iterator[LogBatch]:
        """The appends in blocks ``first`` to ``head``, read only as far as they are asked for."""
        blocks = BLOCK_RANGE
        while first <= head:
            last = min(first + blocks - 1, head)
            try:
                logs = self._logs(first, last)
            except Refused as refused:
                if first == last:
                    raise LedgerMisbehaved(str(refused)) from None
                blocks = max(1, (last - first + 1) // 2)
                continue
            for values in self.contract.events("Appended", logs):
                leaf_hashes = tuple(Digest(leaf_hash) for leaf_hash in values["leafHashes"])
                yield LogBatch(values["firstIndex"], Digest(values["root"]), leaf_hashes)
            first = last + 1

    def _logs(self, first: int, last: int) -> tuple[Log, ...]:
        topics = [self.contract.artifact.events["Appended"].topic]
        return self.contract.connection.logs(self.contract.address, topics, first, last)

    def _block_of(self, start: int, head: int) -> int:
        """The block in which entry ``start`` was appended, or one before it on a node that keeps no old states."""
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


def _consecutive(batches: tuple[LogBatch, ...], start: int) -> tuple[LogBatch, ...]:
    """The batches, if none is missing from the one that holds ``start`` on. Raises ``LedgerMisbehaved``."""
    ends = [batch.first_index + len(batch.leaf_hashes) for batch in batches]
    gapless = all(batch.first_index == end for batch, end in zip(batches[1:], ends, strict=False))
    if not batches or batches[0].first_index > start or not gapless:
        raise LedgerMisbehaved(f"events of the log are missing from entry {start} on")
    return batches
