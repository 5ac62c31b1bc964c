"""Files that people bring to commands, and take away from them."""

from pathlib import Path

from certchain.config.file import FOR_ALL, write_whole
from certchain.errors import StorageUnavailable


def read_file(path: Path, most: int = -1) -> bytes:
    """A file's bytes, or its first ``most``. Raises ``StorageUnavailable``."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as problem:
        raise StorageUnavailable(f"{path}: {problem.strerror}") from problem


def write_file(path: Path, content: bytes) -> None:
    """A file that others may read, written whole. Raises ``StorageUnavailable``."""
    try:
        write_whole(path, content, FOR_ALL)
    except OSError as problem:
        raise StorageUnavailable(f"{path}: {problem.strerror}") from problem
