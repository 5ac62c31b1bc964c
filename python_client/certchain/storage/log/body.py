"""Reads entries out of the journal."""

import logging
from collections.abc import Sequence
from pathlib import Path

from certchain.errors import LogDamaged
from certchain.models.log import LogLeaf, SealedEntry
from certchain.storage.log.disk import Disk, File
from certchain.storage.log.frame import read_record
from certchain.storage.log.segment import copies, journal_path

_log = logging.getLogger(__name__)


def read_entries(
    disk: Disk, folder: Path, segment: int, leaves: Sequence[LogLeaf], positions: Sequence[tuple[int, int]]
) -> list[SealedEntry]:
    """The entries of a segment that have these leaves, in a row; each position is the byte of its record, and the length.

    What is spoiled in the segment is taken from the twin, while it has one. Raises ``LogDamaged`` and ``OSError``.
    """
    begin, end = positions[0][0], sum(positions[-1])
    with copies(disk, folder, segment) as (journal, twin):
        span = journal.read(begin, end - begin)
        return [
            read_record(span[at - begin : at - begin + length], leaf) or _from_twin(twin, at, length, leaf, segment)
            for leaf, (at, length) in zip(leaves, positions, strict=True)
        ]


def _from_twin(twin: File, at: int, length: int, leaf: LogLeaf, segment: int) -> SealedEntry:
    entry = read_record(twin.read(at, length), leaf)
    name = journal_path(Path(), segment).name
    if entry is None:
        raise LogDamaged(name, "the entry is not as it was written, or not where positions has it", leaf.index)
    _log.warning("entry %d is spoiled in %s, and was read from its twin", leaf.index, name)
    return entry
