"""The login log, in memory: the rules of ``contracts/LoginLog.sol``."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from certchain.errors import EmptyBatch, FrontierLength, FrontierMismatch, IndexOutOfRange, SizeMismatch, UnknownSize
from certchain.ledger import argument
from certchain.ledger.memory.contract import MemoryContract, page, whole
from certchain.merkle import CompactRange, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof, LogBatch


@dataclass(slots=True)
class LoginLogState:
    """The tree, the root at each size that it has stopped at, and every batch."""

    tree: CompactRange = field(default_factory=CompactRange)
    roots: dict[int, Digest] = field(default_factory=lambda: {0: CompactRange().root()})
    batches: list[LogBatch] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MemoryLoginLog(MemoryContract):
    """The LoginLog contract as one account sees and calls it."""

    log: LoginLogState

    contract = "LoginLog"

    @whole
    def append(self, expected_size: int, frontier: Sequence[Digest], leaf_hashes: Sequence[Digest]) -> None:
        argument.size("expected_size", expected_size)
        self._require_role("append")
        first_index = self.log.tree.size
        if not leaf_hashes:
            raise EmptyBatch
        if expected_size != first_index:
            raise SizeMismatch(expected_size, first_index)
        self._require_frontier(frontier)
        self.log.tree.extend(leaf_hashes)
        self.log.roots[self.log.tree.size] = self.log.tree.root()
        self.log.batches.append(LogBatch(first_index, self.log.tree.root(), tuple(leaf_hashes)))

    def _require_frontier(self, frontier: Sequence[Digest]) -> None:
        tree = self.log.tree
        if len(frontier) != len(tree.frontier):
            raise FrontierLength(len(frontier), len(tree.frontier))
        if tuple(frontier) != tree.frontier:
            raise FrontierMismatch(tree.size)

    @whole
    def size(self) -> int:
        return self.log.tree.size

    @whole
    def root(self) -> Digest:
        return self.log.tree.root()

    @whole
    def root_at(self, size: int) -> Digest:
        if argument.size("size", size) not in self.log.roots:
            raise UnknownSize(size)
        return self.log.roots[size]

    def check_inclusion(self, leaf_hash: Digest, proof: InclusionProof) -> None:
        argument.size("index", proof.index)
        root = self.root_at(proof.size)
        if proof.index >= proof.size:
            raise IndexOutOfRange(proof.index, proof.size)
        verify_inclusion(leaf_hash, proof, root)

    @whole
    def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
        """The appends from the one that holds entry ``start`` on, oldest first."""
        argument.count("limit", limit)
        if argument.size("start", start) >= self.log.tree.size:
            return ()
        first = bisect_right(self.log.batches, start, key=lambda batch: batch.first_index) - 1
        return page(self.log.batches, first, limit)
