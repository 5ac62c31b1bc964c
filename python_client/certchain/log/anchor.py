"""The anchor: brings the chain up to the newest published checkpoint, once it is known that the chain has this log (C16)."""

import threading
from itertools import pairwise

from certchain.errors import LogInconsistent, SizeMismatch
from certchain.ledger import LogLedger
from certchain.log.publication import Publication, read_checkpoint
from certchain.merkle import consistency_proof, tile_width, tree_frontier, tree_root
from certchain.merkle.node import HASH_LENGTH
from certchain.models.digest import Digest
from certchain.models.log import TILE_WIDTH, Checkpoint, LogBatch, LogMode
from certchain.storage import LogStore

BATCH_LIMIT = 1000
_BATCHES = 50


class Anchor:
    """Compares the chain's log with ours and appends what it lacks. Thread-safe; safe to repeat after a time-out or a crash.

    ``limit`` is the most leaf hashes that one transaction brings to a recorded log; an anchored one takes any growth in one.
    """

    def __init__(
        self, store: LogStore, ledger: LogLedger, publication: Publication, *, limit: int = BATCH_LIMIT
    ) -> None:
        self._store, self._ledger, self._publication, self._limit = store, ledger, publication, limit
        self._flushing = threading.Lock()
        kept = publication.anchored()
        self._seen = None if kept is None else read_checkpoint(kept).size

    def behind(self) -> int:
        """How many durable entries the chain was not yet seen to have. Asks the chain only if nothing is known of it."""
        if self._seen is None:
            self._seen = self._ledger.size()
        return self.lacking(self._store.size())

    def lacking(self, size: int) -> int:
        """How many of the first ``size`` entries the chain was not yet seen to have. Asks nobody, and cannot fail."""
        return max(size - self.seen, 0)

    @property
    def seen(self) -> int:
        """The chain's size when it was last seen; 0 while nothing is known of it."""
        return self._seen or 0

    def confirmed(self) -> tuple[int, Digest]:
        """The chain's size and root, found to be those of our entries. Raises ``LogInconsistent``."""
        with self._flushing:
            return self._follow()

    def flush(self) -> int:
        """Brings the chain up to the newest published checkpoint, and keeps that as anchored; returns how many entries it appended.

        Raises ``LogInconsistent``, before it appends anything, if the chain has other entries than the log. After ``LedgerTimeout``, any
        other error or a crash it can simply be called again: nothing is missing, nothing is there twice.
        """
        with self._flushing:
            size, _ = self._follow()
            note = self._publication.newest()
            if note is None:
                return 0
            target, appended = self._own(read_checkpoint(note)), 0
            while size < target.size:
                appended += self._advance(size, target)
                size, _ = self._follow()
            if size == target.size:
                self._publication.keep_anchored(note)
            return appended

    def _own(self, target: Checkpoint) -> Checkpoint:
        """The published checkpoint, when it is still what the log has."""
        if target.size > self._store.size() or tree_root(self._store, target.size) != target.root:
            raise LogInconsistent(f"it is not the log that was published at {target.size} entries", target.size)
        return target

    def _follow(self) -> tuple[int, Digest]:
        """The chain's size and root, compared with our tree."""
        size = self._ledger.size()
        if size > self._store.size():
            raise self._difference(size)
        root = tree_root(self._store, size)
        if root != self._ledger.root_at(size):
            raise self._difference(size)
        self._seen = size
        return size, root

    def _advance(self, size: int, target: Checkpoint) -> int:
        """One transaction; returns how many entries it brought."""
        recorded = self._ledger.mode is LogMode.RECORDED
        until = min(size + self._limit, target.size) if recorded else target.size
        try:
            if recorded:
                self._ledger.append(size, tree_frontier(self._store, size), self._leaf_hashes(size, until))
            else:
                self._ledger.anchor(consistency_proof(self._store, size, until), target.root)
        except SizeMismatch:
            # A step that had timed out arrived in the meantime: what is there now is read, and compared, again.
            if self._ledger.size() == size:
                raise
            return 0
        return until - size

    def _leaf_hashes(self, first: int, until: int) -> list[Digest]:
        tiles = range(first // TILE_WIDTH, (until + TILE_WIDTH - 1) // TILE_WIDTH)
        row = b"".join(self._store.tile(0, index, tile_width(0, index, until)) for index in tiles)
        begin = first % TILE_WIDTH * HASH_LENGTH
        return [Digest(row[at:end]) for at, end in pairwise(range(begin, len(row) + 1, HASH_LENGTH))]

    # ------------------------------------------------------------------------------------------------------ differences

    def _difference(self, size: int) -> LogInconsistent:
        """What is wrong with a chain of ``size`` entries that does not have our root: the first of its steps that is not ours."""
        start = 0
        while start < size and (page := self._ledger.batches(start, _BATCHES)):
            for batch in page:
                if not self._is_ours(batch):
                    return self._first_difference(batch)
            start = page[-1].size
        return LogInconsistent("the chain's steps are ours, and do not lead to its root", size)

    def _is_ours(self, batch: LogBatch) -> bool:
        return batch.size <= self._store.size() and tree_root(self._store, batch.size) == batch.root

    def _first_difference(self, batch: LogBatch) -> LogInconsistent:
        own = self._store.size()
        if batch.leaf_hashes:
            ours = self._leaf_hashes(batch.first_index, min(batch.size, own)) if own > batch.first_index else []
            for index, (theirs, leaf_hash) in enumerate(zip(batch.leaf_hashes, ours, strict=False), batch.first_index):
                if theirs != leaf_hash:
                    return LogInconsistent("the entry was changed: the chain has another", index)
        if batch.size > own:
            return LogInconsistent("the log ends here, and entries are missing at its end", own)
        return LogInconsistent(f"the chain has another root at {batch.size} entries", batch.first_index)
