"""The data of a firmware package, which is read in pieces and as often as a step needs it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from certchain.errors import StorageUnavailable
from certchain.models.delivery import CHUNK_LENGTH


class PackageData(Protocol):
    """A package's data, of any size."""

    @property
    def length(self) -> int:
        """How many bytes there are."""
        ...

    def chunks(self) -> Iterator[bytes]:
        """The data from its start, in pieces of ``CHUNK_LENGTH`` bytes, of which only the last is shorter."""
        ...


@dataclass(frozen=True, slots=True)
class PackageBytes:
    """Data in memory."""

    data: bytes

    @property
    def length(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        for offset in range(0, len(self.data), CHUNK_LENGTH):
            yield self.data[offset : offset + CHUNK_LENGTH]


@dataclass(frozen=True, slots=True)
class PackageFile:
    """Data in a file. Raises ``StorageUnavailable`` when it cannot be read."""

    path: Path

    @property
    def length(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError as problem:
            raise StorageUnavailable(f"{self.path}: {problem.strerror}") from problem

    def chunks(self) -> Iterator[bytes]:
        try:
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK_LENGTH):
                    yield chunk
        except OSError as problem:
            raise StorageUnavailable(f"{self.path}: {problem.strerror}") from problem
