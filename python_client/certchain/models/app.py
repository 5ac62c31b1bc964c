"""Apps on user devices: what a vendor releases, what the management database keeps of it, and until when it is certified."""

from dataclasses import dataclass

from certchain.errors import MalformedValue
from certchain.models.certification import AppStatus, ManifestFile, Signed
from certchain.models.digest import Digest

RELEASE_FORMAT = "certchain/app-release/v1"


@dataclass(frozen=True, slots=True)
class AppRelease:
    """One version of an app, as its vendor signs it; ``digest`` is that of its file manifest (``encoding.digest.manifest_digest``)."""

    app: str
    version: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """What a vendor hands over: the signed ``AppRelease``, and the files that its digest is over, in the order of their paths."""

    format: str
    release: Signed
    files: tuple[ManifestFile, ...]


@dataclass(frozen=True, slots=True)
class AppRecord:
    """What the management database keeps of an app's version.

    ``release`` is the vendor's ``Signed`` as deterministic CBOR, ``digest`` the manifest digest in it. ``until`` is in seconds since the
    epoch: a deprecated version is certified before that, and no longer from then on; with any other status it is 0.
    """

    app: str
    version: str
    digest: Digest
    release: bytes
    status: AppStatus = AppStatus.ALLOWED
    until: int = 0

    def __post_init__(self) -> None:
        if (self.until > 0) != (self.status is AppStatus.DEPRECATED):
            raise MalformedValue("until", "a deprecated version has an end, and no other has")
