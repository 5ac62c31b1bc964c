"""The update server: takes packages from manufacturers (R7) and gives them to devices (A6). Devices need not trust it."""

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from certchain.channel import Connection
from certchain.encoding.digest import package_digest
from certchain.errors import (
    CorruptedPackage,
    MalformedMessage,
    MalformedValue,
    NothingApproved,
    NotManufacturer,
    UnknownPackage,
    WrongSigner,
)
from certchain.ledger import Ledger
from certchain.models.certification import Signed
from certchain.models.delivery import (
    CHUNK_LENGTH,
    InstallReceipt,
    LatestQuestion,
    PackageChunk,
    PackageChunkQuestion,
    Publication,
    PublishedPackage,
    ReceiptNoted,
    UploadProgress,
)
from certchain.models.identifier import PartyKind, ProductId, ServiceId, device_party
from certchain.models.update import PackageStatus
from certchain.storage import FileStore
from certchain.storage.kept import keep, kept
from certchain.verification.statement import verify_statement
from certchain.verification.update import named_refusal, verify_chunk, verify_data, verify_publication

_RECEIPT = "receipt-"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Upload:
    """An upload under way: on which channel, of what, and how many bytes are here already."""

    binding: bytes
    published: PublishedPackage
    received: int

    def progress(self) -> UploadProgress:
        return UploadProgress(self.published.product, self.published.version, self.received)


@dataclass(slots=True)
class UpdateServer:
    """Keeps each package as pieces of ``CHUNK_LENGTH``; it counts as published once its description is kept, which comes last.

    ``manufacturers`` are the enrolled ones with their accounts, as the authority knows them.
    """

    ledger: Ledger
    store: FileStore
    manufacturers: Mapping[ServiceId, str]
    _uploads: dict[tuple[ProductId, int], _Upload] = field(default_factory=dict)
    _uploading: threading.Lock = field(default_factory=threading.Lock)

    def answer(
        self, connection: Connection, message: object
    ) -> UploadProgress | PublishedPackage | PackageChunk | ReceiptNoted:
        """R7, A5, A6 and receipts; a ``Handler`` for the channels of manufacturers and devices."""
        match message:
            case Signed(kind=Publication.__name__):
                return self._begin(connection, message)
            case PackageChunk():
                return self._receive(connection, message)
            case LatestQuestion():
                return self._latest(message.product)
            case PackageChunkQuestion():
                return self._piece(message)
            case Signed(kind=InstallReceipt.__name__):
                return self._note(message)
            case _:
                raise MalformedMessage(f"a {type(message).__name__} is nothing that the update server answers")

    def receipts(self) -> tuple[Signed, ...]:
        """The devices' signed receipts."""
        return tuple(kept(self.store, name, Signed) for name in self.store.names() if name.startswith(_RECEIPT))

    def _begin(self, connection: Connection, signed: Signed) -> UploadProgress:
        """R7: the manufacturer says what it is going to publish; the answer says from where on."""
        published = self._said_by_manufacturer(connection, signed)
        try:
            verify_publication(published, self.ledger.updates.package(published.pkg_id))
        except UnknownPackage as problem:
            raise named_refusal("R7", problem) from problem
        with self._uploading:
            upload = _Upload(connection.binding, published, self._received(published))
            self._uploads[published.product, published.version] = upload
            self._publish_if_whole(upload)
            return upload.progress()

    def _receive(self, connection: Connection, chunk: PackageChunk) -> UploadProgress:
        """R7: one piece; with the last of them the whole is compared with the chain, and only then counts as published."""
        with self._uploading:
            upload = self._uploads.get((chunk.product, chunk.version))
            if upload is None or upload.binding != connection.binding:
                raise MalformedMessage("no upload of this package was begun on this channel")
            if chunk.offset == upload.received:
                data = verify_chunk("R7", chunk, upload.published, upload.received)
                self.store.write(_piece_name(chunk.product, chunk.version, chunk.offset), (data,))
                upload.received += len(data)
                self._publish_if_whole(upload)
            return upload.progress()

    def _received(self, published: PublishedPackage) -> int:
        """How many bytes are here, without a gap, from this upload or from one that was cut off."""
        there = set(self.store.names())
        offsets = range(0, published.length, CHUNK_LENGTH)
        missing = (at for at in offsets if _piece_name(published.product, published.version, at) not in there)
        return next(missing, published.length)

    def _publish_if_whole(self, upload: _Upload) -> None:
        """Compares the whole with the chain. Raises ``CorruptedPackage``; then the upload starts over."""
        published = upload.published
        if upload.received < published.length:
            return
        digest, _ = package_digest(published.pkg_id, published.length, self._pieces(published))
        try:
            verify_data("R7", digest, self.ledger.updates.package(published.pkg_id).digest)
        except CorruptedPackage:
            self._discard(published)
            upload.received = 0
            raise
        keep(self.store, _package_name(published.product, published.version), published)
        _log.info("R7 version %d of product %d is published", published.version, published.product)

    def _discard(self, published: PublishedPackage) -> None:
        for offset in range(0, published.length, CHUNK_LENGTH):
            self.store.remove(_piece_name(published.product, published.version, offset))

    def _pieces(self, published: PublishedPackage) -> Iterator[bytes]:
        for offset in range(0, published.length, CHUNK_LENGTH):
            yield from self.store.read(_piece_name(published.product, published.version, offset))

    def _latest(self, product: ProductId) -> PublishedPackage:
        """A5–A6: of what is published here, the highest version that the chain has approved. Raises ``NothingApproved``."""
        prefix = _package_name(product, "")
        versions = [int(name.removeprefix(prefix)) for name in self.store.names() if name.startswith(prefix)]
        for version in sorted(versions, reverse=True):
            package = self.ledger.updates.package_at(product, version)
            if package.status is PackageStatus.APPROVED:
                return kept(self.store, _package_name(product, version), PublishedPackage)
        raise NothingApproved(product)

    def _piece(self, question: PackageChunkQuestion) -> PackageChunk:
        """A6: one piece of a published package. Raises ``UnknownRecord`` or ``MalformedValue``."""
        published = kept(self.store, _package_name(question.product, question.version), PublishedPackage)
        if question.offset not in range(0, published.length, CHUNK_LENGTH):
            raise MalformedValue("offset", f"no piece begins at {question.offset}")
        name = _piece_name(question.product, question.version, question.offset)
        data = b"".join(self.store.read(name))
        return PackageChunk(question.product, question.version, question.offset, data)

    def _note(self, signed: Signed) -> ReceiptNoted:
        """Keeps a device's receipt, by its keys in force, of a package on the chain; one for each device and version.

        Raises ``MalformedMessage``, ``UnknownVersion``, ``WrongSigner`` and their like.
        """
        records = self.ledger.registrations.keys(signed.signer)
        receipt = verify_statement(signed, InstallReceipt, signed.signer, records, self.ledger.network)
        if signed.signer != device_party(receipt.device):
            raise WrongSigner(str(device_party(receipt.device)), str(signed.signer))
        installed = receipt.installed
        package = self.ledger.updates.package_at(installed.product, installed.version)
        said = installed.product, installed.version, installed.pkg_id, installed.digest, installed.length
        if said != (package.product, package.version, package.pkg_id, package.digest, package.length):
            raise MalformedMessage("the receipt is for a package that the chain does not have")
        keep(self.store, f"{_RECEIPT}{receipt.device}-{installed.product}-{installed.version}", signed)
        return ReceiptNoted(receipt.device, installed.pkg_id)

    def _said_by_manufacturer(self, connection: Connection, signed: Signed) -> PublishedPackage:
        """What the manufacturer is going to publish on this very channel; on another, its words are somebody's replay."""
        records = self.ledger.registrations.keys(signed.signer)
        publication = verify_statement(signed, Publication, signed.signer, records, self.ledger.network)
        published = publication.package
        owner = self.ledger.updates.product(published.product).manufacturer
        if signed.signer.kind is not PartyKind.SERVICE or self._account(signed) != owner:
            raise NotManufacturer(published.product, str(signed.signer))
        if publication.binding != connection.binding:
            raise MalformedMessage("the publication was signed for another channel")
        return published

    def _account(self, signed: Signed) -> str | None:
        return self.manufacturers.get(ServiceId(signed.signer.number))


def _package_name(product: ProductId, version: int | str) -> str:
    return f"package-{product}-{version}"


def _piece_name(product: ProductId, version: int, offset: int) -> str:
    return f"piece-{product}-{version}-{offset}"
