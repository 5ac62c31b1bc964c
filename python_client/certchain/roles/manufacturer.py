"""The manufacturer: registers products and takes each version through R1–R7."""

import logging
import secrets
from dataclasses import dataclass, replace

from certchain.channel import ServiceChannel
from certchain.encoding.digest import package_digest, package_id, submission_context, ver_id_context
from certchain.encoding.message import to_cbor
from certchain.errors import (
    EndlessData,
    ForgedVersionId,
    PackageIdReused,
    ProductAlreadyRegistered,
    SealInvalid,
    UnknownVersion,
)
from certchain.keys import seal_to
from certchain.ledger import Ledger
from certchain.models.certification import Signed
from certchain.models.delivery import (
    UPT_ID_LENGTH,
    PackageApproval,
    PackageChunk,
    PackageSubmission,
    Publication,
    PublishedPackage,
    SubmittedPair,
    UploadProgress,
    VersionIssue,
    VersionRequest,
)
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId, ServiceId, service_party
from certchain.models.update import PackageStatus
from certchain.storage import FileStore
from certchain.storage.data import PackageData
from certchain.storage.kept import keep, kept, kept_or_none
from certchain.verification.statement import Identity, verify_statement
from certchain.verification.update import verify_data, verify_length, verify_version_id

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PendingVersion:
    """What the manufacturer keeps of a version: the authority's word, VerID still sealed in it, and the UptID drawn for it."""

    issue: Signed
    upt_id: bytes


@dataclass(frozen=True, slots=True)
class Manufacturer:
    """Every step can be repeated after a crash or an error: what was done is found again, and not done twice.

    ``authority`` is the service whose VerIDs count.
    """

    identity: Identity
    ledger: Ledger
    store: FileStore
    authority: ServiceId

    def register_product(self, line: str, hardware_model: str) -> ProductId:
        """The product line on this hardware model, registered if it was not."""
        try:
            return self.ledger.updates.register_product(line, hardware_model)
        except ProductAlreadyRegistered as known:
            return ProductId(known.product)

    def release(
        self,
        product: ProductId,
        version: int,
        data: PackageData,
        authority: ServiceChannel,
        update_server: ServiceChannel,
    ) -> PublishedPackage:
        """R1–R7, each step that is still to be done."""
        self.request_version(product, version, authority)
        self.submit_package(product, version, data, authority)
        return self.publish(product, version, data, update_server)

    def request_version(self, product: ProductId, version: int, authority: ServiceChannel) -> Digest:
        """R1–R4: asks for the version, opens VerID, and draws UptID; returns PkgID. Raises ``ForgedVersionId``."""
        self._request_on_chain(product, version)
        issue = authority.request(self.identity.sign(VersionRequest(product, version)), Signed)
        ver_id = self._open(product, version, issue)
        name = _name(product, version)
        known = kept_or_none(self.store, name, PendingVersion)
        fresh = PendingVersion(issue, secrets.token_bytes(UPT_ID_LENGTH))
        pending = fresh if known is None else replace(known, issue=issue)
        keep(self.store, name, pending)
        _log.info("R4 drew a UptID for version %d of product %d", version, product)
        return package_id(ver_id, pending.upt_id)

    def submit_package(
        self, product: ProductId, version: int, data: PackageData, authority: ServiceChannel
    ) -> PackageApproval:
        """R5–R6: records PkgID and digest on the chain, and submits VerID and digest under seal.

        Raises ``CorruptedPackage`` or ``EndlessData`` when another file was recorded for this version. A PkgID shows while it is on
        its way to the chain, and another manufacturer may record it first: then another UptID makes another. Who is overtaken twice
        in a row gets ``PackageIdReused``, and can repeat this.
        """
        pending = kept(self.store, _name(product, version), PendingVersion)
        ver_id = self._open(product, version, pending.issue)
        try:
            digest = self._record(product, version, package_id(ver_id, pending.upt_id), data)
        except PackageIdReused:
            pending = self._redraw(product, version, pending)
            digest = self._record(product, version, package_id(ver_id, pending.upt_id), data)
        pkg_id = package_id(ver_id, pending.upt_id)
        info = submission_context(self.identity.network, product, version)
        sealed = seal_to(pending.issue.keys.exchange, info, to_cbor(SubmittedPair(ver_id, digest)))
        submission = PackageSubmission(product, version, pkg_id, sealed)
        return authority.request(self.identity.sign(submission), PackageApproval)

    def publish(
        self, product: ProductId, version: int, data: PackageData, update_server: ServiceChannel
    ) -> PublishedPackage:
        """R7: gives file, UptID and PkgID to the update server, from where an upload that was cut off had come to."""
        pending = kept(self.store, _name(product, version), PendingVersion)
        pkg_id = package_id(self._open(product, version, pending.issue), pending.upt_id)
        published = PublishedPackage(product, version, pending.upt_id, pkg_id, data.length)
        publication = Publication(published, update_server.binding)
        progress = update_server.request(self.identity.sign(publication), UploadProgress)
        offset = 0
        for piece in data.chunks():
            if offset >= progress.received:
                progress = update_server.request(PackageChunk(product, version, offset, piece), UploadProgress)
            offset += len(piece)
        if progress.received != published.length:
            raise EndlessData("R7", f"the update server has {progress.received} bytes of {published.length}")
        _log.info("R7 published version %d of product %d", version, product)
        return published

    def withdraw(self, product: ProductId, version: int) -> None:
        """Takes a recorded version back, for good."""
        package = self.ledger.updates.package_at(product, version)
        if package.pkg_id is None:
            raise UnknownVersion(product, version)
        if package.status is not PackageStatus.WITHDRAWN:
            self.ledger.updates.withdraw(package.pkg_id)

    def _request_on_chain(self, product: ProductId, version: int) -> None:
        """R1, on the chain: once."""
        try:
            self.ledger.updates.package_at(product, version)
        except UnknownVersion:
            self.ledger.updates.request_version(product, version)

    def _open(self, product: ProductId, version: int, issue: Signed) -> bytes:
        """R4: VerID, when the authority signed it for this version and committed to it on the chain."""
        authority = service_party(self.authority)
        records = self.ledger.registrations.keys(authority)
        said = verify_statement(issue, VersionIssue, authority, records, self.identity.network)
        if (said.product, said.version) != (product, version):
            raise ForgedVersionId("R4", "it was issued for another version")
        try:
            ver_id = self.identity.keys.open(
                ver_id_context(self.identity.network, product, version), said.sealed_ver_id
            )
        except SealInvalid as problem:
            raise ForgedVersionId("R4", "it is not sealed to this manufacturer") from problem
        return verify_version_id("R4", ver_id, self.ledger.updates.package_at(product, version))

    def _record(self, product: ProductId, version: int, pkg_id: Digest, data: PackageData) -> Digest:
        """R5, on the chain: once, and with this very file."""
        digest, length = package_digest(pkg_id, data.length, data.chunks())
        package = self.ledger.updates.package_at(product, version)
        if package.digest is None:
            try:
                self.ledger.updates.record_package(product, version, pkg_id, digest, length)
            except PackageIdReused:
                package = self.ledger.updates.package_at(product, version)
                if package.pkg_id != pkg_id:
                    raise
            else:
                return digest
        verify_length("R5", length, package)
        return verify_data("R5", digest, package.digest)

    def _redraw(self, product: ProductId, version: int, pending: PendingVersion) -> PendingVersion:
        """R4 again, with another UptID; durable before the chain is asked."""
        redrawn = replace(pending, upt_id=secrets.token_bytes(UPT_ID_LENGTH))
        keep(self.store, _name(product, version), redrawn)
        _log.warning("R5 another has taken the PkgID of version %d of product %d: drew another UptID", version, product)
        return redrawn


def _name(product: ProductId, version: int) -> str:
    return f"version-{product}-{version}"
