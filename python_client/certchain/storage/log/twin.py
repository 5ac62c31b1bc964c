"""Lets go of a twin, once the journal's own file was found to have all that the twin was kept for."""

import logging
from pathlib import Path

from certchain.errors import LogDamaged
from certchain.storage.log.disk import Disk, File
from certchain.storage.log.frame import SEGMENT_HEADER, Segment, read_frame, read_segment
from certchain.storage.log.segment import copies, journal_path, twin_path, whole_frame

_log = logging.getLogger(__name__)
_AT_ONCE = 1 << 20


def remove_twin(disk: Disk, folder: Path, first: int, following: int) -> None:
    """Removes the twin of a segment that another follows; what is spoiled in the journal's file is written again from it before.

    A twin that is needed still is kept, with a warning: when neither file has a group whole, when the two differ, or when one
    cannot be read or written. Raises ``OSError``.
    """
    if not twin_path(folder, first).exists():
        return
    try:
        _make_whole(disk, folder, first, following)
    except (LogDamaged, OSError) as problem:
        _log.warning("%s is kept: %s", twin_path(folder, first).name, problem)
    else:
        disk.remove(twin_path(folder, first))


def _make_whole(disk: Disk, folder: Path, first: int, following: int) -> None:
    with copies(disk, folder, following) as later:
        segment = next((found for file in later if (found := read_segment(file))), None)
    if segment is None:
        raise LogDamaged(journal_path(folder, following).name, "its header is not as it was written", following)
    with copies(disk, folder, first) as files:
        if not _alike(files, segment.previous_length):
            _write(disk, journal_path(folder, first), _spoiled(files, segment))


def _alike(files: tuple[File, File], end: int) -> bool:
    """Whether the twin has nothing that the journal has not: far less work than to go through the groups."""
    journal, twin = files
    return min(journal.length(), twin.length()) >= end and all(
        journal.read(at, min(_AT_ONCE, end - at)) == twin.read(at, min(_AT_ONCE, end - at))
        for at in range(0, end, _AT_ONCE)
    )


def _spoiled(files: tuple[File, File], following: Segment) -> list[tuple[int, bytes]]:
    """What the journal's file lacks up to the next segment, by the byte where it belongs."""
    found: list[tuple[int, bytes]] = []
    journal, twin = files
    if (header := read_segment(twin)) is not None and read_segment(journal) is None:
        found.append((0, header.header()))
    at, index = SEGMENT_HEADER, following.previous_first
    while at < following.previous_length:
        group = whole_frame(files, at, index)
        if group is None:
            raise LogDamaged(journal.path.name, "a group is whole in neither file", index)
        if read_frame(journal, at) != group:
            found.append((at, group.data))
        at, index = at + len(group.data), index + group.count
    return found


def _write(disk: Disk, path: Path, parts: list[tuple[int, bytes]]) -> None:
    if not parts:
        return  # it is the twin that was spoiled
    file = disk.writable(path)
    try:
        for at, data in parts:
            file.write(at, data)
        file.sync()
    finally:
        file.close()
    disk.sync_folder(path.parent)
    _log.warning("%s was spoiled, and is mended from its twin", path.name)
