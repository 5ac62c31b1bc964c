"""The secure update's decisions: R4, R6, R7 for the registration, A3, A6, A9 and A10 for the update. Each refusal names an attack."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from certchain.encoding.digest import package_id, version_commitment
from certchain.errors import (
    CertchainError,
    CorruptedPackage,
    DigestMismatch,
    EndlessData,
    ForgedVerdict,
    ForgedVersionId,
    MixedUpProduct,
    NotApproved,
    RollbackAttack,
    SwappedPackage,
    UnapprovedPackage,
    UnknownPackage,
    UpdateRefused,
    Withdrawn,
)
from certchain.models.certification import Signed
from certchain.models.delivery import (
    CHUNK_LENGTH,
    InstalledPackage,
    PackageChunk,
    PackageSubmission,
    PublishedPackage,
    SubmittedPair,
    ValidationQuestion,
    Verdict,
)
from certchain.models.digest import Digest
from certchain.models.identifier import Party, ProductId
from certchain.models.registration import KeyRecord
from certchain.models.update import Package, PackageStatus
from certchain.verification.statement import verify_statement

_NAMED: dict[type[CertchainError], type[UpdateRefused]] = {
    UnknownPackage: SwappedPackage,
    NotApproved: UnapprovedPackage,
    Withdrawn: UnapprovedPackage,
    DigestMismatch: CorruptedPackage,
}


class LowerVersion(StrEnum):
    """A3: which of two devices has to be updated."""

    MINE = "mine"
    THEIRS = "theirs"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A7: a package on its way into a device: as the update server offered it, as the chain has it, and what the device then asked.

    The question's digest was computed from the data that came.
    """

    offer: PublishedPackage
    package: Package
    question: ValidationQuestion


# --------------------------------------------------------------------------------------------------------------- registration


def verify_version_id(step: str, ver_id: bytes, package: Package) -> bytes:
    """Returns VerID when the authority committed to it on the chain. Raises ``ForgedVersionId``."""
    if version_commitment(ver_id) != package.ver_id_commitment:
        raise ForgedVersionId(step, "the authority committed to another on the chain")
    return ver_id


def verify_submission(submission: PackageSubmission, pair: SubmittedPair, package: Package) -> SubmittedPair:
    """R6: returns the pair when VerID is the one committed to, and PkgID and digest are those that the manufacturer recorded.

    Raises ``ForgedVersionId``, ``SwappedPackage`` or ``CorruptedPackage``.
    """
    verify_version_id("R6", pair.ver_id, package)
    if submission.pkg_id != package.pkg_id:
        raise SwappedPackage("R6", "the PkgID submitted is not the one on the chain")
    if pair.digest != package.digest:
        raise CorruptedPackage("R6", "the digest submitted is not the one on the chain")
    return pair


def verify_publication(published: PublishedPackage, package: Package) -> PublishedPackage:
    """R7: returns what is published when the chain has such a package. Raises as ``verify_length``, and ``UnapprovedPackage``."""
    if (published.product, published.version) != (package.product, package.version):
        raise SwappedPackage("R7", "the chain has this PkgID for another version")
    if package.status is PackageStatus.WITHDRAWN:
        raise UnapprovedPackage("R7", "it was withdrawn")
    verify_length("R7", published.length, package)
    return published


def verify_length(step: str, length: int, package: Package) -> int:
    """Returns the length when it is the chain's. Raises ``EndlessData``."""
    if length != package.length:
        raise EndlessData(step, f"{length} bytes were announced where the chain says {package.length}")
    return length


def verify_chunk(step: str, chunk: PackageChunk, published: PublishedPackage, offset: int) -> bytes:
    """The piece of the package at ``offset``, neither longer nor shorter than it has to be. Raises ``EndlessData``."""
    expected = min(CHUNK_LENGTH, published.length - offset)
    place = (chunk.product, chunk.version, chunk.offset)
    if place != (published.product, published.version, offset):
        raise SwappedPackage(step, f"a piece of another place came where byte {offset} was next")
    if len(chunk.data) != expected:
        raise EndlessData(step, f"{len(chunk.data)} bytes came where {expected} were left or asked for")
    return chunk.data


def verify_data(step: str, digest: Digest, recorded: Digest | None) -> Digest:
    """Returns the digest when it is the one recorded for the package. Raises ``CorruptedPackage``."""
    if digest != recorded:
        raise CorruptedPackage(step, "the data is not what the recorded digest was made from")
    return digest


# --------------------------------------------------------------------------------------------------------------------- update


def compare_versions(mine: int, theirs: int) -> LowerVersion:
    """A3."""
    if mine == theirs:
        return LowerVersion.NEITHER
    return LowerVersion.MINE if mine < theirs else LowerVersion.THEIRS


def verify_product(step: str, product: ProductId, mine: ProductId) -> ProductId:
    """Returns the product when it is the device's own. Raises ``MixedUpProduct``."""
    if product != mine:
        raise MixedUpProduct(step, f"it is of product {product}, and this device is of product {mine}")
    return product


def named_refusal(step: str, problem: CertchainError) -> UpdateRefused:
    """A6, A9: the attack that the chain's refusal stands for."""
    named = _NAMED.get(type(problem), UpdateRefused)
    return named(step, str(problem).rstrip("."))


def verdict_said(signed: Signed, authority: Party, records: Sequence[KeyRecord], network: bytes) -> Verdict:
    """A10: what the authority said, under its keys in force on the chain. Raises ``ForgedVerdict``."""
    try:
        return verify_statement(signed, Verdict, authority, records, network)
    except CertchainError as problem:
        raise ForgedVerdict("A10", str(problem).rstrip(".")) from problem


def verify_verdict(
    verdict: Verdict, candidate: Candidate, product: ProductId, installed_version: int
) -> InstalledPackage:
    """A10: what the device may install. The authority's word and the chain both have to vouch for it.

    Raises ``ForgedVerdict``, ``MixedUpProduct``, ``RollbackAttack``, ``SwappedPackage``, ``UnapprovedPackage``, ``CorruptedPackage`` or
    ``EndlessData``.
    """
    _verify_answer(verdict, candidate.question)
    verify_product("A10", verdict.product, product)
    if verdict.version <= installed_version:
        raise RollbackAttack("A10", f"version {verdict.version} is not higher than the installed {installed_version}")
    if package_id(verdict.ver_id, candidate.offer.upt_id) != verdict.pkg_id:
        raise SwappedPackage("A10", "VerID and UptID do not make its PkgID")
    _verify_chain_agrees(verdict, candidate.package)
    return InstalledPackage(verdict.product, verdict.version, verdict.pkg_id, verdict.digest, verdict.length)


def _verify_answer(verdict: Verdict, question: ValidationQuestion) -> None:
    if verdict.nonce != question.nonce:
        raise ForgedVerdict("A10", "it answers another question")
    if (verdict.pkg_id, verdict.digest) != (question.pkg_id, question.digest):
        raise ForgedVerdict("A10", "it is about another package")


def _verify_chain_agrees(verdict: Verdict, package: Package) -> None:
    """The chain, read by the device itself, is the second source: a stolen authority key alone installs nothing."""
    if package.status is not PackageStatus.APPROVED:
        raise UnapprovedPackage("A10", f"the chain has it at status {package.status.name.lower()}")
    if (verdict.pkg_id, verdict.product, verdict.version) != (package.pkg_id, package.product, package.version):
        raise ForgedVerdict("A10", "the chain has another package")
    verify_data("A10", verdict.digest, package.digest)
    verify_length("A10", verdict.length, package)
