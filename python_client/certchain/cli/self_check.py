"""`certchain self-check`: whether the program's own files are those that were installed; services ask before they start."""

from pathlib import Path

import certchain
from certchain.cli.output import Result
from certchain.cli.workspace import Workspace
from certchain.errors import InstallationUnrecorded
from certchain.models.installation import Installation
from certchain.storage.installation import read_installation
from certchain.verification.installation import verify_installation


def self_check(workspace: Workspace) -> Result:
    """Compares every installed file with the record of the installation.

    The record is not signed: note its digest after installing, and compare it, too.
    """
    installed = checked()
    values = {"package": installed.package, "files": len(installed.recorded), "record": installed.record}
    return Result(f"The {len(installed.recorded)} installed files are those of the record.", values)


def require_unchanged(workspace: Workspace) -> None:
    """What a service calls before it starts. Raises ``InstallationChanged``.

    Raises ``InstallationUnrecorded``, too, or only says so where the settings allow an unrecorded installation.
    """
    try:
        checked()
    except InstallationUnrecorded as unrecorded:
        if not workspace.configuration.unrecorded_installation:
            raise
        workspace.output.note(f"{unrecorded} The settings allow that.")


def checked() -> Installation:
    """The installation of what is running, unchanged. Raises ``InstallationChanged`` or ``InstallationUnrecorded``."""
    return verify_installation(read_installation(Path(certchain.__file__).parent))
