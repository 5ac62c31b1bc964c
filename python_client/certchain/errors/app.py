"""Errors of app releases, and of the program's own installed files."""

from dataclasses import dataclass

from certchain.errors.base import SettingsError, VerificationFailed

__all__ = ["InstallationChanged", "InstallationUnrecorded", "ReleaseInvalid"]


@dataclass(eq=False)
class ReleaseInvalid(VerificationFailed):
    """A vendor's release does not hold together: what is signed is not what it is shown with."""

    release: str
    reason: str

    sentence = "The release {release} does not hold: {reason}."
    advice = "Do not allow it; get the release from its vendor again."


@dataclass(eq=False)
class InstallationChanged(VerificationFailed):
    """Installed files differ from the package's record: ``files`` names what was changed, added or removed."""

    package: str
    files: str

    sentence = "The installed files of {package} are not those of its record: {files}."
    advice = "Do not run it; install the package again from a source that you trust, and find out who changed it."


@dataclass(eq=False)
class InstallationUnrecorded(SettingsError):
    """There is no record of the installed files to compare them with, as for an editable installation."""

    package: str
    reason: str

    sentence = "The installed files of {package} cannot be checked: {reason}."
    advice = "Install the package from a wheel, or allow an unrecorded installation in the settings while you develop."
