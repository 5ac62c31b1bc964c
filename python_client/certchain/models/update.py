"""What the UpdateRegistry contract keeps: products and their packages, from R1 to R6."""

from dataclasses import dataclass
from enum import IntEnum

from certchain.models.digest import Digest
from certchain.models.identifier import ProductId


class PackageStatus(IntEnum):
    """How far a version has come; a withdrawal is final."""

    NONE = 0
    REQUESTED = 1
    ISSUED = 2
    RECORDED = 3
    APPROVED = 4
    WITHDRAWN = 5


@dataclass(frozen=True, slots=True)
class Product:
    """A product line on one hardware model, for which versions are counted. ``manufacturer`` is an account (checksummed address)."""

    id: ProductId
    manufacturer: str
    line: str
    hardware_model: str


@dataclass(frozen=True, slots=True)
class Package:
    """One version of a product; what a step has not yet brought is ``None``.

    ``ver_id_commitment`` is H("version-commitment", VerID), from R3; ``pkg_id`` is H("package-id", VerID, UptID) and ``digest``
    H("package", PkgID, data), with ``length`` the bytes of data, from R5; ``requested_at`` is in seconds since the epoch.
    """

    product: ProductId
    version: int
    status: PackageStatus
    requested_at: int
    approvals: int
    ver_id_commitment: Digest | None
    pkg_id: Digest | None
    digest: Digest | None
    length: int | None
