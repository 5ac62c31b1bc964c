"""Whether the program's own files are those that were installed (the paper's check for modified sources)."""

from collections.abc import Iterator

from certchain.errors import InstallationChanged
from certchain.models.installation import Installation

_MOST_NAMED = 20


def verify_installation(installed: Installation) -> Installation:
    """Returns an installation whose files are those of its record, no fewer and no more.

    Raises ``InstallationChanged``, which names those that are not.
    """
    differences = list(_differences(installed))
    if differences:
        more = len(differences) - _MOST_NAMED
        named = differences[:_MOST_NAMED] + ([f"and {more} more"] if more > 0 else [])
        raise InstallationChanged(installed.package, ", ".join(named))
    return installed


def _differences(installed: Installation) -> Iterator[str]:
    for path in sorted(installed.recorded.keys() | installed.found.keys()):
        recorded, found = installed.recorded.get(path), installed.found.get(path)
        if found is None:
            yield f"{path!r} is missing"
        elif recorded is None:
            yield f"{path!r} was added"
        elif found != recorded:
            yield f"{path!r} was changed"
    for path in installed.foreign:
        yield f"{path!r} is not what its source compiles to"
