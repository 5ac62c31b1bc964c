"""A factory's list of devices: a CSV file (RFC 4180) in UTF-8, one device a line, read as it is needed."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from certchain.errors import MalformedKey, MalformedValue, StorageUnavailable
from certchain.models.production import DeviceDescription, ProducedDevice
from certchain.models.registration import PublicKeys

COLUMNS = ("manufacturer", "model", "serial", "signing_key", "exchange_key")
"""The first line. Keys are in hex: Ed25519 (32 bytes), and P-256 compressed (33 bytes)."""
_LONGEST = 1_000


@dataclass(frozen=True, slots=True)
class ProductionList:
    """The devices in the list's order, which is that of their places in the batch; the file is read anew each time.

    Going through it raises ``StorageUnavailable``, and ``MalformedValue`` with the line of what is not a device.
    """

    path: Path

    def __iter__(self) -> Iterator[ProducedDevice]:
        try:
            with self.path.open(encoding="utf-8", newline="") as file:
                lines = csv.reader(file, strict=True)
                if tuple(next(lines, ())) != COLUMNS:
                    raise MalformedValue("list of devices", f"its first line is not {','.join(COLUMNS)}")
                for line in lines:
                    yield _device(lines.line_num, line)
        except OSError as problem:
            raise StorageUnavailable(f"{self.path}: {problem.strerror}") from problem
        except (csv.Error, UnicodeDecodeError) as problem:
            raise MalformedValue("list of devices", str(problem)) from problem


def _device(number: int, line: list[str]) -> ProducedDevice:
    place = f"line {number} of the list of devices"
    if len(line) != len(COLUMNS) or not all(0 < len(cell) <= _LONGEST for cell in line):
        raise MalformedValue(place, f"it has not {len(COLUMNS)} cells of 1 to {_LONGEST} letters")
    try:
        keys = PublicKeys(bytes.fromhex(line[3]), bytes.fromhex(line[4]))
    except (ValueError, MalformedKey):
        raise MalformedValue(place, "its keys are not 32 and 33 bytes in hex") from None
    return ProducedDevice(DeviceDescription(*line[:3]), keys)
