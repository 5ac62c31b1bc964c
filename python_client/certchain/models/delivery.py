"""What passes between manufacturer, authority, update server and devices: R1–R7 and A1–A12."""

from dataclasses import dataclass

from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, ProductId
from certchain.models.registration import PublicKeys

VER_ID_LENGTH = 32
UPT_ID_LENGTH = 32
NONCE_LENGTH = 32


@dataclass(frozen=True, slots=True)
class VersionRequest:
    """R1: the manufacturer asks for a version of a product, signed; VerID is to be sealed to ``keys``."""

    product: ProductId
    version: int
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class VersionIssue:
    """R3, signed by the authority: VerID sealed to the manufacturer's exchange key (HPKE, RFC 9180, DHKEM(P-256))."""

    product: ProductId
    version: int
    sealed_ver_id: bytes


@dataclass(frozen=True, slots=True)
class PackageSubmission:
    """R5: the manufacturer sends digest and VerID to the authority, sealed together to the authority's exchange key, signed."""

    product: ProductId
    version: int
    pkg_id: Digest
    sealed: bytes


@dataclass(frozen=True, slots=True)
class PackageApproval:
    """R6: how many approvals the package has now, and how many it needs."""

    pkg_id: Digest
    approvals: int
    required: int


@dataclass(frozen=True, slots=True)
class PublishedPackage:
    """R7 and A6: what the update server keeps beside the file."""

    product: ProductId
    version: int
    upt_id: bytes
    pkg_id: Digest
    length: int


@dataclass(frozen=True, slots=True)
class VersionQuestion:
    """A1: a device asks another of its product for its version."""

    product: ProductId


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    """A2, and A12 after an installation: the installed version, signed by the device that answers; 0 for none."""

    device: DeviceId
    product: ProductId
    version: int


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A4: the device with the higher version tells the other, signed."""

    device: DeviceId
    product: ProductId
    version: int


@dataclass(frozen=True, slots=True)
class LatestQuestion:
    """A5: a device asks the update server for the latest package of its product."""

    product: ProductId


@dataclass(frozen=True, slots=True)
class ValidationQuestion:
    """A8: a device asks the authority to validate what it got; ``nonce`` is 32 random bytes."""

    pkg_id: Digest
    digest: Digest
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """A9, signed by the authority: what the chain vouches for, with VerID, in answer to the question with ``nonce``."""

    product: ProductId
    version: int
    pkg_id: Digest
    digest: Digest
    length: int
    ver_id: bytes
    nonce: bytes
    at: int


@dataclass(frozen=True, slots=True)
class InstalledPackage:
    """What a device keeps of the package that it runs."""

    product: ProductId
    version: int
    pkg_id: Digest
    digest: Digest
    length: int


@dataclass(frozen=True, slots=True)
class InstallReceipt:
    """After A12: the device's signed word that it installed a package."""

    device: DeviceId
    installed: InstalledPackage
    at: int
