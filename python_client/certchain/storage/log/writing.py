"""The one who writes a log: appends groups, marks what is synced, and brings everything in order when the log is opened."""

from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from certchain.encoding.leaf import leaf_bytes
from certchain.errors import AppendUncertain, LogDamaged, StorageUnavailable
from certchain.merkle import leaf_hash
from certchain.models.log import LogLeaf, SealedEntry
from certchain.storage.log.derived import DerivedFiles
from certchain.storage.log.disk import Disk
from certchain.storage.log.edge import Edge, grow
from certchain.storage.log.frame import FRAME_HEADER, frame, frame_leaves, record_lengths
from certchain.storage.log.journal import Journal
from certchain.storage.log.mark import Place, PublishedSize, mark_bytes, read_mark
from certchain.storage.log.recovery import BEGINNING, Found, frames, mend, survey

MARK, SIZE = "synced", "size"
SEGMENT_BYTES = 64 << 20
MARK_EVERY = 1 << 15
"""Entries; as many at most are made anew, in a fraction of a second, when a log is opened after a crash."""
_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found before anything was changed: the mark, where the journal ends, and from where on the rows are made anew."""

    mark: Place
    found: Found
    start: Place
    edge: Edge

    @classmethod
    def of(cls, disk: Disk, folder: Path) -> "Survey":
        """Looks at a folder. Raises ``LogDamaged`` when it lacks what was acknowledged or what the rows need, and ``OSError``."""
        mark = read_mark(disk, folder / MARK) or BEGINNING
        size = read_mark(disk, folder / SIZE) or BEGINNING
        found = survey(disk, folder, mark, max(mark.size, size.size))
        start, edge = _trusted(disk, folder, mark)
        for _ in frames(disk, folder, found, start):
            pass  # each was found whole
        return cls(mark, found, start, edge)


class GroupWriter:
    """See ``LogStore.append``. Not thread-safe.

    Opening mends the journal, and makes rows anew from the mark on. Raises ``LogDamaged`` and ``OSError``.
    """

    def __init__(
        self,
        disk: Disk,
        folder: Path,
        survey: Survey,
        rows: DerivedFiles,
        published: PublishedSize,
        *,
        segment_bytes: int,
        mark_every: int,
    ) -> None:
        self._disk, self._folder, self._rows, self._published = disk, folder, rows, published
        self._segment_bytes, self._mark_every = segment_bytes, mark_every
        self._edge = survey.edge
        mend(disk, folder, survey.found)
        self._rebuild(survey.found, survey.start)
        self.place, self._marked = survey.found.end, survey.mark.size
        published.write(self.place)
        if self.place != survey.mark:
            self._mark()
        self._journal = Journal(disk, folder, self.place.segment, self.place.offset)
        self._certain = True

    def require_certain(self) -> None:
        """Returns when files and memory agree. Raises ``StorageUnavailable``."""
        if not self._certain:
            raise StorageUnavailable("an error left it open what is on the disk; the log has to be opened again")

    def append(self, entries: Sequence[SealedEntry], leaf_hashes: bytes) -> None:
        """Appends a group, after ``require_certain``.

        Raises ``AppendUncertain``, and ``OSError`` or ``StorageUnavailable`` when nothing of it is in the log.
        """
        self._go_on()
        group, lengths = frame(self.place.size, entries)
        edge, added = grow(self._edge, leaf_hashes)
        leaves = [entry.leaf for entry in entries]
        self._certain = False  # until files and memory agree again, whatever interrupts this
        try:
            self._journal.write(group.data)
            self._rows.write(group.first, leaves, added, _placed(self._journal.length, lengths))
        except BaseException as problem:
            self._take_out(problem)
            self._certain = True
            raise
        self._sync(len(group.data))
        self._edge, self.place = edge, Place(self.place.size + len(entries), self._journal.first, self._journal.length)
        self._certain = True
        with suppress(OSError):  # the group is durable: readers elsewhere learn of it with the next one
            self._published.write(self.place)

    def close(self) -> None:
        """Marks everything as synced, if it can, and lets go of the journal."""
        with suppress(OSError):  # the next one to open the log makes the rows anew from the mark before
            if self._certain and self._marked != self.place.size:
                self._mark()
        self._journal.close()

    def _sync(self, written: int) -> None:
        try:
            self._journal.sync(written)
        except BaseException as problem:
            # Linux takes pages that it could not write for written: nothing here is trusted before the log is opened again,
            # which writes the tail anew. It will not find the group there, once that was cut out.
            self._take_out(problem)
            raise

    def _take_out(self, problem: BaseException) -> None:
        """Cuts out what a problem left of a group. Raises ``AppendUncertain`` when the disk does not do that either."""
        try:
            self._journal.cut_back()
        except OSError as failed:
            raise AppendUncertain(failed.strerror or type(failed).__name__) from problem

    def _go_on(self) -> None:
        """What is due before the next group. Whether a segment is full does not depend on the group: it stays full."""
        if self.place.size - self._marked >= self._mark_every:
            self._mark()
        if self._journal.length >= self._segment_bytes:
            self._journal.begin(self.place.size)
            self.place = Place(self.place.size, self._journal.first, self._journal.length)

    def _mark(self) -> None:
        self._certain = False
        self._rows.sync()
        self._certain = True
        self._disk.replace(self._folder / MARK, mark_bytes(self.place))
        self._marked = self.place.size

    def _rebuild(self, found: Found, start: Place) -> None:
        """Makes the rows anew from a place on, some thousand at a time."""
        leaves: list[LogLeaf] = []
        positions: list[tuple[int, int]] = []
        for offset, group in frames(self._disk, self._folder, found, start):
            leaves += frame_leaves(group)
            positions += _placed(offset, record_lengths(group))
            if len(leaves) >= _AT_ONCE:
                self._put(leaves, positions)
                leaves, positions = [], []
        if leaves:
            self._put(leaves, positions)

    def _put(self, leaves: Sequence[LogLeaf], positions: Sequence[tuple[int, int]]) -> None:
        hashes = b"".join(leaf_hash(leaf_bytes(leaf)).value for leaf in leaves)
        self._edge, added = grow(self._edge, hashes)
        self._rows.write(leaves[0].index, leaves, added, positions)


def _trusted(disk: Disk, folder: Path, mark: Place) -> tuple[Place, Edge]:
    """The mark and the edge there, when the rows are there up to it; else the beginning."""
    with closing(DerivedFiles(folder, disk.readable_or_empty)) as rows, suppress(LogDamaged):
        if rows.reaches(mark.size):
            return mark, rows.edge(mark.size)
    return BEGINNING, ()


def _placed(offset: int, lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Where the records of the group that begins at a byte of its segment are, and how long."""
    positions, at = [], offset + FRAME_HEADER
    for length in lengths:
        positions.append((at, length))
        at += length
    return positions
