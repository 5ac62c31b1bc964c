"""Files in a folder, each replaced whole or not at all, and on the disk when ``write`` returns.

One store at a time uses a folder: what a crash left half written is removed when the next one opens it.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from certchain.errors import UnknownRecord
from certchain.storage.record import disk_errors, file_name

_CHUNK = 64 * 1024
_PARTIAL = ".partial-"


class DirectoryFileStore:
    """See ``FileStore``. Makes the folder, readable by its owner only, if there is none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with disk_errors():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            for leftover in folder.glob(f"{_PARTIAL}*"):
                leftover.unlink(missing_ok=True)

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        target = self._folder / file_name(name)
        with disk_errors():
            descriptor, path = tempfile.mkstemp(prefix=_PARTIAL, dir=self._folder)
        partial = Path(path)
        try:
            _fill(descriptor, chunks)
            with disk_errors():
                partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        self._sync()

    def read(self, name: str) -> Iterator[bytes]:
        path = self._folder / file_name(name)
        with disk_errors():
            if not path.is_file():
                raise UnknownRecord("file", name)
        return _chunks(path, name)

    def remove(self, name: str) -> None:
        with disk_errors(), _found(name):
            (self._folder / file_name(name)).unlink()
        self._sync()

    def names(self) -> tuple[str, ...]:
        with disk_errors():
            return tuple(sorted(entry.name for entry in os.scandir(self._folder) if not entry.name.startswith(".")))

    def _sync(self) -> None:
        """A file's name is the folder's data: it is durable only once the folder is synced."""
        with disk_errors():
            descriptor = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


@contextmanager
def _found(name: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError):
        raise UnknownRecord("file", name) from None


def _fill(descriptor: int, chunks: Iterable[bytes]) -> None:
    """Writes and syncs; an ``OSError`` of the chunks' source is not one of the disk's, and goes through as it is."""
    with open(descriptor, "wb") as file:
        for chunk in chunks:
            with disk_errors():
                file.write(chunk)
        with disk_errors():
            file.flush()
            os.fsync(file.fileno())


def _chunks(path: Path, name: str) -> Iterator[bytes]:
    with disk_errors(), _found(name), path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
