"""Questions to a log: entries by whom, where, when and how they ended, each with its proof."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from certchain.log.indexing import catch_up
from certchain.log.publication import Publication, read_checkpoint
from certchain.log.source import EntrySource
from certchain.merkle import TileReader, inclusion_proofs
from certchain.models.log import LoggedEntry
from certchain.models.query import EntryFilter, IndexRow, ProvenRow, QueryPage, RowKind
from certchain.storage import SqlLogIndex

DEFAULT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Query:
    """Answers from a log's ``index``; entries come from its ``reader``, proofs from its ``tiles``. Thread-safe.

    The index is brought up to the log before each page, so that what is erased is not shown from the moment that the log says so.
    """

    reader: EntrySource
    tiles: TileReader
    index: SqlLogIndex
    publication: Publication

    def page(
        self,
        wanted: EntryFilter,
        cursor: int | None = None,
        limit: int = DEFAULT_LIMIT,
        *,
        newest_first: bool = False,
        checkpoint: str | None = None,
    ) -> QueryPage:
        """Entries that fit, from beyond ``cursor`` on, proven against ``checkpoint``, by default the newest that is published.

        ``limit`` is 1 to ``PAGE_LIMIT``, otherwise ``MalformedValue``. Pages of one answer are proven alike when each is asked for with
        the checkpoint of the first. A page may have fewer rows than its limit and still have a cursor.
        """
        checkpoint = checkpoint or self.publication.newest()
        catch_up(self.index, self.reader)
        found = self.index.find(wanted, cursor, limit, newest_first=newest_first)
        entries = self._entries(found, wanted)
        entries.sort(key=lambda entry: entry.leaf.index, reverse=newest_first)
        proven = self._proven(entries, 0 if checkpoint is None else read_checkpoint(checkpoint).size)
        return QueryPage(proven, checkpoint, found[-1].index if len(found) == limit else None)

    def _entries(self, found: Sequence[IndexRow], wanted: EntryFilter) -> list[LoggedEntry]:
        """What was found, as far as it can be shown: what was erased since tells nobody whom it was about, by having been found."""
        entries = [entry for first, count in _runs(found) for entry in self._read(first, count)]
        hidden = {row.index for row in found if row.kind is RowKind.ERASED}
        shown = [LoggedEntry(entry.leaf, None) if entry.leaf.index in hidden else entry for entry in entries]
        return [entry for entry in shown if entry.body is not None or wanted.by_time_only]

    def _read(self, first: int, count: int) -> Iterator[LoggedEntry]:
        """Neighbours, however small the reader's pages are."""
        while count and (page := self.reader.entries(first, count)):
            yield from page
            first, count = first + len(page), count - len(page)

    def _proven(self, entries: Sequence[LoggedEntry], size: int) -> tuple[ProvenRow, ...]:
        covered = [entry.leaf.index for entry in entries if entry.leaf.index < size]
        proofs = {proof.index: proof for proof in inclusion_proofs(self.tiles, covered, size)} if covered else {}
        return tuple(ProvenRow(entry, proofs.get(entry.leaf.index)) for entry in entries)


def _runs(found: Sequence[IndexRow]) -> Iterator[tuple[int, int]]:
    """What is to be read at once: where neighbours begin, and how many they are."""
    indices = sorted(row.index for row in found)
    start = 0
    for end in range(1, len(indices) + 1):
        if end == len(indices) or indices[end] != indices[end - 1] + 1:
            yield indices[start], end - start
            start = end
