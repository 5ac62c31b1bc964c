"""An app's folder on disk, measured for its file manifest."""

import hashlib
from pathlib import Path

from certchain.errors import MalformedValue, StorageUnavailable
from certchain.models.certification import ManifestFile
from certchain.models.digest import Digest


def measure_app(folder: Path) -> tuple[ManifestFile, ...]:
    """Every file below the folder, hidden ones too, in the order of their paths.

    Raises ``StorageUnavailable`` when something cannot be read, ``MalformedValue`` for what is neither file nor folder: a link could lead
    out of what is measured.
    """
    try:
        if not folder.is_dir():
            raise StorageUnavailable(f"there is no app folder {folder.name!r}")
        return tuple(sorted((_measured(folder, path) for path in _files(folder)), key=lambda file: file.path))
    except OSError as problem:
        raise StorageUnavailable(f"app folder {folder.name!r}: {problem.strerror}") from None


def _files(folder: Path) -> list[Path]:
    paths = list(folder.rglob("*"))
    for path in paths:
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise MalformedValue("app folder", f"{path.name!r} is neither file nor folder")
    return [path for path in paths if path.is_file()]


def _measured(folder: Path, path: Path) -> ManifestFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
        return ManifestFile(path.relative_to(folder).as_posix(), file.tell(), Digest(digest))
