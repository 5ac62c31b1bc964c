"""A log's contract, in memory: the rules of ``contracts/RecordedLog.sol`` and ``contracts/AnchoredLog.sol``."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import token_bytes

from eth_typing import ChecksumAddress

from certchain.errors import (
    EmptyBatch,
    FrontierLength,
    FrontierMismatch,
    IndexOutOfRange,
    LedgerMisbehaved,
    NotConsistent,
    NotLarger,
    SizeMismatch,
    UnknownSize,
    WrongLogMode,
)
from certchain.ledger import argument
from certchain.ledger.memory.contract import MemoryContract, whole
from certchain.merkle import CompactRange, verify_consistency, verify_inclusion
from certchain.merkle.node import HASH_LENGTH
from certchain.models.digest import Digest
from certchain.models.log import ConsistencyProof, InclusionProof, LogBatch, LogMode

_EMPTY_ROOT = CompactRange().root()
_TRANSACTION_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Step:
    """A batch as it is kept: a long log's leaf hashes are there once, as bytes, 32 each."""

    first_index: int
    size: int
    root: Digest
    leaf_hashes: bytes
    at: int
    transaction: bytes
    sender: ChecksumAddress

    def batch(self) -> LogBatch:
        """The batch as a reader gets it."""
        places = range(0, len(self.leaf_hashes), HASH_LENGTH)
        leaf_hashes = tuple(Digest(self.leaf_hashes[place : place + HASH_LENGTH]) for place in places)
        return LogBatch(self.first_index, self.size, self.root, leaf_hashes, self.at, self.transaction)


@dataclass(slots=True)
class LogState:
    """Every step of the log. The ``tree`` is that of a recorded log; of an anchored one the contract has only roots."""

    mode: LogMode
    steps: list[Step] = field(default_factory=list)
    tree: CompactRange = field(default_factory=CompactRange)

    @property
    def size(self) -> int:
        """How many entries there are."""
        return self.steps[-1].size if self.steps else 0

    def root_at(self, size: int) -> Digest:
        """The root at a size that a step ended at, and of the empty log. Raises ``UnknownSize``."""
        place = bisect_left(self.steps, size, key=lambda step: step.size)
        if place < len(self.steps) and self.steps[place].size == size:
            return self.steps[place].root
        if size == 0:
            return _EMPTY_ROOT
        raise UnknownSize(size)

    def grow(self, size: int, root: Digest, leaf_hashes: bytes, now: int, sender: ChecksumAddress) -> None:
        """Adds a step. As a chain's, its time is never before that of the step before."""
        at = max(now, self.steps[-1].at) if self.steps else now
        self.steps.append(Step(self.size, size, root, leaf_hashes, at, token_bytes(_TRANSACTION_LENGTH), sender))


@dataclass(frozen=True, slots=True)
class MemoryLog(MemoryContract):
    """A log's contract as one account sees and calls it."""

    log: LogState

    contract = "LoginLog"

    @property
    def mode(self) -> LogMode:
        return self.log.mode

    @whole
    def append(self, expected_size: int, frontier: Sequence[Digest], leaf_hashes: Sequence[Digest]) -> None:
        self._require_mode(LogMode.RECORDED)
        argument.size("expected_size", expected_size)
        self._require_role("append")
        tree = self.log.tree
        if not leaf_hashes:
            raise EmptyBatch
        if expected_size != tree.size:
            raise SizeMismatch(expected_size, tree.size)
        self._require_frontier(frontier)
        row = b"".join(leaf_hash.value for leaf_hash in leaf_hashes)
        tree.extend_row(row)
        self.log.grow(tree.size, tree.root(), row, self._now(), self.account)

    @whole
    def anchor(self, proof: ConsistencyProof, new_root: Digest) -> None:
        self._require_mode(LogMode.ANCHORED)
        argument.consistency(proof)
        self._require_role("anchor")
        if proof.old_size != self.log.size:
            raise SizeMismatch(proof.old_size, self.log.size)
        if proof.new_size <= self.log.size:
            raise NotLarger(proof.new_size, self.log.size)
        verify_consistency(proof, self.log.root_at(proof.old_size), new_root)
        self.log.grow(proof.new_size, new_root, b"", self._now(), self.account)

    def _require_mode(self, mode: LogMode) -> None:
        if self.mode is not mode:
            raise WrongLogMode(self.mode)

    def _require_frontier(self, frontier: Sequence[Digest]) -> None:
        tree = self.log.tree
        if len(frontier) != len(tree.frontier):
            raise FrontierLength(len(frontier), len(tree.frontier))
        if tuple(frontier) != tree.frontier:
            raise FrontierMismatch(tree.size)

    @whole
    def size(self) -> int:
        return self.log.size

    @whole
    def root(self) -> Digest:
        return self.log.root_at(self.log.size)

    @whole
    def root_at(self, size: int) -> Digest:
        return self.log.root_at(argument.size("size", size))

    def check_inclusion(self, leaf_hash: Digest, proof: InclusionProof) -> None:
        argument.size("index", proof.index)
        root = self._known_root(argument.size("size", proof.size))
        if proof.index >= proof.size:
            raise IndexOutOfRange(proof.index, proof.size)
        verify_inclusion(leaf_hash, proof, root)

    def check_consistency(self, proof: ConsistencyProof, old_root: Digest) -> None:
        argument.consistency(proof)
        new_root = self._known_root(proof.new_size)
        if proof.old_size > proof.new_size:
            raise NotConsistent(proof.old_size, proof.new_size)
        verify_consistency(proof, old_root, new_root)
        if proof.old_size == 0 and old_root != _EMPTY_ROOT:
            raise NotConsistent(proof.old_size, proof.new_size)

    @whole
    def _known_root(self, size: int) -> Digest:
        """The root at a size that the contract knows; the roots that an anchored log has had stand in its events only."""
        if self.mode is LogMode.ANCHORED and size not in {0, self.log.size}:
            raise UnknownSize(size)
        return self.log.root_at(size)

    def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
        argument.size("start", start)
        argument.count("limit", limit)
        return tuple(step.batch() for step in self._steps(start, limit))

    @whole
    def _steps(self, start: int, limit: int) -> list[Step]:
        first = bisect_right(self.log.steps, start, key=lambda step: step.size)
        return self.log.steps[first : first + limit]

    @whole
    def sender(self, batch: LogBatch) -> str:
        for step in self._steps(batch.first_index, 1):
            if step.transaction == batch.transaction:
                return step.sender
        raise LedgerMisbehaved(f"it has no transaction 0x{batch.transaction.hex()}")
