"""A package as it is installed, beside the record of its installation."""

from collections.abc import Mapping
from dataclasses import dataclass

from certchain.models.digest import Digest


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """A file's size in bytes and its SHA-256."""

    size: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class Installation:
    """What the package's RECORD says (PEP 376, PEP 627) and what is there, by path below the folder that it is installed in.

    ``record`` is the digest of RECORD itself. ``found`` are the recorded files that are there, and every other file in the package's own
    folder but bytecode. ``foreign`` is bytecode there that is not what its source compiles to: Python would run it in the source's place.
    """

    package: str
    record: Digest
    recorded: Mapping[str, InstalledFile]
    found: Mapping[str, InstalledFile]
    foreign: tuple[str, ...]
