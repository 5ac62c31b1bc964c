"""How the journal's files are written: a segment begins with a header, and has a frame for each group of entries.

Numbers are big-endian. CRC is CRC-32 (zlib's): it finds what a disk spoils; what a person changes, the tree finds.

::

    segment header   "certlog1" (8)  first index (8)  the previous segment's first index (8) and length (8)  CRC of these (4)
    frame header     "grup" (4)  first index (8)  count (4)  length of the records (4)  CRC of these and of the records (4)
    record           CRC of what follows (4)  length of the body (4)  time (8)  key number (8)  commitment (32)  sealed body
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from certchain.models.digest import Digest
from certchain.models.log import LogLeaf, SealedEntry
from certchain.storage.log.disk import File

FRAME_MAGIC = b"grup"
_SEGMENT_MAGIC = b"certlog1"
_SEGMENT = struct.Struct(">8sQQQ")
_FRAME = struct.Struct(">4sQII")
_RECORD = struct.Struct(">IQQ32s")
_CRC = struct.Struct(">I")
SEGMENT_HEADER = _SEGMENT.size + _CRC.size
FRAME_HEADER = _FRAME.size + _CRC.size
_RECORD_HEADER = _CRC.size + _RECORD.size


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment's header: its first index, and first index and length in bytes of the segment before (zeros for the first)."""

    first: int
    previous_first: int
    previous_length: int

    def header(self) -> bytes:
        """As it stands at the beginning of the file."""
        header = _SEGMENT.pack(_SEGMENT_MAGIC, self.first, self.previous_first, self.previous_length)
        return header + _CRC.pack(crc32(header))


@dataclass(frozen=True, slots=True)
class Frame:
    """One group as the journal has it: ``data`` is header and records."""

    first: int
    count: int
    data: bytes


def read_segment(file: File) -> Segment | None:
    """The header of a segment's file; ``None`` when it is not whole."""
    data = file.read(0, SEGMENT_HEADER)
    header, crc = data[: _SEGMENT.size], data[_SEGMENT.size :]
    if len(data) != SEGMENT_HEADER or _CRC.pack(crc32(header)) != crc or not header.startswith(_SEGMENT_MAGIC):
        return None
    return Segment(*_SEGMENT.unpack(header)[1:])


def frame(first: int, entries: Sequence[SealedEntry]) -> tuple[Frame, list[int]]:
    """The frame of a group that begins at index ``first``, and how many bytes each record in it has."""
    parts, lengths = [], []
    for entry in entries:
        sealed, leaf = entry.sealed, entry.leaf
        record = _RECORD.pack(len(sealed), leaf.at, entry.key, leaf.commitment.value) + sealed
        parts += [_CRC.pack(crc32(record)), record]
        lengths.append(_CRC.size + len(record))
    records = b"".join(parts)
    header = _FRAME.pack(FRAME_MAGIC, first, len(entries), len(records))
    return Frame(first, len(entries), header + _CRC.pack(crc32(records, crc32(header))) + records), lengths


def read_frame(file: File, at: int) -> Frame | None:
    """The frame that begins there; ``None`` when there is none, or not a whole one."""
    header = file.read(at, FRAME_HEADER)
    if len(header) != FRAME_HEADER or not header.startswith(FRAME_MAGIC):
        return None
    _, first, count, length = _FRAME.unpack_from(header)
    records = file.read(at + FRAME_HEADER, length)
    if len(records) != length or _CRC.pack(crc32(records, crc32(header[: _FRAME.size]))) != header[_FRAME.size :]:
        return None
    return Frame(first, count, header + records)


def record_lengths(group: Frame) -> list[int]:
    """How many bytes each record in a frame has."""
    lengths, at = [], FRAME_HEADER
    while at < len(group.data):
        (sealed,) = _CRC.unpack_from(group.data, at + _CRC.size)
        lengths.append(_RECORD_HEADER + sealed)
        at += lengths[-1]
    return lengths


def frame_leaves(group: Frame) -> Iterator[LogLeaf]:
    """The leaves of a frame's entries."""
    at = FRAME_HEADER
    for index, length in enumerate(record_lengths(group), start=group.first):
        _, time, _, commitment = _RECORD.unpack_from(group.data, at + _CRC.size)
        yield LogLeaf(index, time, Digest(commitment))
        at += length


def read_record(record: bytes, leaf: LogLeaf) -> SealedEntry | None:
    """The entry in a record; ``None`` when the record was changed, or is not that of this leaf."""
    if len(record) < _RECORD_HEADER or _CRC.pack(crc32(record[_CRC.size :])) != record[: _CRC.size]:
        return None
    length, at, key, commitment = _RECORD.unpack_from(record, _CRC.size)
    if (length, at, commitment) != (len(record) - _RECORD_HEADER, leaf.at, leaf.commitment.value):
        return None
    return SealedEntry(leaf, key, record[_RECORD_HEADER:])
