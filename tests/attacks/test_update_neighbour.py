"""Attacks between devices: on A1–A4 and A12, and on receipts."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.errors import (
    CertchainError,
    KeyNotInForce,
    MalformedMessage,
    MixedUpProduct,
    SignatureInvalid,
    UnknownProduct,
    UnknownVersion,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.models.certification import Signed
from certchain.models.delivery import Discrepancy, InstallReceipt, ReceiptNoted, VersionAnswer, VersionQuestion
from certchain.models.digest import Digest
from certchain.models.identifier import ProductId
from tests.industry import Industry, anyones, firmware

LENGTH = 70_000


@pytest.fixture
def industry() -> Industry:
    """The hall has nothing yet; the kitchen has version 1."""
    industry = Industry()
    industry.device("hall")
    industry.release(1, firmware(LENGTH))
    industry.device("kitchen").update()
    return industry


def tell(industry: Industry, message: Signed) -> Signed:
    return industry.to_device("hall").request(message, Signed)


def discrepancy(industry: Industry, name: str = "kitchen", **fields: Any) -> Discrepancy:
    kitchen = industry.device(name)
    return replace(Discrepancy(kitchen.device, industry.product(), 9, bytes(32)), **fields)


def test_a_discrepancy_told_by_anyone_but_a_device_is_refused(industry: Industry) -> None:
    """A service with the device's number signs as a service."""
    service = industry.identities["manufacturer"]
    assert service.party.number == industry.device("kitchen").device
    with pytest.raises(WrongSigner):
        tell(industry, service.sign(discrepancy(industry)))
    assert industry.device("hall").installed() is None


def test_a_discrepancy_told_in_another_devices_name_is_refused(industry: Industry) -> None:
    with pytest.raises(WrongSigner):
        tell(industry, industry.identities["kitchen"].sign(discrepancy(industry, "hall")))


def test_a_discrepancy_by_keys_that_are_not_in_force_is_refused(industry: Industry) -> None:
    thief = replace(industry.identities["kitchen"], keys=KeyPair.generate())
    with pytest.raises(KeyNotInForce):
        tell(industry, thief.sign(discrepancy(industry)))


def test_a_changed_discrepancy_is_refused(industry: Industry) -> None:
    signed = industry.identities["kitchen"].sign(discrepancy(industry))
    with pytest.raises(SignatureInvalid):
        tell(industry, replace(signed, body=signed.body[:-1] + b"\1"))


def test_a_neighbour_of_another_product_is_not_listened_to(industry: Industry) -> None:
    oven = industry.device("oven", product="oven")
    with pytest.raises(MixedUpProduct):
        tell(industry, industry.identities["oven"].sign(discrepancy(industry, "oven", product=oven.product)))
    with pytest.raises(MixedUpProduct):
        oven.compare(industry.to_device("hall"))
    with pytest.raises(MixedUpProduct, match="A1"):
        industry.to_device("hall").request(VersionQuestion(oven.product, bytes(32)), Signed)


def test_a_discrepancy_that_is_none_changes_nothing(industry: Industry) -> None:
    """The kitchen claims the version that the hall has: the hall asks no one and answers with what it runs."""
    answer = tell(industry, industry.identities["kitchen"].sign(discrepancy(industry, version=0)))
    assert answer.signer == industry.identities["hall"].party
    assert industry.device("hall").installed() is None


def test_a_boast_without_a_package_installs_only_what_the_chain_has(industry: Industry) -> None:
    """Told of version 9, which no one has, the hall installs the latest that there is."""
    tell(industry, industry.identities["kitchen"].sign(discrepancy(industry)))
    assert industry.device("hall").version() == 1


def test_a_replayed_version_answer_is_refused(industry: Industry) -> None:
    """The kitchen's old answer, to another question."""
    question = VersionQuestion(industry.product(), bytes(32))
    old = industry.to_device("kitchen").request(question, Signed)
    with pytest.raises(MalformedMessage, match="another question"):
        industry.device("hall").compare(anyones(lambda _connection, _message: old))


def test_a_replayed_a12_does_not_stand_for_the_update(industry: Industry) -> None:
    """The hall tells the porch, which someone speaks for who has an old answer of it."""
    industry.device("hall").update()
    porch = industry.device("porch")
    old = industry.to_device("porch").request(VersionQuestion(industry.product(), bytes(32)), Signed)

    def speak(connection: Any, message: object) -> Signed:
        return porch.answer(connection, message) if isinstance(message, VersionQuestion) else old

    with pytest.raises(MalformedMessage, match="another question"):
        industry.device("hall").compare(anyones(speak))


@pytest.mark.parametrize("role", ["authority", "update_server", "hall"])
def test_what_no_one_asks_of_a_role_is_refused(industry: Industry, role: str) -> None:
    channels = {
        "authority": industry.to_authority(),
        "update_server": industry.to_update_server(),
        "hall": industry.to_device("hall"),
    }
    answer = VersionAnswer(industry.device("hall").device, industry.product(), 1, bytes(32))
    with pytest.raises(MalformedMessage):
        channels[role].request(answer, Signed)


def test_a_receipt_in_another_devices_name_is_refused(industry: Industry) -> None:
    """The kitchen cannot say that the hall is safe."""
    installed = industry.device("kitchen").installed()
    assert installed is not None
    receipt = InstallReceipt(industry.device("hall").device, installed, 0)
    with pytest.raises(WrongSigner):
        industry.to_update_server().request(industry.identities["kitchen"].sign(receipt), ReceiptNoted)
    assert len(industry.update_server.receipts()) == 1


def test_receipts_for_packages_that_there_are_not_do_not_fill_the_disk(industry: Industry) -> None:
    """An enrolled device signs what it likes: only what the chain has is kept, once for each version."""
    kitchen, channel = industry.device("kitchen"), industry.to_update_server()
    installed = kitchen.installed()
    assert installed is not None
    nothing = Digest(bytes(32))
    invented: list[tuple[dict[str, Any], type[CertchainError]]] = [
        ({"version": 2}, UnknownVersion),
        ({"product": ProductId(99)}, UnknownProduct),
        ({"pkg_id": nothing}, MalformedMessage),
        ({"digest": nothing}, MalformedMessage),
        ({"length": 1}, MalformedMessage),
    ]
    for fields, refusal in invented:
        receipt = InstallReceipt(kitchen.device, replace(installed, **fields), 0)
        with pytest.raises(refusal):
            channel.request(industry.identities["kitchen"].sign(receipt), ReceiptNoted)
    for at in range(3):
        receipt = InstallReceipt(kitchen.device, installed, at)
        channel.request(industry.identities["kitchen"].sign(receipt), ReceiptNoted)

    assert len(industry.update_server.receipts()) == 1
