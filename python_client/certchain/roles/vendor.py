"""The vendor of an app: measures what it releases, and signs it."""

from dataclasses import dataclass
from pathlib import Path

from certchain.encoding.digest import manifest_digest
from certchain.models.app import RELEASE_FORMAT, AppRelease, ReleaseFile
from certchain.storage.app_folder import measure_app
from certchain.verification.statement import Identity


@dataclass(frozen=True, slots=True)
class Vendor:
    """``identity`` is enrolled as a service, so that its keys can rotate like anyone's."""

    identity: Identity

    def release(self, app: str, version: str, folder: Path) -> ReleaseFile:
        """A version as it lies in a folder, every file of it, signed. Raises what ``measure_app`` raises."""
        files = measure_app(folder)
        signed = self.identity.sign(AppRelease(app, version, manifest_digest(app, version, files)))
        return ReleaseFile(RELEASE_FORMAT, signed, files)
