"""Attacks on R1–R7: on VerID, on what is submitted, on what is uploaded."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.channel import Connection
from certchain.encoding.digest import package_digest, submission_context, ver_id_context
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import (
    CorruptedPackage,
    EndlessData,
    ForgedVersionId,
    KeyNotInForce,
    MalformedMessage,
    NotManufacturer,
    PackageIdReused,
    SealInvalid,
    SignatureInvalid,
    SwappedPackage,
    WrongSigner,
)
from certchain.keys import KeyPair, seal_to
from certchain.models.certification import Signed
from certchain.models.delivery import (
    CHUNK_LENGTH,
    PackageApproval,
    PackageChunk,
    PackageSubmission,
    PublishedPackage,
    SubmittedPair,
    UploadProgress,
    VersionIssue,
    VersionRequest,
)
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId
from certchain.models.update import PackageStatus
from certchain.roles.authority import IssuedVersion
from certchain.storage.data import PackageBytes
from certchain.storage.kept import keep, kept
from tests.industry import Industry, anyones, firmware

LENGTH = CHUNK_LENGTH + 5000


@pytest.fixture
def industry() -> Industry:
    return Industry()


# -------------------------------------------------------------------------------------------------------------- R1–R4: VerID


def test_a_rival_gets_no_ver_id_for_the_manufacturers_product(industry: Industry) -> None:
    product = industry.product()
    industry.account("manufacturer").updates.request_version(product, 1)
    request = industry.identities["rival"].sign(VersionRequest(product, 1))

    with pytest.raises(NotManufacturer):
        industry.to_authority().request(request, Signed)
    assert industry.account("thief").updates.package_at(product, 1).status is PackageStatus.REQUESTED


def test_a_device_with_a_manufacturers_number_gets_no_ver_id(industry: Industry) -> None:
    """Device 2 is not service 2."""
    industry.device("hall")
    industry.device("kitchen")
    product = industry.product()
    industry.account("manufacturer").updates.request_version(product, 1)
    assert industry.identities["kitchen"].party.number == industry.identities["manufacturer"].party.number
    request = industry.identities["kitchen"].sign(VersionRequest(product, 1))

    with pytest.raises(NotManufacturer):
        industry.to_authority().request(request, Signed)


def test_a_request_by_stolen_and_rotated_keys_gets_no_ver_id(industry: Industry) -> None:
    product, old = industry.product(), industry.identities["manufacturer"]
    industry.account("manufacturer").updates.request_version(product, 1)
    industry.account("authority").registrations.rotate_service_keys(old.party.number, KeyPair.generate().public)

    with pytest.raises(KeyNotInForce):
        industry.to_authority().request(old.sign(VersionRequest(product, 1)), Signed)


def test_the_ver_id_is_not_to_be_read_on_the_way(industry: Industry) -> None:
    """It is sealed to the manufacturer's key, for this version alone."""
    issue = issued(industry)
    said = from_cbor(VersionIssue, issue.body)
    ver_id = kept(industry.store("authority"), f"version-{said.product}-1", IssuedVersion).ver_id
    assert ver_id not in issue.body
    info = ver_id_context(industry.network, said.product, 1)
    with pytest.raises(SealInvalid):
        industry.identities["rival"].keys.open(info, said.sealed_ver_id)
    with pytest.raises(SealInvalid):
        industry.identities["manufacturer"].keys.open(ver_id_context(industry.network, 1, 2), said.sealed_ver_id)
    assert industry.identities["manufacturer"].keys.open(info, said.sealed_ver_id) == ver_id


def issued(industry: Industry) -> Signed:
    industry.manufacturer.request_version(industry.product(), 1, industry.to_authority())
    request = industry.identities["manufacturer"].sign(VersionRequest(industry.product(), 1))
    return industry.to_authority().request(request, Signed)


def forged(industry: Industry, signer: str = "authority", version: int = 1, ver_id: bytes = bytes(32)) -> Signed:
    """A VerID of the thief's, sealed and signed as it should be."""
    product = industry.product()
    info = ver_id_context(industry.network, product, 1)
    sealed = seal_to(industry.identities["manufacturer"].keys.public.exchange, info, ver_id)
    return industry.identities[signer].sign(VersionIssue(product, version, sealed))


def test_a_ver_id_that_the_authority_did_not_commit_to_is_forged(industry: Industry) -> None:
    issued(industry)
    with pytest.raises(ForgedVersionId, match=r"R4.*committed"):
        take(industry, forged(industry))


def test_a_ver_id_from_anyone_but_the_authority_is_refused(industry: Industry) -> None:
    issue = issued(industry)
    with pytest.raises(WrongSigner):
        take(industry, forged(industry, signer="rival"))
    with pytest.raises(SignatureInvalid):
        take(industry, replace(issue, body=from_the_thief(issue)))


def from_the_thief(issue: Signed) -> bytes:
    return to_cbor(replace(from_cbor(VersionIssue, issue.body), sealed_ver_id=bytes(100)))


def test_a_ver_id_of_another_version_is_forged(industry: Industry) -> None:
    issued(industry)
    with pytest.raises(ForgedVersionId, match="another version"):
        take(industry, forged(industry, version=2))


def test_a_ver_id_sealed_to_someone_else_is_forged(industry: Industry) -> None:
    issued(industry)
    issue = VersionIssue(industry.product(), 1, bytes(113))
    with pytest.raises(ForgedVersionId, match="not sealed"):
        take(industry, industry.identities["authority"].sign(issue))


def take(industry: Industry, issue: Signed) -> None:
    """The manufacturer is handed this instead of the authority's answer."""
    industry.manufacturer.request_version(industry.product(), 1, anyones(lambda _connection, _message: issue))


def test_an_authority_whose_store_was_exchanged_notices(industry: Industry) -> None:
    """R3: the VerID it finds is not the one it committed to, so it issues none."""
    issued(industry)
    keep(industry.store("authority"), f"version-{industry.product()}-1", IssuedVersion(bytes(32)))
    with pytest.raises(ForgedVersionId, match="R3"):
        issued(industry)


# ------------------------------------------------------------------------------------------------------------ R5–R6: submission


@pytest.fixture
def recorded(industry: Industry) -> tuple[Industry, Digest, bytes, Digest]:
    """A package that is on the chain and not yet submitted: its PkgID, VerID and digest."""
    product, data = industry.product(), firmware(LENGTH)
    pkg_id = industry.manufacturer.request_version(product, 1, industry.to_authority())
    ver_id = kept(industry.store("authority"), f"version-{product}-1", IssuedVersion).ver_id
    digest, _ = package_digest(pkg_id, LENGTH, [data])
    industry.account("manufacturer").updates.record_package(product, 1, pkg_id, digest, LENGTH)
    return industry, pkg_id, ver_id, digest


def submit(industry: Industry, pkg_id: Digest, ver_id: bytes, digest: Digest, by: str = "manufacturer") -> None:
    product = industry.product()
    info = submission_context(industry.network, product, 1)
    sealed = seal_to(
        industry.identities["authority"].keys.public.exchange, info, to_cbor(SubmittedPair(ver_id, digest))
    )
    submission = industry.identities[by].sign(PackageSubmission(product, 1, pkg_id, sealed))
    try:
        industry.to_authority().request(submission, PackageApproval)
    finally:
        status = industry.account("thief").updates.package_at(product, 1).status
        assert (status is PackageStatus.APPROVED) == (by == "honest")


def test_a_submission_with_another_ver_id_is_forged(recorded: tuple[Industry, Digest, bytes, Digest]) -> None:
    industry, pkg_id, _, digest = recorded
    with pytest.raises(ForgedVersionId, match="R6"):
        submit(industry, pkg_id, bytes(32), digest)


def test_a_submission_with_another_digest_is_a_corrupted_package(
    recorded: tuple[Industry, Digest, bytes, Digest],
) -> None:
    industry, pkg_id, ver_id, _ = recorded
    with pytest.raises(CorruptedPackage, match="R6"):
        submit(industry, pkg_id, ver_id, Digest(bytes(32)))


def test_a_submission_with_another_pkg_id_is_a_swapped_package(
    recorded: tuple[Industry, Digest, bytes, Digest],
) -> None:
    industry, _, ver_id, digest = recorded
    with pytest.raises(SwappedPackage, match="R6"):
        submit(industry, Digest(bytes(32)), ver_id, digest)


def test_a_rivals_submission_is_refused(recorded: tuple[Industry, Digest, bytes, Digest]) -> None:
    industry, pkg_id, ver_id, digest = recorded
    with pytest.raises(NotManufacturer):
        submit(industry, pkg_id, ver_id, digest, by="rival")


def test_a_submission_before_a_ver_id_was_issued_is_forged(industry: Industry) -> None:
    product = industry.product()
    industry.account("manufacturer").updates.request_version(product, 1)
    with pytest.raises(ForgedVersionId, match="R6"):
        submit(industry, Digest(bytes(32)), bytes(32), Digest(bytes(32)))


def test_another_file_under_a_recorded_version_is_refused(
    recorded: tuple[Industry, Digest, bytes, Digest],
) -> None:
    """R5: the manufacturer's own mistake, a build too many between two tries."""
    industry = recorded[0]
    other, product = firmware(LENGTH), industry.product()
    with pytest.raises(CorruptedPackage, match="R5"):
        industry.manufacturer.submit_package(product, 1, PackageBytes(other), industry.to_authority())
    with pytest.raises(EndlessData, match="R5"):
        industry.manufacturer.submit_package(product, 1, PackageBytes(other[:-1]), industry.to_authority())


def test_a_rival_who_records_the_pkg_id_first_holds_nothing_up(industry: Industry) -> None:
    """It copies each PkgID on its way to the chain, and takes it for a version of its own: the manufacturer makes another."""
    product, data = industry.product(), firmware(LENGTH)
    before = industry.manufacturer.request_version(product, 1, industry.to_authority())
    copy(industry, before, 1)

    industry.manufacturer.submit_package(product, 1, PackageBytes(data), industry.to_authority())
    industry.restart()
    published = industry.manufacturer.publish(product, 1, PackageBytes(data), industry.to_update_server())

    assert published.pkg_id == industry.account("thief").updates.package_at(product, 1).pkg_id != before
    assert industry.device("hall").update().pkg_id == published.pkg_id


def test_whoever_is_overtaken_again_and_again_can_try_again_and_again(industry: Industry) -> None:
    product, data = industry.product(), PackageBytes(firmware(LENGTH))
    taken = {industry.manufacturer.request_version(product, 1, industry.to_authority())}
    overtaken = Overtaken(industry)

    with pytest.raises(PackageIdReused):
        replace(industry.manufacturer, ledger=overtaken.ledger).submit_package(
            product, 1, data, industry.to_authority()
        )
    industry.restart()
    industry.manufacturer.submit_package(product, 1, data, industry.to_authority())

    taken.update(overtaken.copied)
    assert len(taken) == 2
    assert industry.account("thief").updates.package_at(product, 1).pkg_id not in taken


def test_a_record_of_its_own_that_was_only_slow_is_not_taken_for_a_copy(industry: Industry) -> None:
    """Its answer was lost, and the second try meets the first."""
    product, data = industry.product(), PackageBytes(firmware(LENGTH))
    pkg_id = industry.manufacturer.request_version(product, 1, industry.to_authority())
    slow = Slow(industry)

    replace(industry.manufacturer, ledger=slow.ledger).submit_package(product, 1, data, industry.to_authority())

    assert industry.account("thief").updates.package_at(product, 1).pkg_id == pkg_id


def copy(industry: Industry, pkg_id: Digest, version: int) -> None:
    """The rival records this PkgID for a version of its own product."""
    product = industry.rival.register_product("copy", "rev-c")
    industry.rival.request_version(product, version, industry.to_authority())
    industry.account("rival").updates.record_package(product, version, pkg_id, Digest(b"c" * 32), 1)


class Overtaken:
    """The manufacturer's ledger, when the rival is faster each time."""

    def __init__(self, industry: Industry) -> None:
        self._industry, self.copied = industry, list[Digest]()
        own = industry.ledger("manufacturer")
        self.ledger = replace(own, updates=self)
        self._updates = own.updates

    def __getattr__(self, name: str) -> Any:
        return getattr(self._updates, name)

    def record_package(self, product: ProductId, version: int, pkg_id: Digest, *rest: Any) -> None:
        self.copied.append(pkg_id)
        copy(self._industry, pkg_id, len(self.copied))
        self._updates.record_package(product, version, pkg_id, *rest)


class Slow(Overtaken):
    """The same, when the faster one is its own first try; the chain refuses its second one by the PkgID."""

    def record_package(self, product: ProductId, version: int, pkg_id: Digest, *rest: Any) -> None:
        self._updates.record_package(product, version, pkg_id, *rest)
        raise PackageIdReused(pkg_id.value)


# --------------------------------------------------------------------------------------------------------------- R7: uploads


@pytest.fixture
def approved(industry: Industry) -> tuple[Industry, bytes]:
    """A package that is approved and not yet with the update server."""
    data, product = firmware(LENGTH), industry.product()
    industry.manufacturer.request_version(product, 1, industry.to_authority())
    industry.manufacturer.submit_package(product, 1, PackageBytes(data), industry.to_authority())
    return industry, data


def publish(industry: Industry, data: bytes, channel: Any = None) -> None:
    channel = channel or industry.to_update_server()
    industry.manufacturer.publish(industry.product(), 1, PackageBytes(data), channel)


def test_an_upload_of_other_data_is_a_corrupted_package_and_leaves_nothing(approved: tuple[Industry, bytes]) -> None:
    industry, data = approved
    with pytest.raises(CorruptedPackage, match="R7"):
        publish(industry, b"evil" + data[4:])
    assert industry.store("update server").names() == ()

    publish(industry, data)

    assert industry.device("hall").update().version == 1


def test_an_upload_of_another_length_is_endless_data(approved: tuple[Industry, bytes]) -> None:
    industry, data = approved
    with pytest.raises(EndlessData, match="R7"):
        publish(industry, data + b"\0")


def test_pieces_longer_or_shorter_than_announced_are_endless_data(approved: tuple[Industry, bytes]) -> None:
    industry, data = approved

    class Swelling(PackageBytes):
        def chunks(self) -> Any:
            yield data[:CHUNK_LENGTH] + b"\0"

    class Ending(PackageBytes):
        def chunks(self) -> Any:
            yield data[:CHUNK_LENGTH]

    for kind in (Swelling, Ending):
        with pytest.raises(EndlessData, match="R7"):
            industry.manufacturer.publish(industry.product(), 1, kind(data), industry.to_update_server())
    publish(industry, data)


def test_a_rival_cannot_publish_the_manufacturers_package(approved: tuple[Industry, bytes]) -> None:
    """Not even the genuine file: with another UptID no device could install it any more."""
    industry, data = approved
    industry.manufacturer.publish(industry.product(), 1, PackageBytes(data), industry.to_update_server())
    published = kept_offer(industry)
    for signer in ("rival", "authority"):
        with pytest.raises(NotManufacturer):
            industry.begin_upload(signer, replace(published, upt_id=bytes(32)))
    industry.device("hall")
    kitchen = industry.device("kitchen")
    assert kitchen.device == industry.identities["manufacturer"].party.number
    with pytest.raises(NotManufacturer):
        industry.begin_upload("kitchen", published)
    assert industry.device("hall").update().version == 1


def kept_offer(industry: Industry) -> PublishedPackage:
    return kept(industry.store("update server"), f"package-{industry.product()}-1", PublishedPackage)


def test_a_publication_under_a_pkg_id_that_the_chain_does_not_have_is_a_swapped_package(
    approved: tuple[Industry, bytes],
) -> None:
    industry, data = approved
    publish(industry, data)
    offer = kept_offer(industry)
    for twisted in (replace(offer, pkg_id=Digest(bytes(32))), replace(offer, version=2)):
        with pytest.raises(SwappedPackage, match="R7"):
            industry.begin_upload("manufacturer", twisted)


def test_a_publication_for_another_channel_is_refused(approved: tuple[Industry, bytes]) -> None:
    """Replayed by who heard it, it would take the upload away from the manufacturer."""
    industry, data = approved
    heard: list[Any] = []

    def listening(connection: Connection, message: object) -> object:
        heard.append(message)
        return industry.update_server.answer(connection, message)

    publish(industry, data, anyones(listening))
    for name in industry.update_server.store.names():
        industry.update_server.store.remove(name)

    with pytest.raises(MalformedMessage, match="another channel"):
        industry.to_update_server().request(heard[0], UploadProgress)
    publish(industry, data)
    assert industry.device("hall").update().version == 1


def test_a_stranger_cannot_slip_pieces_into_an_upload(approved: tuple[Industry, bytes]) -> None:
    """Pieces count only on the channel on which the manufacturer began."""
    industry, data = approved
    theirs = industry.to_update_server()
    evil = PackageChunk(industry.product(), 1, 0, bytes(CHUNK_LENGTH))
    with pytest.raises(MalformedMessage):
        theirs.request(evil, UploadProgress)

    class Slipping(PackageBytes):
        def chunks(self) -> Any:
            with pytest.raises(MalformedMessage):
                theirs.request(evil, UploadProgress)
            return PackageBytes(data).chunks()

    industry.manufacturer.publish(industry.product(), 1, Slipping(data), industry.to_update_server())

    assert industry.device("hall").update().version == 1
