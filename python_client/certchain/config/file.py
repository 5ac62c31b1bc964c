"""Files that are written whole or not at all, and are on the disk once they are written; whoever keeps a file uses this.

The content goes to a file beside the place, is synced, and takes the name in one step; then the folder is synced, since a name is
its folder's data. All of this raises ``OSError``, which callers turn into the error of their layer.
"""

import errno
import os
import secrets
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

PARTIAL = ".partial-"
"""How the name of a file begins that is not whole yet; a crash may leave one behind."""
OWNER_ONLY, FOR_ALL = 0o600, 0o644
PRIVATE_FOLDER, OPEN_FOLDER = 0o700, 0o755


class Draft:
    """A file that is being written beside its place. Leaving the context without ``keep`` removes it without a trace."""

    def __init__(self, path: Path, mode: int = OWNER_ONLY) -> None:
        self._path, self._partial = path, path.with_name(PARTIAL + secrets.token_hex(8))
        self._file = open(self._partial, "xb", opener=partial(os.open, mode=mode))  # noqa: SIM115 - closed by the context

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # of what is given up; what is kept is on the disk already
            self._partial.unlink(missing_ok=True)
            self._file.close()

    def write(self, content: bytes) -> None:
        """Adds to the file."""
        self._file.write(content)

    def keep(self, new: bool = False) -> None:
        """Puts the file in its place, on the disk. A ``new`` one replaces nothing: ``FileExistsError`` if there is a file."""
        self._file.flush()
        os.fsync(self._file.fileno())
        if new:
            self._path.hardlink_to(self._partial)
            self._partial.unlink()
        else:
            self._partial.replace(self._path)
        sync_folder(self._path.parent)


def write_whole(path: Path, content: bytes, mode: int = OWNER_ONLY, new: bool = False) -> None:
    """Writes a file with these permissions, and makes its folder if there is none.

    A ``new`` file replaces nothing: ``FileExistsError`` if there is one.
    """
    make_folder(path.parent)
    with Draft(path, mode) as draft:
        draft.write(content)
        draft.keep(new)


def make_folder(folder: Path, mode: int = PRIVATE_FOLDER) -> None:
    """Makes a folder with these permissions, and those above it, where there is none; the disk has their names when it returns.

    Raises ``NotADirectoryError`` when something else has one of the names.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent, mode)
    try:
        folder.mkdir(mode=mode, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Has the disk know which names are in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
