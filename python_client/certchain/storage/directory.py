"""Files in a folder, each replaced whole or not at all, and on the disk when ``write`` returns.

One store at a time uses a folder: what a crash left half written is removed when the next one opens it.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from certchain.config.file import PARTIAL, Draft, make_folder, sync_folder
from certchain.errors import UnknownRecord
from certchain.storage.record import disk_errors, file_name

_CHUNK = 64 * 1024


class DirectoryReader:
    """The reading half of ``FileStore``, for who reads beside the one store that writes the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Iterator[bytes]:
        path = self._folder / file_name(name)
        with disk_errors():
            if not path.is_file():
                raise UnknownRecord("file", name)
        return _chunks(path, name)

    def names(self) -> tuple[str, ...]:
        with disk_errors():
            return tuple(sorted(entry.name for entry in os.scandir(self._folder) if not entry.name.startswith(".")))


class DirectoryFileStore(DirectoryReader):
    """See ``FileStore``. Makes the folder, readable by its owner only, if there is none."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with disk_errors():
            make_folder(folder)
            for leftover in folder.glob(f"{PARTIAL}*"):
                leftover.unlink(missing_ok=True)

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        target = self._folder / file_name(name)
        with disk_errors():
            draft = Draft(target)
        with draft:
            for chunk in chunks:  # an OSError of their source is not one of the disk's, and goes through as it is
                with disk_errors():
                    draft.write(chunk)
            with disk_errors():
                draft.keep()

    def remove(self, name: str) -> None:
        with disk_errors(), _found(name):
            (self._folder / file_name(name)).unlink()
        with disk_errors():
            sync_folder(self._folder)


@contextmanager
def _found(name: str) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError):
        raise UnknownRecord("file", name) from None


def _chunks(path: Path, name: str) -> Iterator[bytes]:
    with disk_errors(), _found(name), path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
