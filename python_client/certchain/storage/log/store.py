"""The log store in a folder.

::

    writer.lock            held by the one who writes
    journal-<first index>  segments of the journal: groups, each written and synced before it is acknowledged
    twin-<first index>     the same once more, for the newest two segments
    leaves, level-<n>      rows of bundles and tiles, each with its checks in <name>.crc; made anew from the journal
    positions              where each record is; made anew from the journal
    size, synced           how far readers may read, and up to where the rows are on the disk

A file of rows that is damaged is mended by removing it, or ``synced``, and opening the log for writing. A folder that is put
back whole from an older copy is a log like any other here: it is the chain that knows better.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock

from certchain.config.lock import held
from certchain.errors import LogInUse, StorageUnavailable
from certchain.models.log import TILE_WIDTH, SealedEntry
from certchain.storage.log.body import read_entries
from certchain.storage.log.derived import DerivedFiles
from certchain.storage.log.disk import Disk
from certchain.storage.log.group import require_bundle, require_group, require_range, require_tile
from certchain.storage.log.mark import Place, PublishedSize, read_mark
from certchain.storage.log.recovery import BEGINNING
from certchain.storage.log.segment import segment_firsts, segment_of
from certchain.storage.log.writing import MARK, MARK_EVERY, SEGMENT_BYTES, SIZE, GroupWriter, Survey
from certchain.storage.record import disk_errors


def open_log_store(folder: Path, *, write: bool) -> "SegmentLogStore":
    """Opens the log in a folder; who writes makes it when it is not there, and mends what a crash left.

    Raises ``LogInUse`` when another writes it, ``LogDamaged`` and ``StorageUnavailable``; a reader also the last for a folder
    without a log.
    """
    return SegmentLogStore(folder, write=write)


class SegmentLogStore:
    """See ``LogStore``. Thread-safe; reading takes no lock. See ``open_log_store``."""

    def __init__(
        self,
        folder: Path,
        *,
        write: bool,
        disk: Disk | None = None,
        segment_bytes: int = SEGMENT_BYTES,
        mark_every: int = MARK_EVERY,
    ) -> None:
        self._folder, self._disk = folder, disk or Disk()
        self._appending = Lock()
        self._firsts: list[int] = []
        self._writer: GroupWriter | None = None
        self._open = True
        with ExitStack() as opened, disk_errors():
            survey = self._lock(opened) if write else None
            self._published, self._rows = self._files(opened, write)
            if survey is not None:
                self._writer = GroupWriter(
                    self._disk,
                    folder,
                    survey,
                    self._rows,
                    self._published,
                    segment_bytes=segment_bytes,
                    mark_every=mark_every,
                )
                opened.callback(self._writer.close)
            self._held = opened.pop_all()

    def size(self) -> int:
        with disk_errors():
            return self._place().size

    def append(self, entries: Sequence[SealedEntry], leaf_hashes: Sequence[bytes]) -> None:
        with self._appending, disk_errors():
            place, writer = self._place(), self._writer
            if writer is None:
                raise StorageUnavailable("the log was opened for reading only")
            hashes = require_group(entries, leaf_hashes, place.size)
            writer.require_certain()
            if entries:
                writer.append(entries, hashes)

    def entries(self, first: int, limit: int) -> tuple[SealedEntry, ...]:
        with disk_errors():
            place = self._place()
            indices = require_range(first, limit, place.size)
            found: list[SealedEntry] = []
            while len(found) < len(indices):
                found += self._segment_entries(indices[len(found) :], place)
            return tuple(found)

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        with disk_errors():
            require_tile(level, index, width, self._place().size)
            return self._rows.tile(level, index, width)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        with disk_errors():
            require_bundle(index, width, self._place().size)
            return self._rows.bundle(index, width)

    def close(self) -> None:
        with self._appending, disk_errors():
            self._open = False
            self._held.close()

    def _lock(self, opened: ExitStack) -> Survey:
        """Takes the log for writing, and looks at it, before anything in it is made or changed."""
        self._disk.make_folder(self._folder)
        try:
            opened.enter_context(held(self._folder / "writer.lock", patience=0.0))
        except TimeoutError:
            raise LogInUse(str(self._folder)) from None
        return Survey.of(self._disk, self._folder)

    def _files(self, opened: ExitStack, write: bool) -> tuple[PublishedSize, DerivedFiles]:
        if not write and not (self._folder / SIZE).exists():
            raise StorageUnavailable(f"there is no log in {self._folder}")
        open_file = self._disk.writable if write else self._disk.readable
        rows = DerivedFiles(self._folder, open_file)
        opened.callback(rows.close)
        published = PublishedSize(open_file(self._folder / SIZE))
        opened.callback(published.close)
        return published, rows

    def _place(self) -> Place:
        """How far the log goes, for this reader or the writer."""
        if not self._open:
            raise StorageUnavailable("the log was closed")
        if self._writer is not None:
            return self._writer.place
        return self._published.read() or read_mark(self._disk, self._folder / MARK) or BEGINNING

    def _segment_entries(self, indices: range, place: Place) -> list[SealedEntry]:
        """The first of these entries: as many as are in one segment."""
        firsts = self._firsts
        if not firsts or firsts[-1] != place.segment:
            # A crash may have left a file for a later segment, which has no group, and will be removed.
            self._firsts = firsts = [first for first in segment_firsts(self._folder) if first <= place.segment]
        segment = segment_of(firsts, indices.start)
        following = next((first for first in firsts if first > segment), indices.stop)
        part = range(indices.start, min(indices.stop, following))
        return read_entries(self._disk, self._folder, segment, self._rows.leaves(part), self._rows.positions(part))
