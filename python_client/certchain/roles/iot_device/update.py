"""The IoT device's part in the secure update: A1–A12, between two devices of a product, and what survives a restart in between."""

import logging
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from certchain.channel import Channel, Connection, ServiceChannel
from certchain.config.clock import Clock
from certchain.errors import CertchainError, MalformedMessage, UnknownPackage, UpdateRefused, WrongSigner
from certchain.ledger import Ledger
from certchain.models.certification import Signed
from certchain.models.delivery import (
    CHUNK_LENGTH,
    NONCE_LENGTH,
    Discrepancy,
    InstalledPackage,
    InstallReceipt,
    LatestQuestion,
    PackageChunk,
    PackageChunkQuestion,
    PublishedPackage,
    ReceiptNoted,
    ValidationQuestion,
    VersionAnswer,
    VersionQuestion,
)
from certchain.models.identifier import DeviceId, ProductId, ServiceId, device_party, service_party
from certchain.models.update import Package
from certchain.roles.iot_device.firmware import Firmware, Slot
from certchain.storage import FileStore
from certchain.verification.statement import Identity, verify_statement
from certchain.verification.update import (
    Candidate,
    LowerVersion,
    compare_versions,
    named_refusal,
    verdict_said,
    verify_chunk,
    verify_length,
    verify_product,
    verify_verdict,
)

PeerMessage = TypeVar("PeerMessage", Discrepancy, VersionAnswer)

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class DeviceUpdater:
    """Keeps one device up to date, and helps its neighbours to be. All it trusts is the chain and the authority's keys there.

    ``authority`` is the service whose verdicts count; ``store`` holds the device's firmware.
    """

    identity: Identity
    product: ProductId
    ledger: Ledger
    store: FileStore
    clock: Clock
    authority: ServiceId
    authority_channel: ServiceChannel
    update_server: ServiceChannel
    _updating: threading.RLock = field(default_factory=threading.RLock)

    @property
    def device(self) -> DeviceId:
        """This device."""
        return DeviceId(self.identity.party.number)

    def installed(self) -> InstalledPackage | None:
        """The package that runs, or ``None`` before the first."""
        running = self._firmware.running()
        return None if running is None else running.package

    def version(self) -> int:
        """The installed version, 0 for none."""
        package = self.installed()
        return package.version if package else 0

    def boot(self) -> InstalledPackage | None:
        """The package that runs, its slot read and compared with what was installed. Raises ``CorruptedPackage``."""
        return self._firmware.boot()

    def compare(self, peer: Channel) -> LowerVersion:
        """A1–A4 and A12: compares versions with another device of the product, and brings the lower one of the two up to date.

        Raises what stopped the update, here or at the peer.
        """
        question = VersionQuestion(self.product, _nonce())
        theirs = self._peer_said(peer.request(question, Signed), VersionAnswer, question.nonce)  # A1, A2
        lower = compare_versions(self.version(), theirs.version)  # A3
        _log.info(
            "A3 device %d has version %d, device %d has %d", self.device, self.version(), theirs.device, theirs.version
        )
        if lower is LowerVersion.THEIRS:
            self._tell_discrepancy(peer)
        elif lower is LowerVersion.MINE:
            self.update()
            self._tell_version(peer)
        return lower

    def update(self) -> InstalledPackage | None:
        """A5–A11: asks for the latest package, checks it and installs it; returns what runs then.

        Raises an ``UpdateRefused`` that names the attack it stopped, and leaves what runs as it is.
        """
        with self._updating:
            offer = self.update_server.request(LatestQuestion(self.product), PublishedPackage)  # A5, A6
            installed = self.installed()
            if installed is None or installed.pkg_id != offer.pkg_id:
                self._replace(offer, self._firmware.free_slot())
        self.report()
        return self.installed()

    def report(self) -> None:
        """Hands the receipt of the last installation to the update server, if it does not have it.

        A server that does not take it is asked again later: it is not trusted, and cannot undo an installation.
        """
        running = self._firmware.running()
        if running is None or running.reported:
            return
        try:
            self.update_server.request(running.receipt, ReceiptNoted)
        except CertchainError as problem:
            _log.info("the receipt of device %d has to wait: %s", self.device, problem)
            return
        self._firmware.mark_reported(running)

    def answer(self, connection: Connection, message: object) -> Signed:
        """A1, A4 and A12 from another device; a ``Handler`` for channels between devices."""
        del connection  # who asks, the message's own signature says
        match message:
            case VersionQuestion():
                verify_product("A1", message.product, self.product)
                return self._version_answer(message.nonce)  # A2
            case Signed(kind=Discrepancy.__name__):
                return self._hear_discrepancy(message)
            case Signed(kind=VersionAnswer.__name__):
                told = self._peer_said(message, VersionAnswer)
                _log.info("A12 device %d has version %d now", told.device, told.version)
                return self._version_answer(told.nonce)
            case _:
                raise MalformedMessage(f"a {type(message).__name__} is nothing that a device answers to its neighbour")

    # --------------------------------------------------------------------------------------------------- between two devices

    def _tell_discrepancy(self, peer: Channel) -> None:
        """A4, and A12 in answer."""
        told = Discrepancy(self.device, self.product, self.version(), _nonce())
        after = self._peer_said(peer.request(self.identity.sign(told), Signed), VersionAnswer, told.nonce)
        _log.info("A12 device %d has version %d now", after.device, after.version)

    def _tell_version(self, peer: Channel) -> None:
        """A12, when this device was the lower one."""
        nonce = _nonce()
        self._peer_said(peer.request(self._version_answer(nonce), Signed), VersionAnswer, nonce)

    def _hear_discrepancy(self, signed: Signed) -> Signed:
        told = self._peer_said(signed, Discrepancy)
        _log.info("A4 device %d has version %d, this one has %d", told.device, told.version, self.version())
        if compare_versions(self.version(), told.version) is LowerVersion.MINE:
            self.update()
        return self._version_answer(told.nonce)

    def _version_answer(self, nonce: bytes) -> Signed:
        return self.identity.sign(VersionAnswer(self.device, self.product, self.version(), nonce))

    def _peer_said(self, signed: Signed, model: type[PeerMessage], nonce: bytes | None = None) -> PeerMessage:
        """What another device of the product says, by its keys in force, and in answer to ``nonce`` if there was one."""
        records = self.ledger.registrations.keys(signed.signer)
        said = verify_statement(signed, model, signed.signer, records, self.identity.network)
        if signed.signer != device_party(said.device):
            raise WrongSigner(str(device_party(said.device)), str(signed.signer))
        verify_product("A3", said.product, self.product)
        if nonce is not None and said.nonce != nonce:
            raise MalformedMessage("it answers another question")
        return said

    # ----------------------------------------------------------------------------------------------------------- the package

    def _replace(self, offer: PublishedPackage, slot: Slot) -> None:
        """A6–A11, into the slot that does not run."""
        try:
            package = self._verified(offer, slot)
        except UpdateRefused as refusal:
            _log.warning("device %d: %s", self.device, refusal)
            self._firmware.empty(slot)
            raise
        receipt = self.identity.sign(InstallReceipt(self.device, package, self.clock.now()))
        self._firmware.switch(slot, package, receipt)  # A11
        _log.info("A11 device %d runs version %d of product %d", self.device, package.version, package.product)

    def _verified(self, offer: PublishedPackage, slot: Slot) -> InstalledPackage:
        """A6–A10: what may be installed; its data is in the slot then."""
        self._on_chain(offer)
        self._firmware.fill(slot, self._download(offer))
        digest = self._firmware.digest(slot, offer.pkg_id, offer.length)  # A7
        question = ValidationQuestion(offer.pkg_id, digest, _nonce())
        signed = self.authority_channel.request(question, Signed)  # A8, A9
        authority = service_party(self.authority)
        verdict = verdict_said(signed, authority, self.ledger.registrations.keys(authority), self.identity.network)
        package = self._on_chain(offer)  # once more: it may have been withdrawn while the data came
        return verify_verdict(verdict, Candidate(offer, package, question), self.product, self.version())

    def _on_chain(self, offer: PublishedPackage) -> Package:
        """A6: the package as the chain has it, which says how many bytes are to be accepted."""
        try:
            package = self.ledger.updates.package(offer.pkg_id)
        except UnknownPackage as problem:
            raise named_refusal("A6", problem) from problem
        verify_length("A6", offer.length, package)
        return package

    def _download(self, offer: PublishedPackage) -> Iterator[bytes]:
        """A6: the data, piece by piece, and not a byte more than there has to be."""
        for offset in range(0, offer.length, CHUNK_LENGTH):
            question = PackageChunkQuestion(offer.product, offer.version, offset)
            yield verify_chunk("A6", self.update_server.request(question, PackageChunk), offer, offset)

    @property
    def _firmware(self) -> Firmware:
        return Firmware(self.store)


def _nonce() -> bytes:
    return secrets.token_bytes(NONCE_LENGTH)
