"""The journal's files in a folder: each segment in a file that is named by its first index, the newest two with a twin beside them."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from certchain.errors import LogDamaged
from certchain.storage.log.disk import Disk, File
from certchain.storage.log.frame import Frame, read_frame

TWINS = 2
"""How many segments have a twin: the one that is written, and the one before, whose end may be newer than the last backup."""
_NAME = re.compile(r"(?:journal|twin)-([0-9]{20})")


def journal_path(folder: Path, first: int) -> Path:
    """Where the segment that begins at index ``first`` is."""
    return folder / f"journal-{first:020d}"


def twin_path(folder: Path, first: int) -> Path:
    """Where its twin is, while it has one."""
    return folder / f"twin-{first:020d}"


def segment_firsts(folder: Path) -> list[int]:
    """The first indices of the segments that a folder has, in order, those of which only the twin is left among them."""
    return sorted({int(found[1]) for path in folder.iterdir() if (found := _NAME.fullmatch(path.name))})


def segment_of(firsts: Sequence[int], index: int) -> int:
    """The first index of the segment that has an entry."""
    return firsts[bisect_right(firsts, index) - 1]


@contextmanager
def copies(disk: Disk, folder: Path, first: int) -> Iterator[tuple[File, File]]:
    """A segment's file and its twin, to read; one that is not there is empty."""
    journal = disk.readable_or_empty(journal_path(folder, first))
    try:
        twin = disk.readable_or_empty(twin_path(folder, first))
        try:
            yield journal, twin
        finally:
            twin.close()
    finally:
        journal.close()


def whole_frame(files: Sequence[File], at: int, index: int) -> Frame | None:
    """The frame that begins there with this index, from whichever of the copies has it whole.

    Raises ``LogDamaged`` when both have it whole and unlike: one of them is another log's, and nothing here tells which.
    """
    found = [frame for file in files if (frame := read_frame(file, at)) is not None and frame.first == index]
    if any(frame != found[0] for frame in found[1:]):
        raise LogDamaged(files[0].path.name, "its twin has another group there, and both are whole", index)
    return found[0] if found else None
