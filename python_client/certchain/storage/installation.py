"""A package's installed files, measured beside the RECORD of their installation (PEP 376, PEP 627)."""

import base64
import hashlib
import marshal
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType

from certchain.errors import InstallationUnrecorded, StorageUnavailable
from certchain.models.digest import Digest
from certchain.models.installation import Installation, InstalledFile

PACKAGE = "certchain"
_CACHE = "__pycache__"
_HEADER = 16  # of a .pyc: magic number, flags, and what it knows of its source (PEP 552)
_BYTECODE = re.compile(r"(?P<module>[^.]+)\.[^.]+(\.opt-(?P<level>[12]))?\.pyc")


def read_installation(running: Path, installed: Distribution | None = None) -> Installation:
    """Measures the package whose code is ``running`` from this folder; by default as it is installed for this interpreter.

    Raises ``InstallationUnrecorded`` when there is no record of that very folder, as for an editable installation, and
    ``StorageUnavailable``.
    """
    found = installed or _installed()
    own = Path(str(found.locate_file(PACKAGE)))
    recorded = {path.as_posix(): file for path in found.files or () if (file := _recorded(found, path)) is not None}
    if not any(Path(path).parts[0] == PACKAGE for path in recorded):
        raise InstallationUnrecorded(PACKAGE, "their record does not name them, as in an editable installation")
    if own.resolve() != running.resolve():
        raise InstallationUnrecorded(PACKAGE, f"what runs is in {str(running)!r}, and the record is of {str(own)!r}")
    try:
        return Installation(
            PACKAGE,
            Digest(hashlib.sha256((found.read_text("RECORD") or "").encode()).digest()),
            recorded,
            {**_measured(found, recorded), **_there(own)},
            tuple(sorted(_foreign(own))),
        )
    except OSError as problem:
        raise StorageUnavailable(f"the installed files: {problem.strerror}") from problem


def _installed() -> Distribution:
    try:
        return distribution(PACKAGE)
    except PackageNotFoundError:
        raise InstallationUnrecorded(PACKAGE, "the package is not installed") from None


def _recorded(installed: Distribution, path: PackagePath) -> InstalledFile | None:
    """What the record says of a file. RECORD itself and bytecode have neither digest nor size there.

    A program outside of the folder counts where it is: who installs into another folder may have none, or have it elsewhere.
    """
    if path.hash is None or path.hash.mode != "sha256" or path.size is None:
        return None
    if path.parts[0] == ".." and not Path(str(installed.locate_file(path))).exists():
        return None
    value = path.hash.value
    return InstalledFile(path.size, Digest(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))))


def _measured(installed: Distribution, recorded: Mapping[str, InstalledFile]) -> Mapping[str, InstalledFile]:
    places = {path: Path(str(installed.locate_file(path))) for path in recorded}
    return {path: _measure(place) for path, place in places.items() if place.is_file()}


def _there(own: Path) -> Mapping[str, InstalledFile]:
    """Every file in the package's folder but bytecode. A link or another thing that is no file counts as an empty one."""
    paths = (path for path in own.rglob("*") if not path.is_dir() or path.is_symlink())
    return {path.relative_to(own.parent).as_posix(): _measure(path) for path in paths if not _is_bytecode(path)}


def _is_bytecode(path: Path) -> bool:
    return path.parent.name == _CACHE and path.suffix == ".pyc" and path.is_file()


def _measure(path: Path) -> InstalledFile:
    if path.is_symlink() or not path.is_file():
        return InstalledFile(0, Digest(hashlib.sha256().digest()))
    with path.open("rb") as file:
        return InstalledFile(path.stat().st_size, Digest(hashlib.file_digest(file, "sha256").digest()))


def _foreign(own: Path) -> Iterator[str]:
    for path in own.rglob("*.pyc"):
        if _is_bytecode(path) and not _is_of_its_source(path):
            yield path.relative_to(own.parent).as_posix()


def _is_of_its_source(path: Path) -> bool:
    """Whether this interpreter would run the same code without it. What another interpreter left is never run by this one."""
    content, named = path.read_bytes(), _BYTECODE.fullmatch(path.name)
    if not content.startswith(MAGIC_NUMBER):
        return True
    source = path.parent.parent / f"{named['module']}.py" if named else path
    if named is None or not source.is_file():
        return False
    try:
        cached = marshal.loads(content[_HEADER:])  # noqa: S302 - read to be compared, and never run
        level = int(named["level"] or 0)
        fresh = compile(source.read_bytes(), str(source), "exec", dont_inherit=True, optimize=level)
    except (EOFError, ValueError, TypeError, SyntaxError):
        return False
    return isinstance(cached, CodeType) and cached == fresh
