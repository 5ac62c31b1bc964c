"""The authority: enrols services, issues version ids (R2–R3), approves packages (R6) and validates them for devices (A9)."""

import logging
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from certchain.channel import Connection
from certchain.config.clock import Clock
from certchain.encoding.digest import key_thumbprint, submission_context, ver_id_context, version_commitment
from certchain.encoding.message import from_cbor
from certchain.errors import (
    DigestMismatch,
    KeyAlreadyEnrolled,
    MalformedMessage,
    NotApproved,
    NotManufacturer,
    UnknownPackage,
    Withdrawn,
)
from certchain.keys import seal_to
from certchain.ledger import Ledger
from certchain.models.certification import Signed
from certchain.models.delivery import (
    VER_ID_LENGTH,
    PackageApproval,
    PackageSubmission,
    SubmittedPair,
    ValidationQuestion,
    Verdict,
    VersionIssue,
    VersionRequest,
)
from certchain.models.digest import Digest
from certchain.models.identifier import PartyKind, ProductId, ServiceId, service_party
from certchain.models.registration import PublicKeys
from certchain.models.update import Package
from certchain.storage import FileStore
from certchain.storage.kept import keep, kept, kept_or_none
from certchain.verification.statement import Identity, verify_statement
from certchain.verification.update import named_refusal, verify_submission, verify_version_id

Asked = TypeVar("Asked", VersionRequest, PackageSubmission)

_MANUFACTURER = "manufacturer-"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IssuedVersion:
    """R2: the VerID drawn for a version, kept before anyone else hears of it."""

    ver_id: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnrolledManufacturer:
    """The account by which an enrolled manufacturer owns its products."""

    account: str


@dataclass(slots=True)
class Authority:
    """The competent department for security. ``ledger`` speaks for its account; its store has to be private, since it keeps VerIDs.

    ``approvers`` are the ledgers of those approver accounts whose keys this authority holds. Where more than one approval is asked for,
    the other approvers call ``approve`` on the ledger themselves, each from a place of their own.
    """

    identity: Identity
    ledger: Ledger
    store: FileStore
    clock: Clock
    approvers: Sequence[Ledger] = ()
    _deciding: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, connection: Connection, message: object) -> Signed | PackageApproval:
        """R1, R5 and A8; a ``Handler`` for the channels of manufacturers and devices."""
        del connection  # who asks, the message's own signature says; a validation is for anyone
        match message:
            case Signed(kind=VersionRequest.__name__):
                return self.identity.sign(self._issue(message))
            case Signed(kind=PackageSubmission.__name__):
                return self._accept(message)
            case ValidationQuestion():
                return self.identity.sign(self._validate(message))
            case _:
                raise MalformedMessage(f"a {type(message).__name__} is nothing that the authority answers")

    def enrol_service(self, keys: PublicKeys) -> ServiceId:
        """Enrols a service's keys on the chain; once, however often it is repeated. Raises ``KeyAlreadyEnrolled`` for another's key."""
        try:
            return self.ledger.registrations.enrol_service(keys)
        except KeyAlreadyEnrolled:
            enrolled = self._service_with(keys)
            if enrolled is None:
                raise
            return enrolled

    def enrol_manufacturer(self, account: str, keys: PublicKeys) -> ServiceId:
        """Enrols a manufacturer, and keeps by which account it owns its products."""
        service = self.enrol_service(keys)
        keep(self.store, f"{_MANUFACTURER}{service}", EnrolledManufacturer(account))
        return service

    def manufacturers(self) -> dict[ServiceId, str]:
        """The enrolled manufacturers with their accounts, as an update server needs them."""
        names = [name for name in self.store.names() if name.startswith(_MANUFACTURER)]
        services = [ServiceId(int(name.removeprefix(_MANUFACTURER))) for name in names]
        return {
            service: kept(self.store, name, EnrolledManufacturer).account
            for service, name in zip(services, names, strict=True)
        }

    def approve(self, pkg_id: Digest) -> PackageApproval:
        """R6: approves by each account it holds that has not approved yet. The package's pair has to have been accepted before."""
        kept(self.store, _pair_name(pkg_id), SubmittedPair)
        for approver in self.approvers:
            if not self.ledger.updates.has_approved(pkg_id, approver.account):
                approver.updates.approve(pkg_id)
        package = self.ledger.updates.package(pkg_id)
        required = self.ledger.updates.approvals_required()
        _log.info("R6 package %s has %d of %d approvals", pkg_id, package.approvals, required)
        return PackageApproval(pkg_id, package.approvals, required)

    def _issue(self, signed: Signed) -> VersionIssue:
        """R2–R3: draws VerID, keeps it, commits to it on the chain, and seals it to the manufacturer."""
        request = self._said_by_manufacturer(signed, VersionRequest)
        with self._deciding:
            ver_id = self._committed_ver_id(request.product, request.version)
        _log.info("R3 issued version %d of product %d", request.version, request.product)
        info = ver_id_context(self.identity.network, request.product, request.version)
        return VersionIssue(request.product, request.version, seal_to(signed.keys.exchange, info, ver_id))

    def _committed_ver_id(self, product: ProductId, version: int) -> bytes:
        """The version's VerID, which is durable here before the chain has its commitment, and stays the same ever after."""
        package = self.ledger.updates.package_at(product, version)
        if package.ver_id_commitment is not None:
            return self._issued_ver_id(package)
        name = _version_name(product, version)
        issued = kept_or_none(self.store, name, IssuedVersion)
        if issued is None:
            issued = IssuedVersion(secrets.token_bytes(VER_ID_LENGTH))
            keep(self.store, name, issued)
        self.ledger.updates.issue_version(product, version, version_commitment(issued.ver_id))
        return issued.ver_id

    def _issued_ver_id(self, package: Package) -> bytes:
        issued = kept(self.store, _version_name(package.product, package.version), IssuedVersion)
        return verify_version_id("R3", issued.ver_id, package)

    def _accept(self, signed: Signed) -> PackageApproval:
        """R6: opens and checks what the manufacturer submitted, keeps the pair, and approves."""
        submission = self._said_by_manufacturer(signed, PackageSubmission)
        package = self.ledger.updates.package_at(submission.product, submission.version)
        info = submission_context(self.identity.network, submission.product, submission.version)
        pair = from_cbor(SubmittedPair, self.identity.keys.open(info, submission.sealed))
        verified = verify_submission(submission, pair, package)
        keep(self.store, _pair_name(submission.pkg_id), verified)
        return self.approve(submission.pkg_id)

    def _validate(self, question: ValidationQuestion) -> Verdict:
        """A9: the chain decides; the refusal names the attack."""
        try:
            package = self.ledger.updates.validate(question.pkg_id, question.digest)
        except (UnknownPackage, NotApproved, Withdrawn, DigestMismatch) as problem:
            refusal = named_refusal("A9", problem)
            _log.warning("%s", refusal)
            raise refusal from problem
        pair = kept(self.store, _pair_name(question.pkg_id), SubmittedPair)
        _log.info("A9 validated version %d of product %d", package.version, package.product)
        return Verdict(
            product=package.product,
            version=package.version,
            pkg_id=question.pkg_id,
            digest=question.digest,
            length=package.length or 0,
            ver_id=pair.ver_id,
            nonce=question.nonce,
            at=self.clock.now(),
        )

    def _said_by_manufacturer(self, signed: Signed, model: type[Asked]) -> Asked:
        """What the manufacturer of the product says, by its keys in force. Raises ``NotManufacturer`` for anyone else."""
        records = self.ledger.registrations.keys(signed.signer)
        said = verify_statement(signed, model, signed.signer, records, self.identity.network)
        owner = self.ledger.updates.product(said.product).manufacturer
        if signed.signer.kind is not PartyKind.SERVICE or self._account(ServiceId(signed.signer.number)) != owner:
            raise NotManufacturer(said.product, str(signed.signer))
        return said

    def _account(self, service: ServiceId) -> str | None:
        enrolled = kept_or_none(self.store, f"{_MANUFACTURER}{service}", EnrolledManufacturer)
        return None if enrolled is None else enrolled.account

    def _service_with(self, keys: PublicKeys) -> ServiceId | None:
        """The service that has these keys in force."""
        thumbprint = key_thumbprint(keys)
        for number in range(1, self.ledger.registrations.service_count() + 1):
            service = ServiceId(number)
            if self.ledger.registrations.keys(service_party(service))[-1].thumbprint == thumbprint:
                return service
        return None


def _version_name(product: ProductId, version: int) -> str:
    return f"version-{product}-{version}"


def _pair_name(pkg_id: Digest) -> str:
    return f"package-{pkg_id.value.hex()}"
