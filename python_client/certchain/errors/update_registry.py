"""Counterparts of the errors of ``IUpdateRegistry``, with the same values in the same order."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, NotAuthorised, SettingsError, VerificationFailed

__all__ = [
    "AlreadyApprovedBy",
    "DigestMismatch",
    "EmptyPackage",
    "EmptyVersionCommitment",
    "MalformedName",
    "NoApprovalsRequired",
    "NotApproved",
    "NotManufacturer",
    "NothingApproved",
    "PackageIdReused",
    "ProductAlreadyRegistered",
    "UnknownPackage",
    "UnknownProduct",
    "UnknownVersion",
    "VersionNotHigher",
    "Withdrawn",
    "WrongStep",
]


@dataclass(eq=False)
class UnknownProduct(InvalidInput):
    """No product has this identifier."""

    product: int

    sentence = "There is no product {product}."
    contract_error = "UpdateRegistry_UnknownProduct"


@dataclass(eq=False)
class UnknownVersion(InvalidInput):
    """The version was never requested (R1)."""

    product: int
    version: int

    sentence = "Product {product} has no version {version}."
    contract_error = "UpdateRegistry_UnknownVersion"


@dataclass(eq=False)
class UnknownPackage(VerificationFailed):
    """No package with this PkgID was recorded (R5)."""

    pkg_id: bytes

    sentence = "The chain knows no such package."
    contract_error = "UpdateRegistry_UnknownPackage"


@dataclass(eq=False)
class MalformedName(InvalidInput):
    """The name is empty or too long."""

    name: str

    sentence = "A product line or hardware model is named in 1 to 64 bytes, unlike {name!r}."
    contract_error = "UpdateRegistry_MalformedName"


@dataclass(eq=False)
class ProductAlreadyRegistered(InvalidInput):
    """The manufacturer has a product of this line and model."""

    product: int

    sentence = "This is product {product} already."
    contract_error = "UpdateRegistry_ProductAlreadyRegistered"


@dataclass(eq=False)
class NotManufacturer(NotAuthorised):
    """Only a product's manufacturer may do this."""

    product: int
    caller: str

    sentence = "Account {caller} is not the manufacturer of product {product}."
    contract_error = "UpdateRegistry_NotManufacturer"


@dataclass(eq=False)
class VersionNotHigher(InvalidInput):
    """Versions only rise (R1)."""

    product: int
    version: int
    highest: int

    sentence = "Version {version} of product {product} is not higher than {highest}."
    advice = "Choose a higher version."
    contract_error = "UpdateRegistry_VersionNotHigher"


@dataclass(eq=False)
class WrongStep(InvalidInput):
    """The steps R1 to R6 follow one another."""

    product: int
    version: int
    status: int

    sentence = "Version {version} of product {product} is at status {status}; this step is not its next."
    contract_error = "UpdateRegistry_WrongStep"


@dataclass(eq=False)
class EmptyVersionCommitment(InvalidInput):
    """The zero commitment stands for none (R3)."""

    sentence = "A VerID commitment must not be empty."
    contract_error = "UpdateRegistry_EmptyCommitment"


@dataclass(eq=False)
class EmptyPackage(InvalidInput):
    """A field of the package is empty (R5)."""

    sentence = "A package has a PkgID, a digest and at least one byte."
    contract_error = "UpdateRegistry_EmptyPackage"


@dataclass(eq=False)
class PackageIdReused(InvalidInput):
    """A PkgID is used once in the whole network."""

    pkg_id: bytes

    sentence = "This PkgID is recorded already."
    advice = "Draw a fresh UptID."
    contract_error = "UpdateRegistry_PackageIdReused"


@dataclass(eq=False)
class AlreadyApprovedBy(InvalidInput):
    """An approver counts once (R6)."""

    pkg_id: bytes
    approver: str

    sentence = "Approver {approver} has approved this package already."
    contract_error = "UpdateRegistry_AlreadyApprovedBy"


@dataclass(eq=False)
class NotApproved(VerificationFailed):
    """The authority has not approved the package (R6)."""

    pkg_id: bytes
    status: int

    sentence = "The package is at status {status} and not approved."
    advice = "Do not install it; ask the authority."
    contract_error = "UpdateRegistry_NotApproved"


@dataclass(eq=False)
class Withdrawn(VerificationFailed):
    """The package was withdrawn, for good."""

    pkg_id: bytes

    sentence = "The manufacturer has withdrawn this package."
    advice = "Do not install it."
    contract_error = "UpdateRegistry_Withdrawn"


@dataclass(eq=False)
class DigestMismatch(VerificationFailed):
    """The data is not what was recorded (A9)."""

    pkg_id: bytes
    recorded: bytes
    offered: bytes

    sentence = "The chain has another digest for this package."
    advice = "Do not install it; keep it as evidence."
    contract_error = "UpdateRegistry_DigestMismatch"


@dataclass(eq=False)
class NothingApproved(InvalidInput):
    """No version is approved and not withdrawn."""

    product: int

    sentence = "Product {product} has no approved package."
    contract_error = "UpdateRegistry_NothingApproved"


@dataclass(eq=False)
class NoApprovalsRequired(SettingsError):
    """The deployment asked for no approvals."""

    sentence = "A network has to ask for at least one approval."
    contract_error = "UpdateRegistry_NoApprovalsRequired"
