"""Files that another process writes: read, and left alone."""

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from certchain.errors import StorageUnavailable, UnknownRecord
from certchain.storage.record import disk_errors, file_name


class ReadOnlyFileStore:
    """See ``FileStore``: the folder of a ``DirectoryFileStore`` in use by another process. Writing raises ``StorageUnavailable``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Iterator[bytes]:
        path = self._folder / file_name(name)
        with disk_errors():
            try:
                return iter((path.read_bytes(),))
            except (FileNotFoundError, IsADirectoryError):
                raise UnknownRecord("file", name) from None

    def names(self) -> tuple[str, ...]:
        with disk_errors():
            return tuple(sorted(entry.name for entry in os.scandir(self._folder) if not entry.name.startswith(".")))

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        raise _refused()

    def remove(self, name: str) -> None:
        raise _refused()


def _refused() -> StorageUnavailable:
    return StorageUnavailable(os.strerror(errno.EROFS))
