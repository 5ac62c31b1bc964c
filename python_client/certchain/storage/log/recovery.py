"""Finds out where a journal ends, when it is opened for writing, and mends its end from the twin.

First everything that is needed is only read: a journal that lacks what was acknowledged, or groups that the rows have to be made
from, raises ``LogDamaged``, and nothing is changed. So do two copies with unlike groups in one place, both of them whole. Then what
was written since the last mark is written once more, into one file and then into the other, each synced: after a failed sync the
page cache may show what the disk has not got. A group at the end that is whole in neither file was never acknowledged, and is
dropped; one that is whole in one of them may not have been either, and is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from certchain.errors import LogDamaged
from certchain.storage.log.disk import Disk, File
from certchain.storage.log.frame import FRAME_MAGIC, SEGMENT_HEADER, Frame, Segment, read_frame, read_segment
from certchain.storage.log.mark import Place
from certchain.storage.log.segment import copies, journal_path, segment_firsts, twin_path, whole_frame

BEGINNING = Place(0, 0, SEGMENT_HEADER)
"""Where the first group is."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a journal was found to be: the segments that it has, and where it ends."""

    segments: tuple[Segment, ...]
    end: Place
    tail: Place
    """The place in the last segment from which on it is written once more; its end when both files are as they were closed."""
    unborn: int | None
    """The first index of a segment in which a crash left nothing, not even its header."""


def survey(disk: Disk, folder: Path, mark: Place, proven: int) -> Found:
    """Where the journal ends, when it has ``proven`` entries at least; ``mark`` is a place up to which it was whole once.

    Raises ``LogDamaged`` and ``OSError``.
    """
    headers = _headers(disk, folder)
    unborn = _unborn(disk, folder, headers)
    segments = _chained(headers[: len(headers) - (unborn is not None)])
    for one, following in pairwise(segments):
        _require_whole(disk, folder, one, following)
    found = Found(segments, *_end(disk, folder, segments[-1].first if segments else 0, mark), unborn)
    if found.end.size < proven:
        name = journal_path(folder, found.end.segment).name
        raise LogDamaged(name, f"it ends there, and {proven} entries were acknowledged", found.end.size)
    return found


def mend(disk: Disk, folder: Path, found: Found) -> None:
    """Makes the journal's files, and their twins, what they were found to be. Raises ``OSError``."""
    if found.unborn is not None:
        disk.remove(journal_path(folder, found.unborn))
        disk.remove(twin_path(folder, found.unborn))
    for one, following in pairwise(found.segments):
        if _spoiled(disk, folder, one, following.previous_length):
            _write_again(disk, folder, one, _start_of(one), _end_of(one, following))
    last = found.segments[-1] if found.segments else Segment(0, 0, 0)
    if found.tail != found.end or _unlike(disk, folder, last, found.end.offset):
        _write_again(disk, folder, last, found.tail, found.end)


def frames(disk: Disk, folder: Path, found: Found, start: Place) -> Iterator[tuple[int, Frame]]:
    """Every group from a place up to the journal's end, and the byte in its segment where it begins.

    Raises ``LogDamaged`` and ``OSError``.
    """
    ends = {one.first: following.previous_length for one, following in pairwise(found.segments)}
    index, offset = start.size, start.offset
    for segment in found.segments:
        if segment.first < start.segment:
            continue
        end = ends.get(segment.first, found.end.offset)
        with copies(disk, folder, segment.first) as files:
            while offset < end:
                group = whole_frame(files, offset, index)
                if group is None:
                    raise LogDamaged(
                        journal_path(folder, segment.first).name, "a group is not as it was written", index
                    )
                yield offset, group
                index, offset = index + group.count, offset + len(group.data)
        offset = SEGMENT_HEADER


def _headers(disk: Disk, folder: Path) -> list[tuple[int, Segment | None]]:
    headers = []
    for first in segment_firsts(folder):
        with copies(disk, folder, first) as files:
            headers.append((first, read_segment(files[0]) or read_segment(files[1])))
    return headers


def _unborn(disk: Disk, folder: Path, headers: Sequence[tuple[int, Segment | None]]) -> int | None:
    """The last segment, if a crash came before its header was durable; then it has no group either."""
    if not headers or headers[-1][1] is not None:
        return None
    first = headers[-1][0]
    with copies(disk, folder, first) as files:
        _require_nothing_after(files, 0, first)
    return first


def _chained(headers: Sequence[tuple[int, Segment | None]]) -> tuple[Segment, ...]:
    """The segments, when each continues the one before."""
    segments: list[Segment] = []
    before = 0
    for first, header in headers:
        name = journal_path(Path(), first).name
        if header is None or header.first != first:
            raise LogDamaged(name, "its header is not as it was written", first)
        if header.previous_first != before or (first and not segments):
            missing = journal_path(Path(), header.previous_first).name
            raise LogDamaged(missing, "it is missing", header.previous_first)
        segments.append(header)
        before = first
    return tuple(segments)


def _require_whole(disk: Disk, folder: Path, segment: Segment, following: Segment) -> None:
    """A segment that is no longer written is as long as the next one says, or can be made so from its twin."""
    if not _spoiled(disk, folder, segment, following.previous_length):
        return
    with copies(disk, folder, segment.first) as files:
        end, index = _scan(files, SEGMENT_HEADER, segment.first, following.previous_length)
    if (end, index) != (following.previous_length, following.first):
        name = journal_path(folder, segment.first).name
        raise LogDamaged(name, f"its groups end at byte {end}, and had {following.previous_length} bytes", index)


def _end(disk: Disk, folder: Path, first: int, mark: Place) -> tuple[Place, Place]:
    """Where the last segment ends, and from where on it has to be written again."""
    with copies(disk, folder, first) as files:
        lengths = [file.length() for file in files]
        begin = Place(first, first, SEGMENT_HEADER)
        if mark.segment == first and min(lengths) >= mark.offset:
            begin = mark
        offset, index = _scan(files, begin.offset, begin.size)
        _require_nothing_after(files, offset, index)
    return Place(index, first, offset), begin


def _scan(files: Sequence[File], at: int, index: int, end: int | None = None) -> tuple[int, int]:
    """The byte and the index behind the last whole group."""
    while (end is None or at < end) and (group := whole_frame(files, at, index)):
        at, index = at + len(group.data), index + group.count
    return at, index


def _require_nothing_after(files: Sequence[File], at: int, index: int) -> None:
    """A group is written when the one before is durable: a whole one behind one that is not means damage, not a crash."""
    for file in files:
        rest = file.read(at, file.length())
        begin = rest.find(FRAME_MAGIC)
        while begin >= 0:
            later = read_frame(file, at + begin)
            if later is not None and later.first > index:
                raise LogDamaged(
                    file.path.name, f"a group is not as it was written, and entry {later.first} follows", index
                )
            begin = rest.find(FRAME_MAGIC, begin + 1)


def _spoiled(disk: Disk, folder: Path, segment: Segment, length: int) -> bool:
    """Whether a segment's own file is shorter than it was, or has another header."""
    with copies(disk, folder, segment.first) as (journal, _):
        return journal.length() < length or read_segment(journal) != segment


def _unlike(disk: Disk, folder: Path, segment: Segment, length: int) -> bool:
    """Whether one of the newest segment's two files is not this long, or has another header."""
    with copies(disk, folder, segment.first) as files:
        return any(file.length() != length or read_segment(file) != segment for file in files)


def _start_of(segment: Segment) -> Place:
    return Place(segment.first, segment.first, SEGMENT_HEADER)


def _end_of(segment: Segment, following: Segment) -> Place:
    return Place(following.first, segment.first, following.previous_length)


def _write_again(disk: Disk, folder: Path, segment: Segment, begin: Place, end: Place) -> None:
    """Writes a segment's groups from a place on into both files, from whichever has each whole, and ends them there.

    A file that is written over may lose what it had in a power cut: so the one that lacks more comes first, and is synced before
    the other is touched.
    """
    journal = disk.writable(journal_path(folder, segment.first))
    twin = disk.writable(twin_path(folder, segment.first))
    files = (journal, twin)
    try:
        for file in sorted(files, key=lambda file: _scan((file,), begin.offset, begin.size, end.offset)):
            _copy_groups(files, file, begin, end)
            file.write(0, segment.header())
            file.cut(end.offset)
            file.sync()
    finally:
        journal.close()
        twin.close()
    disk.sync_folder(folder)


def _copy_groups(files: Sequence[File], target: File, begin: Place, end: Place) -> None:
    at, index = begin.offset, begin.size
    while at < end.offset and (group := whole_frame(files, at, index)):
        target.write(at, group.data)
        at, index = at + len(group.data), index + group.count
