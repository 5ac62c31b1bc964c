"""Attacks on the way from the update server to a device: whoever holds the server or the network between installs nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import package_digest, package_id
from certchain.errors import (
    CorruptedPackage,
    EndlessData,
    MixedUpProduct,
    RollbackAttack,
    SwappedPackage,
    UnapprovedPackage,
    UpdateRefused,
)
from certchain.models.delivery import (
    CHUNK_LENGTH,
    LatestQuestion,
    PackageChunk,
    PackageChunkQuestion,
    PublishedPackage,
)
from certchain.storage.data import PackageBytes
from tests.industry import Industry, anyones, firmware

LENGTH = 2 * CHUNK_LENGTH + 1000

Twist = Callable[[Any], Any]


class ThiefServer:
    """An update server in the thief's hands: it passes on what the real one answers, but for what the thief twists."""

    def __init__(self, industry: Industry, offer: Twist = lambda it: it, piece: Twist = lambda it: it) -> None:
        self.industry, self.offer, self.piece = industry, offer, piece
        self.pieces_given = 0

    def answer(self, connection: Any, message: object) -> object:
        if isinstance(message, PackageChunkQuestion):
            self.pieces_given += 1
            return self.piece(self.industry.update_server.answer(connection, message))
        answer = self.industry.update_server.answer(connection, message)
        return self.offer(answer) if isinstance(message, LatestQuestion) else answer


def attack(industry: Industry, server: Any, name: str = "hall") -> None:
    """The device asks the thief's server. Whatever comes of it, the device runs what it ran, and nothing else is left on it."""
    device = industry.device(name)
    before = device.installed()
    slots = set(industry.stores[name].names()) if name in industry.stores else set()
    device.update_server = anyones(server.answer)
    try:
        device.update()
    finally:
        assert device.boot() == device.installed() == before
        assert set(industry.store(name).names()) <= slots


@pytest.fixture
def industry() -> Industry:
    """One product with one version out."""
    industry = Industry()
    industry.release(1, firmware(LENGTH))
    return industry


# ----------------------------------------------------------------------------------------------------------------- corrupted


@pytest.mark.parametrize("offset", [0, CHUNK_LENGTH, 2 * CHUNK_LENGTH])
@pytest.mark.parametrize("bit", [0, 7])
def test_one_flipped_bit_is_a_corrupted_package(industry: Industry, offset: int, bit: int) -> None:
    def flip(piece: PackageChunk) -> PackageChunk:
        flipped = bytes([piece.data[0] ^ (1 << bit)]) + piece.data[1:]
        return replace(piece, data=flipped) if piece.offset == offset else piece

    with pytest.raises(CorruptedPackage, match="A9"):
        attack(industry, ThiefServer(industry, piece=flip))


def test_another_versions_data_under_this_pkg_id_is_a_corrupted_package(industry: Industry) -> None:
    """Data of the same length: the digest tells."""
    second = industry.release(2, firmware(LENGTH))

    def older(piece: PackageChunk) -> PackageChunk:
        data = industry.store("update server").read(f"piece-{piece.product}-1-{piece.offset}")
        return replace(piece, data=b"".join(data))

    assert second.length == LENGTH
    with pytest.raises(CorruptedPackage, match="A9"):
        attack(industry, ThiefServer(industry, piece=older))


def test_firmware_changed_in_its_slot_is_noticed_at_boot(industry: Industry) -> None:
    hall = industry.device("hall")
    hall.update()
    image = bytearray(b"".join(industry.store("hall").read("slot-a")))
    image[1000] ^= 1
    industry.store("hall").write("slot-a", [bytes(image)])

    with pytest.raises(CorruptedPackage, match="boot"):
        hall.boot()
    industry.store("hall").remove("slot-a")
    with pytest.raises(CorruptedPackage, match="boot"):
        hall.boot()


# ------------------------------------------------------------------------------------------------------------------- swapped


def test_a_package_that_the_chain_does_not_know_is_a_swapped_package(industry: Industry) -> None:
    """The thief's own VerID, UptID and PkgID, all in order, but on no chain."""
    pkg_id = package_id(bytes(32), bytes(32))
    thief = ThiefServer(industry, offer=lambda offer: replace(offer, version=9, upt_id=bytes(32), pkg_id=pkg_id))

    with pytest.raises(SwappedPackage, match="A6"):
        attack(industry, thief)
    assert thief.pieces_given == 0


def test_another_upt_id_is_a_swapped_package(industry: Industry) -> None:
    """VerID and UptID have to make PkgID (A10)."""
    with pytest.raises(SwappedPackage, match="A10"):
        attack(industry, ThiefServer(industry, offer=lambda offer: replace(offer, upt_id=bytes(32))))


def test_a_piece_of_another_place_is_a_swapped_package(industry: Industry) -> None:
    with pytest.raises(SwappedPackage, match="A6"):
        attack(industry, ThiefServer(industry, piece=lambda piece: replace(piece, version=2)))


# ------------------------------------------------------------------------------------------------------------------ rollback


def test_an_older_version_is_a_rollback_attack(industry: Industry) -> None:
    """The first version is approved, whole and genuine, and still not installed over the second."""
    older = industry.update_server.answer(None, LatestQuestion(industry.product()))
    industry.release(2, firmware(LENGTH))
    industry.device("hall").update()

    with pytest.raises(RollbackAttack, match="A10"):
        attack(industry, ThiefServer(industry, offer=lambda _: older))


# ------------------------------------------------------------------------------------------------------------- another product


def test_a_package_of_another_product_is_refused(industry: Industry) -> None:
    """Genuine, approved and higher, but made for the oven."""
    industry.device("hall").update()
    oven = industry.release(5, firmware(LENGTH), product="oven")
    with pytest.raises(MixedUpProduct, match="A10"):
        attack(industry, ThiefServer(industry, offer=lambda _: oven))


# ---------------------------------------------------------------------------------------------------------------- unapproved


def test_a_withdrawn_package_is_refused(industry: Industry) -> None:
    """The thief's server goes on offering what the manufacturer took back."""
    withdrawn = industry.update_server.answer(None, LatestQuestion(industry.product()))
    industry.manufacturer.withdraw(industry.product(), 1)

    class StubbornServer(ThiefServer):
        def answer(self, connection: Any, message: object) -> object:
            return withdrawn if isinstance(message, LatestQuestion) else super().answer(connection, message)

    with pytest.raises(UnapprovedPackage, match="A9"):
        attack(industry, StubbornServer(industry))


def test_a_package_that_was_never_approved_is_refused(industry: Industry) -> None:
    """The manufacturer's own, recorded on the chain, and offered before the authority has said a word."""
    data, product = firmware(LENGTH), industry.product()
    pkg_id = industry.manufacturer.request_version(product, 2, industry.to_authority())
    digest, length = package_digest(pkg_id, LENGTH, [data])
    industry.account("manufacturer").updates.record_package(product, 2, pkg_id, digest, length)
    published = industry.manufacturer.publish(product, 2, PackageBytes(data), industry.to_update_server())

    with pytest.raises(UnapprovedPackage, match="A9"):
        attack(industry, ThiefServer(industry, offer=lambda _: published))


# -------------------------------------------------------------------------------------------------------------- endless data


def longer(offer: PublishedPackage) -> PublishedPackage:
    return replace(offer, length=offer.length + 1)


def test_a_length_that_is_not_the_chains_is_refused_before_the_first_byte(industry: Industry) -> None:
    thief = ThiefServer(industry, offer=longer)

    with pytest.raises(EndlessData, match="A6"):
        attack(industry, thief)
    assert thief.pieces_given == 0


@pytest.mark.parametrize(
    "twist",
    [
        pytest.param(lambda data: data + b"\0", id="a byte more"),
        pytest.param(lambda data: data * 100, id="a hundred times the data"),
        pytest.param(lambda data: data[:-1], id="a byte less"),
        pytest.param(lambda _: b"", id="nothing, for ever"),
    ],
)
def test_more_or_less_data_than_the_chain_says_is_endless_data(
    industry: Industry, twist: Callable[[bytes], bytes]
) -> None:
    """The first piece that is not as long as it has to be ends it."""
    thief = ThiefServer(industry, piece=lambda piece: replace(piece, data=twist(piece.data)))

    with pytest.raises(EndlessData, match="A6"):
        attack(industry, thief)
    assert thief.pieces_given == 1


def test_after_every_attack_the_device_still_takes_the_real_update(industry: Industry) -> None:
    """A refusal leaves nothing behind that stands in the way."""
    thief = ThiefServer(industry, piece=lambda piece: replace(piece, data=piece.data[:-1]))
    with pytest.raises(UpdateRefused):
        attack(industry, thief)

    industry.restart()

    assert industry.device("hall").update().version == 1
