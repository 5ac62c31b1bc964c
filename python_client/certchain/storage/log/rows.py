"""Files of rows, all of one length, so that a row's place follows from its number.

A checked file has another beside it with four bytes for each row: the CRC-32 of its tile's rows up to that one. So any
beginning of a tile is read with one check. The rows follow from the journal: a file that is damaged can be made anew.
"""

import struct
from zlib import crc32

from certchain.errors import LogDamaged
from certchain.models.log import TILE_WIDTH
from certchain.storage.log.disk import File

_CRC = struct.Struct(">I")


class RowFile:
    """Rows of ``length`` bytes each. Raises ``OSError`` and, where rows are missing, ``LogDamaged``."""

    def __init__(self, file: File, length: int) -> None:
        self._file, self._length = file, length

    def write(self, first: int, rows: bytes) -> None:
        """Puts rows from number ``first`` on."""
        self._file.write(first * self._length, rows)

    def read(self, first: int, count: int) -> bytes:
        """So many rows from number ``first`` on."""
        rows = self._file.read(first * self._length, count * self._length)
        if len(rows) != count * self._length:
            raise LogDamaged(self._file.path.name, "rows are missing", first + len(rows) // self._length)
        return rows

    def count(self) -> int:
        """How many whole rows the file has room for, as it is now."""
        return self._file.length() // self._length

    def sync(self) -> None:
        """Returns when the disk has them."""
        self._file.sync()

    def close(self) -> None:
        """Closes it."""
        self._file.close()


class CheckedRows:
    """A row file, and beside it the file with its checks."""

    def __init__(self, rows: File, checks: File, length: int) -> None:
        self._rows, self._checks, self._length = RowFile(rows, length), RowFile(checks, _CRC.size), length
        self._name = rows.path.name

    def write(self, first: int, rows: bytes) -> None:
        """Puts rows from number ``first`` on, and their checks. Those before in the same tile have to be there."""
        before = self._checks.read(first - 1, 1) if first % TILE_WIDTH else bytes(_CRC.size)
        self._rows.write(first, rows)
        self._checks.write(first, _running(rows, self._length, first, *_CRC.unpack(before)))

    def read(self, tile: int, width: int) -> bytes:
        """The first ``width`` rows of a tile. Raises ``LogDamaged`` when they are not what was written."""
        first = tile * TILE_WIDTH
        rows = self._rows.read(first, width)
        if _CRC.pack(crc32(rows)) != self._checks.read(first + width - 1, 1):
            raise LogDamaged(self._name, "its rows are not those that were written", first)
        return rows

    def count(self) -> int:
        """How many whole rows both files have room for, as they are now."""
        return min(self._rows.count(), self._checks.count())

    def sync(self) -> None:
        """Returns when the disk has them."""
        self._rows.sync()
        self._checks.sync()

    def close(self) -> None:
        """Closes both."""
        self._rows.close()
        self._checks.close()


def _running(rows: bytes, length: int, first: int, before: int) -> bytes:
    """The check of each of these rows, the first of which has the number ``first``; ``before`` is that of the row before."""
    checks, check = [], before
    for number, begin in enumerate(range(0, len(rows), length), start=first):
        check = crc32(rows[begin : begin + length], check if number % TILE_WIDTH else 0)
        checks.append(check)
    return struct.pack(f">{len(checks)}I", *checks)


def numbers(rows: bytes) -> tuple[int, ...]:
    """Rows of eight bytes as numbers."""
    return struct.unpack(f">{len(rows) // 8}Q", rows)


def number_rows(values: list[int]) -> bytes:
    """Numbers as rows of eight bytes."""
    return struct.pack(f">{len(values)}Q", *values)
