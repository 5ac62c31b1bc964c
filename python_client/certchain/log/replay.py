"""The replay: every entry of a log, in order, against every leaf hash and every root that the chain has."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from certchain.errors import LogInconsistent
from certchain.ledger import LoginLogLedger
from certchain.log.leaf import entry_leaf_hash
from certchain.merkle import CompactRange
from certchain.models.digest import Digest
from certchain.models.log import LogBatch, SaltedEntry
from certchain.verification.log import verify_indices, verify_leaves, verify_root

PAGE = 1000
_BATCHES = 50

Progress = Callable[[int, int], None]
"""Told how many entries are done, and of how many."""


class EntrySource(Protocol):
    """Whatever has the log's entries: a ``ManagementDatabase``, or the certification server at the end of a channel."""

    def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
        """Entries from index ``first`` on, at most ``limit``, perhaps fewer; none only past the end."""
        ...


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found to be so: the chain's ``size`` and ``root``, and its leaf hashes in order."""

    size: int
    root: Digest
    leaf_hashes: tuple[Digest, ...]


def replay(
    source: EntrySource, log: LoginLogLedger, size: int | None = None, progress: Progress | None = None
) -> Replayed:
    """Recomputes every leaf and every batch's root up to ``size`` (a size the chain has had; by default all of it).

    Raises ``LogInconsistent`` with the first entry that differs and what was done to it.
    """
    target = log.size() if size is None else size
    tree, leaves = CompactRange(), list[Digest]()
    for batch in _batches(log, target):
        _check_batch(source, log, batch)
        tree.extend(batch.leaf_hashes)
        leaves.extend(batch.leaf_hashes)
        verify_root(tree.size, batch.root, tree.root())
        if progress is not None:
            progress(tree.size, target)
    verify_root(target, log.root_at(target), tree.root())
    return Replayed(target, tree.root(), tuple(leaves))


def _batches(log: LoginLogLedger, target: int) -> Iterator[LogBatch]:
    start = 0
    while start < target and (page := log.batches(start, _BATCHES)):
        for batch in page:
            if start < target:
                yield batch
                start = batch.first_index + len(batch.leaf_hashes)


def _check_batch(source: EntrySource, log: LoginLogLedger, batch: LogBatch) -> None:
    for offset in range(0, len(batch.leaf_hashes), PAGE):
        first, on_chain = batch.first_index + offset, batch.leaf_hashes[offset : offset + PAGE]
        entries = read_entries(source, first, len(on_chain))
        try:
            verify_leaves(first, on_chain, _leaf_hashes(entries))
        except LogInconsistent as difference:
            _explain(source, log, difference)
        verify_indices(first, entries)


def _explain(source: EntrySource, log: LoginLogLedger, difference: LogInconsistent) -> NoReturn:
    """Looks further than the batch, since what was moved may be far away, and says what happened."""
    first = difference.index
    batches = log.batches(first, _BATCHES)
    on_chain = [leaf_hash for batch in batches for leaf_hash in batch.leaf_hashes][first - batches[0].first_index :]
    verify_leaves(first, on_chain, _leaf_hashes(read_entries(source, first, len(on_chain) + 1)))
    raise difference


def _leaf_hashes(entries: Sequence[SaltedEntry]) -> list[Digest]:
    return [entry_leaf_hash(salted) for salted in entries]


def read_entries(source: EntrySource, first: int, count: int) -> list[SaltedEntry]:
    """``count`` entries from ``first`` on, fewer only at the log's end, however small the source's pages are."""
    found = list[SaltedEntry]()
    while len(found) < count and (page := source.entries(first + len(found), count - len(found))):
        found.extend(page[: count - len(found)])
    return found
