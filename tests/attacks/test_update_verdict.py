"""Attacks on the authority's word: forged, replayed and misdirected verdicts, and verdicts by its stolen key."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certchain.channel import Handler
from certchain.encoding.digest import package_digest
from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import (
    CorruptedPackage,
    EndlessData,
    ForgedVerdict,
    MixedUpProduct,
    RollbackAttack,
    UnapprovedPackage,
    UpdateRefused,
)
from certchain.keys import KeyPair
from certchain.models.certification import Signed
from certchain.models.delivery import (
    LatestQuestion,
    PackageChunkQuestion,
    PublishedPackage,
    ValidationQuestion,
    Verdict,
)
from certchain.roles.authority import IssuedVersion
from certchain.storage.data import PackageBytes
from certchain.storage.kept import kept
from certchain.verification.statement import Identity
from tests.industry import Industry, anyones, firmware

LENGTH = 70_000

Forgery = Callable[[Signed], Signed]


class ManInTheMiddle:
    """Sits between device and authority, and passes on what it makes of each verdict."""

    def __init__(self, industry: Industry, forge: Forgery) -> None:
        self.industry, self.forge = industry, forge
        self.heard: list[Signed] = []

    def answer(self, connection: Any, message: object) -> Signed:
        verdict = self.industry.authority.answer(connection, message)
        assert isinstance(verdict, Signed)
        self.heard.append(verdict)
        return self.forge(verdict)


def changed(verdict: Signed, **fields: Any) -> Signed:
    return replace(verdict, body=to_cbor(replace(from_cbor(Verdict, verdict.body), **fields)))


def resigned(verdict: Signed, by: Identity, **fields: Any) -> Signed:
    return by.sign(replace(from_cbor(Verdict, verdict.body), **fields))


def refused(industry: Industry, forge: Forgery, error: type[UpdateRefused], name: str = "hall") -> UpdateRefused:
    """What the device says to the forgery; it runs what it ran."""
    device = industry.device(name)
    before = device.installed()
    device.authority_channel = anyones(ManInTheMiddle(industry, forge).answer)
    with pytest.raises(error, match="A10") as caught:
        device.update()
    assert device.boot() == device.installed() == before
    return caught.value


@pytest.fixture
def industry() -> Industry:
    industry = Industry()
    industry.release(1, firmware(LENGTH))
    return industry


# -------------------------------------------------------------------------------------------------------------------- forged


def test_a_verdict_whose_words_were_changed_is_forged(industry: Industry) -> None:
    refused(industry, lambda verdict: changed(verdict, version=9), ForgedVerdict)


def test_a_verdict_by_another_service_is_forged(industry: Industry) -> None:
    """The rival is enrolled and signs well, but is not the authority."""
    refused(industry, lambda verdict: resigned(verdict, industry.identities["rival"]), ForgedVerdict)


def test_a_verdict_by_keys_that_were_never_enrolled_is_forged(industry: Industry) -> None:
    thief = replace(industry.identities["authority"], keys=KeyPair.generate())
    refused(industry, lambda verdict: resigned(verdict, thief), ForgedVerdict)


def test_a_verdict_by_the_authoritys_old_keys_is_forged(industry: Industry) -> None:
    """Stolen, noticed and rotated: the keys are worth nothing any more."""
    old = industry.identities["authority"]
    fresh = KeyPair.generate()
    industry.account("authority").registrations.rotate_service_keys(old.party.number, fresh.public)
    industry.identities["authority"] = replace(old, keys=fresh)
    industry.restart()

    refused(industry, lambda verdict: resigned(verdict, old), ForgedVerdict)

    industry.restart()
    assert industry.device("hall").update().version == 1


def test_a_verdict_of_another_network_is_forged(industry: Industry) -> None:
    elsewhere = replace(industry.identities["authority"], network=bytes(32))
    refused(industry, lambda verdict: resigned(verdict, elsewhere), ForgedVerdict)


# ------------------------------------------------------------------------------------------------------------------ replayed


def test_a_replayed_verdict_is_forged(industry: Industry) -> None:
    """The authority's own verdict on this very package, from a question before."""
    hall, kitchen = industry.device("hall"), industry.device("kitchen")
    listener = ManInTheMiddle(industry, lambda verdict: verdict)
    kitchen.authority_channel = anyones(listener.answer)
    kitchen.update()
    assert hall.installed() is None

    problem = refused(industry, lambda _: listener.heard[0], ForgedVerdict)

    assert "another question" in problem.reason


def test_a_verdict_on_another_package_is_forged(industry: Industry) -> None:
    """Signed by the authority with the right nonce, because the thief asked with it, but about the package before."""
    first = industry.update_server.answer(None, LatestQuestion(industry.product()))
    assert isinstance(first, PublishedPackage)
    industry.release(2, firmware(LENGTH))
    digest = industry.account("thief").updates.package(first.pkg_id).digest

    def misdirect(verdict: Signed) -> Signed:
        nonce = from_cbor(Verdict, verdict.body).nonce
        answer = industry.authority.answer(None, ValidationQuestion(first.pkg_id, digest, nonce))
        assert isinstance(answer, Signed)
        return answer

    assert "another package" in refused(industry, misdirect, ForgedVerdict).reason


# ------------------------------------------------------------------------------------------------- by the authority's stolen key


def stolen(industry: Industry, **fields: Any) -> Forgery:
    return lambda verdict: resigned(verdict, industry.identities["authority"], **fields)


def test_a_stolen_authority_key_does_not_make_a_package_approved(industry: Industry) -> None:
    """The device reads the chain itself: recorded is not approved."""
    data, product = firmware(LENGTH), industry.product()
    pkg_id = industry.manufacturer.request_version(product, 2, industry.to_authority())
    digest, length = package_digest(pkg_id, LENGTH, [data])
    industry.account("manufacturer").updates.record_package(product, 2, pkg_id, digest, length)
    published = industry.manufacturer.publish(product, 2, PackageBytes(data), industry.to_update_server())

    install_by_stolen_key(industry, published, UnapprovedPackage)


def test_a_stolen_authority_key_does_not_vouch_for_other_data(industry: Industry) -> None:
    """The verdict says what the device computed from the thief's data; the chain says otherwise."""
    published = industry.update_server.answer(None, LatestQuestion(industry.product()))
    assert isinstance(published, PublishedPackage)
    name = f"piece-{published.product}-1-0"
    piece = b"".join(industry.store("update server").read(name))
    industry.store("update server").write(name, [b"evil" + piece[4:]])

    install_by_stolen_key(industry, published, CorruptedPackage)


def test_a_stolen_authority_key_does_not_give_an_old_package_a_higher_version(industry: Industry) -> None:
    older = industry.update_server.answer(None, LatestQuestion(industry.product()))
    assert isinstance(older, PublishedPackage)
    industry.release(2, firmware(LENGTH))
    industry.device("hall").update()

    install_by_stolen_key(industry, older, ForgedVerdict, version=3)


def test_a_stolen_authority_key_does_not_make_a_package_another_products(industry: Industry) -> None:
    oven = industry.release(4, firmware(LENGTH), product="oven")

    install_by_stolen_key(industry, oven, ForgedVerdict, product=industry.product())


def test_a_stolen_authority_key_does_not_change_a_length(industry: Industry) -> None:
    refused(industry, stolen(industry, length=LENGTH + 1), EndlessData)


def test_an_honest_verdict_on_an_old_version_or_another_product_installs_nothing(industry: Industry) -> None:
    """A10 looks at the verdict, not at what the update server said of its offer."""
    industry.device("hall").update()
    refused_offer(industry, industry.release(4, firmware(LENGTH), product="oven"), MixedUpProduct)
    older = industry.update_server.answer(None, LatestQuestion(industry.product()))
    assert isinstance(older, PublishedPackage)
    industry.release(2, firmware(LENGTH))
    industry.restart()
    industry.device("hall").update()
    refused_offer(industry, older, RollbackAttack)


def refused_offer(industry: Industry, offer: PublishedPackage, error: type[UpdateRefused]) -> None:
    device = industry.device("hall")

    def answer(connection: Any, message: object) -> object:
        return offer if isinstance(message, LatestQuestion) else industry.update_server.answer(connection, message)

    device.update_server = anyones(answer)
    with pytest.raises(error, match="A10"):
        device.update()


def test_a_stolen_authority_key_does_not_hide_a_withdrawal_during_the_download(industry: Industry) -> None:
    """Approved when the download began, withdrawn before it ended: the device reads the chain again before it switches."""
    published = industry.update_server.answer(None, LatestQuestion(industry.product()))
    assert isinstance(published, PublishedPackage)

    def withdrawing(connection: Any, message: object) -> object:
        if isinstance(message, PackageChunkQuestion):
            industry.manufacturer.withdraw(published.product, published.version)
        return industry.update_server.answer(connection, message)

    install_by_stolen_key(industry, published, UnapprovedPackage, withdrawing)


def install_by_stolen_key(
    industry: Industry,
    offer: PublishedPackage,
    error: type[UpdateRefused],
    server: Handler | None = None,
    **claims: Any,
) -> None:
    """Update server and authority are both the thief's; only the chain is not."""
    package = industry.account("thief").updates.package(offer.pkg_id)
    issued = kept(industry.store("authority"), f"version-{offer.product}-{offer.version}", IssuedVersion)

    def lie(_: Any, question: ValidationQuestion) -> Signed:
        said = Verdict(
            product=package.product,
            version=package.version,
            pkg_id=question.pkg_id,
            digest=question.digest,
            length=offer.length,
            ver_id=issued.ver_id,
            nonce=question.nonce,
            at=0,
        )
        return industry.identities["authority"].sign(replace(said, **claims))

    device = industry.device("hall")
    before = device.installed()
    answer = server or industry.update_server.answer
    device.authority_channel = anyones(lie)
    device.update_server = anyones(
        lambda connection, message: offer if isinstance(message, LatestQuestion) else answer(connection, message)
    )
    with pytest.raises(error, match="A10"):
        device.update()
    assert device.boot() == device.installed() == before
