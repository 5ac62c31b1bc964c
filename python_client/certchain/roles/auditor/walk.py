"""The walk over a log's leaves: each in its place and time, hashed, and compared with the chain and with the signed roots.

It goes bundle by bundle in bounded memory, from where the last audit left the chain. That the tree which it grows has the last
checkpoint's root at that size, and the new one's at its end, shows that the log was only continued.
"""

from collections.abc import Callable, Iterator

from certchain.encoding.leaf import LEAF_LENGTH
from certchain.encoding.leaf_bundle import BUNDLED_LENGTH
from certchain.errors import (
    CertchainError,
    EntryBackdated,
    LedgerMisbehaved,
    LogGap,
    SplitView,
    Unavailable,
    WrongIndex,
)
from certchain.errors.audit import LogFinding
from certchain.merkle import CompactRange, leaf_hash, tile_width
from certchain.merkle.node import HASH_LENGTH
from certchain.models.evidence import LeafEvidence, SignedLeaf
from certchain.models.log import TILE_WIDTH, LogBatch, LogMode
from certchain.roles.auditor.difference import Differences
from certchain.roles.auditor.findings import Findings
from certchain.roles.auditor.followed import Progress, Reached
from certchain.roles.auditor.fork import fork_of, witness_keys
from certchain.roles.auditor.view import View
from certchain.verification.log import (
    LeafRun,
    first_difference,
    verify_bundle,
    verify_not_after,
    verify_not_before,
)

_BATCHES = 8


class Walk:
    """One walk from ``start`` to the view's end, past what the chain has of it (``chain_size``) and past the ``last`` checkpoint."""

    def __init__(
        self,
        view: View,
        start: Reached,
        last: View | None,
        differences: Differences,
        *,
        findings: Findings,
        progress: Progress | None = None,
    ) -> None:
        self._findings = findings
        self._view, self._last, self._differences, self._progress = view, last, differences, progress
        self._start, self._chain_size = start, differences.chain_size
        self._tree = CompactRange.at(start.size, start.frontier)
        self._at = start.last_at
        self._reached = start
        self._batches = self._read_batches()
        self._batch = next(self._batches, None)
        self._row = _row(self._batch)
        self._tolerance = view.log.tolerance

    def run(self) -> Reached:
        """Goes to the end; returns how far the chain was compared. Collects wrong times; raises another ``LogFinding``."""
        for tile in range(self._start.size // TILE_WIDTH, -(-self._view.size // TILE_WIDTH)):
            self._take(self._read(tile))
            if self._progress is not None:
                self._progress(self._tree.size, self._view.size)
        if self._tree.root() != self._view.checkpoint.root:
            told = LogGap("the leaves do not lead to the signed root", self._start.size)
            raise self._differences.explain(told, self._start.size)
        seen = self._view.seen_at
        if seen is not None and self._tree.size > self._start.size:
            self._check_time(lambda: verify_not_after(self._tree.size - 1, self._at, seen[1], self._tolerance), None)
        return self._reached

    def _read(self, tile: int) -> LeafRun:
        """The bundle's leaves from where the walk is."""
        width = tile_width(0, tile, self._view.size)
        first, skipped = self._tree.size, self._tree.size - tile * TILE_WIDTH
        try:
            bundle = self._view.log.source.bundle(tile, width)
        except Unavailable:
            raise
        except CertchainError as problem:
            raise self._differences.explain(LogGap(str(problem).rstrip("."), first), first) from problem
        return self._ordered(bundle, first, bundle[skipped * BUNDLED_LENGTH :], width - skipped)

    def _ordered(self, bundle: bytes, first: int, rest: bytes, count: int) -> LeafRun:
        """The rest of a bundle from ``first`` on, ``count`` leaves; where times go back, that is one finding and it begins anew."""
        hashes, times, at, position = b"", list[int](), self._at, first
        while True:
            end = first + count
            try:
                run = verify_bundle(rest, position, end - position, at)
            except EntryBackdated as finding:
                if self._findings.wants(EntryBackdated, finding.index):
                    self._collect(self._wrong_leaf(finding, bundle))
                length = finding.index - position
                run = verify_bundle(rest[: length * BUNDLED_LENGTH], position, length, at)
                rest = rest[length * BUNDLED_LENGTH :]
            except LogFinding as finding:
                raise self._wrong_leaf(finding, bundle) from finding
            hashes, times, at, position = hashes + run.hashes, [*times, *run.times], 0, position + len(run)
            if position == end:
                return LeafRun(first, hashes, times)

    def _collect(self, finding: LogFinding) -> None:
        """Keeps what was signed for by itself; what is shown otherwise than signed ends the walk."""
        if not isinstance(finding, EntryBackdated):
            raise finding
        self._findings.add(finding)

    def _wrong_leaf(self, finding: LogFinding, bundle: bytes) -> LogFinding:
        """Whether leaves were moved or changed, or the server has signed for the wrong one and brought it to the chain."""
        if (difference := self._differences.near(self._tree.size)) is not None:
            return difference
        index = finding.index
        entry = self._signed_leaf(index, bundle) if isinstance(finding, WrongIndex | EntryBackdated) else None
        if entry is None:
            return self._view.keep_shown(finding)
        before = None
        if isinstance(finding, EntryBackdated):
            before = self._signed_leaf(index - 1, bundle)
        return self._keep_leaf(finding, entry, before=before)

    def _signed_leaf(self, index: int, bundle: bytes | None = None) -> SignedLeaf | None:
        tile, place = divmod(index, TILE_WIDTH)
        if bundle is None or tile != self._tree.size // TILE_WIDTH:
            bundle = self._view.log.source.bundle(tile, tile_width(0, tile, self._view.size))
        leaf = bundle[(place + 1) * BUNDLED_LENGTH - LEAF_LENGTH : (place + 1) * BUNDLED_LENGTH]
        signed = self._view.signed_hash(index)
        if signed is None or signed.leaf_hash != leaf_hash(leaf):
            return None
        return SignedLeaf(index, leaf, signed.path)

    # ------------------------------------------------------------------------------------------------------- comparing

    def _take(self, run: LeafRun) -> None:
        """Adds the leaves to the tree, and stops where the chain or the last checkpoint has a root."""
        end = run.first + len(run)
        while self._tree.size < end:
            begin = self._tree.size
            stop = min(size for size in (end, self._next_batch_end(), self._next_checkpoint()) if size is not None)
            self._take_part(run, begin, stop)
            self._at = run.times[stop - run.first - 1]
            if self._last is not None and stop == self._last.size:
                self._check_last(self._last)
            if self._batch is not None and stop == self._batch.size:
                self._check_batch(self._batch)

    def _take_part(self, run: LeafRun, begin: int, stop: int) -> None:
        hashes = run.hashes[(begin - run.first) * HASH_LENGTH : (stop - run.first) * HASH_LENGTH]
        if self._last is not None and begin == self._last.size and self._last.seen_at is not None:
            at, seen = run.times[begin - run.first], self._last.seen_at
            self._check_time(lambda: verify_not_before(begin, at, seen[0], self._tolerance), self._last)
        if self._row and self._batch is not None:
            place = (begin - self._batch.first_index) * HASH_LENGTH
            known = self._row[place : place + len(hashes)]
            if known != hashes:
                index = begin + (first_difference(known, hashes) or 0)
                raise self._differences.explain(LogGap("it is another than on the chain", index), index)
        self._tree.extend_row(hashes)

    def _next_batch_end(self) -> int | None:
        return None if self._batch is None else self._batch.size

    def _next_checkpoint(self) -> int | None:
        return self._last.size if self._last is not None and self._last.size > self._tree.size else None

    def _check_last(self, last: View) -> None:
        if self._tree.root() != last.checkpoint.root:
            fork = fork_of(last, self._view)
            if isinstance(fork, SplitView):
                raise fork
            told = SplitView("the leaves do not lead to the checkpoint that was signed before", last.size)
            raise self._differences.explain(told, self._start.size)

    def _check_batch(self, batch: LogBatch) -> None:
        if self._tree.root() != batch.root:
            raise self._differences.chain_root(batch)
        index, at = batch.size - 1, self._at
        self._check_time(lambda: verify_not_after(index, at, batch.at, self._tolerance), batch)
        self._reached = Reached(batch.size, self._tree.frontier, self._at)
        self._batch = next(self._batches, None)
        self._row = _row(self._batch)

    def _read_batches(self) -> Iterator[LogBatch]:
        """What the chain has, step by step; a node that leaves something out is not believed. Raises ``LedgerMisbehaved``."""
        position, chain = self._start.size, self._view.log.chain
        while position < self._chain_size:
            page = chain.batches(position, _BATCHES)
            for batch in page:
                if batch.first_index != position or batch.size <= position:
                    raise LedgerMisbehaved(f"it has no batch that begins at entry {position}")
                _require_hashes(batch, chain.mode)
                position = batch.size
                yield batch
                if position >= self._chain_size:
                    return
            if not page:
                raise LedgerMisbehaved(f"it has {self._chain_size} entries, and no batch with entry {position}")

    # ----------------------------------------------------------------------------------------------------------- times

    def _check_time(self, verify: Callable[[], int], by: View | LogBatch | None) -> None:
        """``by`` is the checkpoint without the entry, the batch with it, or nothing for the view's own cosignatures."""
        try:
            verify()
        except EntryBackdated as finding:
            if not self._findings.wants(EntryBackdated, finding.index):
                return
            entry = self._signed_leaf(finding.index)
            if entry is None:
                self._collect(self._differences.explain(finding, finding.index))
            else:
                self._collect(self._keep_leaf(finding, entry, by=by))

    def _keep_leaf(
        self,
        finding: LogFinding,
        entry: SignedLeaf,
        *,
        before: SignedLeaf | None = None,
        by: View | LogBatch | None = None,
    ) -> LogFinding:
        witnessed = by if isinstance(by, View) else self._view
        return self._view.keep(
            finding,
            LeafEvidence,
            self._view.signed,
            entry,
            before,
            by.signed if isinstance(by, View) else None,
            self._view.step(by) if isinstance(by, LogBatch) else None,
            witness_keys(witnessed.log, [cosignature.witness for cosignature in witnessed.cosignatures]),
            self._tolerance,
        )


def _row(batch: LogBatch | None) -> bytes:
    """A recorded batch's leaf hashes as one row; nothing for an anchored one."""
    return b"" if batch is None else b"".join([leaf.value for leaf in batch.leaf_hashes])


def _require_hashes(batch: LogBatch, mode: LogMode) -> None:
    expected = batch.size - batch.first_index if mode is LogMode.RECORDED else 0
    if len(batch.leaf_hashes) != expected:
        raise LedgerMisbehaved(f"its batch from entry {batch.first_index} on has {len(batch.leaf_hashes)} leaf hashes")
