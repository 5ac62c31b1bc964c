"""The few things that a log store does to files; faults are put here by tests."""

import os
from contextlib import suppress
from pathlib import Path

from certchain.config.file import OWNER_ONLY, make_folder, sync_folder, write_whole


class File:
    """An open file that is read and written by place. Everything raises ``OSError``."""

    __slots__ = ("_descriptor", "path")

    def __init__(self, path: Path, flags: int) -> None:
        self.path = path
        self._descriptor = os.open(path, flags | os.O_CLOEXEC, OWNER_ONLY)

    def read(self, at: int, length: int) -> bytes:
        """The bytes there; fewer where the file ends."""
        parts = []
        length = min(length, self.length() - at)  # what a damaged row asks for may be anything
        while length > 0 and (part := os.pread(self._descriptor, length, at)):
            parts.append(part)
            at, length = at + len(part), length - len(part)
        return b"".join(parts)

    def write(self, at: int, data: bytes) -> None:
        """Puts the bytes there, all of them: in the page cache, not on the disk."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, at)
            at, view = at + written, view[written:]

    def sync(self) -> None:
        """Returns when the disk has the content and the length.

        After an error the page cache is not to be trusted: Linux marks what it could not write as written.
        """
        os.fdatasync(self._descriptor)

    def cut(self, length: int) -> None:
        """Ends the file there, in the page cache."""
        os.ftruncate(self._descriptor, length)

    def length(self) -> int:
        """In bytes, now."""
        return os.fstat(self._descriptor).st_size

    def close(self) -> None:
        """Closes it, once."""
        descriptor, self._descriptor = self._descriptor, -1
        with suppress(OSError):
            os.close(descriptor)


class Disk:
    """Opens and removes files."""

    def make_folder(self, folder: Path) -> None:
        """Makes a folder for its owner only, with those above it; the disk knows their names when it returns."""
        make_folder(folder)

    def writable(self, path: Path) -> File:
        """A file to read and write, made if it is not there, readable by its owner only."""
        return File(path, os.O_RDWR | os.O_CREAT)

    def readable(self, path: Path) -> File:
        """A file that is there. Raises ``FileNotFoundError``."""
        return File(path, os.O_RDONLY)

    def readable_or_empty(self, path: Path) -> File:
        """The same; a file that is not there has nothing in it."""
        try:
            return self.readable(path)
        except FileNotFoundError:
            return File(Path(os.devnull), os.O_RDONLY)

    def replace(self, path: Path, content: bytes) -> None:
        """Writes a file whole or not at all, onto the disk."""
        write_whole(path, content)

    def remove(self, path: Path) -> None:
        """Removes a file, if it is there."""
        path.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Has the disk know which names are in a folder."""
        sync_folder(folder)
