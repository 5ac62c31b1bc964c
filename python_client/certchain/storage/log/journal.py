"""The segment that is being written, and its twin."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from certchain.storage.log.disk import Disk, File
from certchain.storage.log.frame import SEGMENT_HEADER, Segment
from certchain.storage.log.segment import TWINS, journal_path, segment_firsts, twin_path
from certchain.storage.log.twin import remove_twin


class Journal:
    """Writes groups at the end of the newest segment, twice. Everything raises ``OSError``. Not thread-safe.

    ``first`` is the segment's first index, ``length`` how many of its bytes are durable.
    """

    def __init__(self, disk: Disk, folder: Path, first: int, length: int) -> None:
        self._disk, self._folder, self.first, self.length = disk, folder, first, length
        self._syncing = ThreadPoolExecutor(1, thread_name_prefix="log-twin")
        self._files = self._copies(first)

    def write(self, data: bytes) -> None:
        """Puts a frame behind what is durable, in the page cache."""
        for file in self._files:
            file.write(self.length, data)

    def sync(self, written: int) -> None:
        """Makes the bytes just written durable, in both files at once: that takes less than one after the other."""
        journal, twin = self._files
        second = self._syncing.submit(twin.sync)
        try:
            journal.sync()
        finally:
            second.exception()  # waits: nobody touches the file while it is being synced
        second.result()
        self.length += written

    def cut_back(self) -> None:
        """Takes what was written and is not durable out of both files, onto the disk: it is not found there after a crash."""
        for file in self._files:
            file.cut(self.length)
        for file in self._files:
            file.sync()

    def begin(self, first: int) -> None:
        """Goes on in a new segment. What an error leaves of it has no group in it, and is written over."""
        header = Segment(first, self.first, self.length).header()
        fresh = self._copies(first)
        try:
            for file in fresh:
                file.cut(0)
                file.write(0, header)  # synced with the first group; before, a crash leaves a segment without any
            self._disk.sync_folder(self._folder)
        except BaseException:
            self._close(fresh)
            raise
        self._close(self._files)
        self._files, self.first, self.length = fresh, first, SEGMENT_HEADER
        self._remove_twins()

    def close(self) -> None:
        """Closes both files."""
        self._syncing.shutdown()
        self._close(self._files)

    def _copies(self, first: int) -> tuple[File, File]:
        journal = self._disk.writable(journal_path(self._folder, first))
        try:
            return journal, self._disk.writable(twin_path(self._folder, first))
        except BaseException:
            journal.close()
            raise

    def _close(self, files: tuple[File, File]) -> None:
        for file in files:
            file.close()

    def _remove_twins(self) -> None:
        firsts = segment_firsts(self._folder)
        for old, following in list(pairwise(firsts))[: 1 - TWINS]:
            remove_twin(self._disk, self._folder, old, following)
