"""How far the log goes, in two small files.

``size`` is written over in place after each group, and never synced: readers in other processes go by it. ``synced`` is
replaced whole, once in a while and when the log is closed, after the rows up to its size were synced: on opening, rows are made
anew from there on. Both are written after the journal has what they speak of, so a journal that ends before is damaged.
"""

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID
from zlib import crc32

from certchain.storage.log.disk import Disk, File

_PLACE = struct.Struct(">8sQQQ16s")
_CRC = struct.Struct(">I")
_MAGIC = b"certsize"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Place:
    """A size of the log, and where the journal goes on from there: the segment by its first index, and the byte in it."""

    size: int
    segment: int
    offset: int


def read_mark(disk: Disk, path: Path) -> Place | None:
    """What either file says, whenever it was written; ``None`` when it is not there, or spoiled."""
    file = disk.readable_or_empty(path)
    try:
        return _parse(file.read(0, _PLACE.size + _CRC.size), None)
    finally:
        file.close()


def mark_bytes(place: Place) -> bytes:
    """What ``synced`` holds for a place."""
    return _packed(place, bytes(16))


class PublishedSize:
    """The file ``size``."""

    def __init__(self, file: File) -> None:
        self._file, self._boot = file, _boot()

    def write(self, place: Place) -> None:
        """Tells readers of a new size. Raises ``OSError``."""
        self._file.write(0, _packed(place, self._boot))

    def read(self) -> Place | None:
        """What readers may rely on now: ``None`` when the machine has crashed since it was written, as the rows may have, too."""
        for _ in range(_TRIES):  # a read that meets a write may get some of both
            data = self._file.read(0, _PLACE.size + _CRC.size)
            if _whole(data):
                return _parse(data, self._boot)
        return None

    def close(self) -> None:
        """Closes it."""
        self._file.close()


def _packed(place: Place, boot: bytes) -> bytes:
    data = _PLACE.pack(_MAGIC, place.size, place.segment, place.offset, boot)
    return data + _CRC.pack(crc32(data))


def _whole(data: bytes) -> bool:
    return data[_PLACE.size :] == _CRC.pack(crc32(data[: _PLACE.size])) and data.startswith(_MAGIC)


def _parse(data: bytes, boot: bytes | None) -> Place | None:
    if not _whole(data):
        return None
    _, size, segment, offset, written_in = _PLACE.unpack_from(data)
    return Place(size, segment, offset) if boot is None or boot == written_in else None


def _boot() -> bytes:
    """Which start of the machine this is: what was not synced is lost with the page cache that goes with it."""
    try:
        return UUID(_BOOT.read_text().strip()).bytes
    except (OSError, ValueError):  # no Linux: take every start for a new one, so that only what was synced counts
        return os.urandom(16)
