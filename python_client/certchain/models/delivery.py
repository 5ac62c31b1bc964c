"""What passes between manufacturer, authority, update server and devices: R1–R7 and A1–A12."""

from dataclasses import dataclass, field

from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, ProductId

VER_ID_LENGTH = 32
UPT_ID_LENGTH = 32
NONCE_LENGTH = 32
CHUNK_LENGTH = 64 * 1024


@dataclass(frozen=True, slots=True)
class VersionRequest:
    """R1: the manufacturer asks for a version of a product, signed; VerID comes sealed to the keys it signed with."""

    product: ProductId
    version: int


@dataclass(frozen=True, slots=True)
class VersionIssue:
    """R3, signed by the authority: VerID, sealed to the manufacturer's exchange key (HPKE, RFC 9180)."""

    product: ProductId
    version: int
    sealed_ver_id: bytes


@dataclass(frozen=True, slots=True)
class PackageSubmission:
    """R5, signed by the manufacturer: ``sealed`` holds a ``SubmittedPair`` for the authority's exchange key."""

    product: ProductId
    version: int
    pkg_id: Digest
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SubmittedPair:
    """R5–R6: what the manufacturer submits under seal, and the authority keeps with its VerID."""

    ver_id: bytes = field(repr=False)
    digest: Digest


@dataclass(frozen=True, slots=True)
class PackageApproval:
    """R6: how many approvals the package has now, and how many it needs."""

    pkg_id: Digest
    approvals: int
    required: int


@dataclass(frozen=True, slots=True)
class PublishedPackage:
    """R7 and A6: what the update server has beside the file."""

    product: ProductId
    version: int
    upt_id: bytes
    pkg_id: Digest
    length: int


@dataclass(frozen=True, slots=True)
class Publication:
    """R7, signed by the manufacturer: it is going to publish this package on this channel; ``binding`` is the channel's."""

    package: PublishedPackage
    binding: bytes


@dataclass(frozen=True, slots=True)
class PackageChunkQuestion:
    """A6: the bytes of a published package from ``offset`` on; offsets are multiples of ``CHUNK_LENGTH``."""

    product: ProductId
    version: int
    offset: int


@dataclass(frozen=True, slots=True)
class PackageChunk:
    """R7 and A6: ``CHUNK_LENGTH`` bytes of a package from ``offset`` on; fewer only at its end."""

    product: ProductId
    version: int
    offset: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """R7: how many bytes the update server has, in order; with the last of them the package is published."""

    product: ProductId
    version: int
    received: int


@dataclass(frozen=True, slots=True)
class VersionQuestion:
    """A1: a device asks another of its product for its version; ``nonce`` is 32 random bytes."""

    product: ProductId
    nonce: bytes


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    """A2, and A12 after an installation: the installed version, 0 for none, signed by the device that answers.

    ``nonce`` is that of the question or discrepancy it answers.
    """

    device: DeviceId
    product: ProductId
    version: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A4: the device with the higher version tells the other, signed; ``nonce`` is 32 random bytes."""

    device: DeviceId
    product: ProductId
    version: int
    nonce: bytes


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
    """After A12: the device's signed word that it installed a package, at a time in seconds since the epoch."""

    device: DeviceId
    installed: InstalledPackage
    at: int


@dataclass(frozen=True, slots=True)
class ReceiptNoted:
    """The update server has kept the device's receipt."""

    device: DeviceId
    pkg_id: Digest
