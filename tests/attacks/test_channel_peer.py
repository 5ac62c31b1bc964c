"""Somebody else's user device, enrolled like Alice's, speaks as hers: nothing of it counts, whatever it knows or has overheard.

Mallory has Alice's secret, her statement, her certification and her command; what she lacks is the keys of Alice's phone. Each message is
refused by who is at the other end, before it is counted, kept or reported.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from certchain.encoding.digest import login_proof
from certchain.encoding.message import from_cbor
from certchain.errors import CertchainError, ChallengeRejected, NotLoggedIn, WrongSigner
from certchain.models.application import LoginGrantKept, RegistrationAnswer, RegistrationApplication
from certchain.models.certification import (
    Certification,
    CertificationForward,
    CertificationRequest,
    Login,
    LoginAccepted,
    LoginFailure,
    SessionOffer,
    Signed,
    UserDeviceStatement,
)
from certchain.models.identifier import Party
from certchain.roles.iot_device.login import BOOK
from certchain.roles.user_device.equipment import KeptRegistration, registration_file
from certchain.storage.kept import kept
from tests.household import SECRET, Household, Phone
from tests.wiretap import Wiretap, tap_lock, tap_server


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


@pytest.fixture
def mallory(home: Household) -> Phone:
    return home.another_phone("m")


@dataclass(frozen=True, slots=True)
class SameConversation:
    """Alice's conversation as nobody but she has it, with Mallory in her place: what a faulty channel would do."""

    connection: Any
    peer: Party

    @property
    def binding(self) -> bytes:
        return bytes(self.connection.binding)

    def export(self, label: str, context: bytes, length: int) -> bytes:
        return bytes(self.connection.export(label, context, length))


def interrupted(
    home: Household,
    mallory: Phone,
    kind: type,
    refusal: type[CertchainError],
    say: Callable[[Any], Any] = lambda it: it,
) -> None:
    """Mallory says Alice's message of this kind on Alice's own conversation before Alice does; Alice's goes on as if nothing had been."""
    refused: list[CertchainError] = []

    def twice(connection: Any, message: Any) -> object:
        named = message.kind if isinstance(message, Signed) else type(message).__name__
        if named == kind.__name__:
            with pytest.raises(refusal) as caught:
                home.lock.answer(SameConversation(connection, mallory.identity.party), say(message))
            refused.append(caught.value)
        return home.lock.answer(connection, message)

    channel = Wiretap(twice, home.phone.identity.party, home.lock.identity.party).channel()
    control = home.phone.role.certify(channel, home.lock.id, SECRET)
    assert control.command(b"open") == b"done: open"
    assert len(refused) == 1


@pytest.fixture
def untouched(home: Household) -> Any:
    """What the lock has on disk and the server in its log is afterwards what it was before."""
    before, entries = login_book(home), len(home.server.entries())
    yield
    assert (login_book(home), len(home.server.entries())) == (before, entries)


def login_book(home: Household) -> bytes:
    return b"".join(home.lock.store.read(BOOK)) if BOOK in home.lock.store.names() else b""


# ------------------------------------------------------------------------------------------------------- at the IoT device


@pytest.mark.usefixtures("untouched")
def test_a_login_as_another_user_device_is_not_even_counted(home: Household, mallory: Phone) -> None:
    """Otherwise whoever is enrolled could lock Alice out."""
    for _ in range(2 * home.lock.policy.attempts):
        with pytest.raises(WrongSigner):
            home.lock.channel(mallory.identity.party).request(
                Login(home.alice, home.phone.id, bytes(64)), LoginAccepted
            )


@pytest.mark.usefixtures("untouched")
def test_alices_secret_and_phones_number_are_no_login_for_another_user_device(home: Household, mallory: Phone) -> None:
    channel = home.lock.channel(mallory.identity.party)
    registration = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration)
    said = login_proof(home.lock.ledger.network, home.alice, home.phone.id, home.lock.id, channel.binding)
    signature = registration.derivation.derive(SECRET).login.sign(said)
    with pytest.raises(WrongSigner):
        channel.request(Login(home.alice, home.phone.id, signature), LoginAccepted)


def test_after_strangers_logins_alice_is_certified(home: Household, mallory: Phone) -> None:
    """The control of the two before."""
    for _ in range(2 * home.lock.policy.attempts):
        with pytest.raises(WrongSigner):
            home.lock.channel(mallory.identity.party).request(
                Login(home.alice, home.phone.id, bytes(64)), LoginAccepted
            )
    assert home.certify().command(b"open") == b"done: open"


@pytest.mark.usefixtures("untouched")
def test_alices_statement_from_another_user_device_is_refused(home: Household, mallory: Phone) -> None:
    statement = home.phone.identity.sign(LoginGrantKept(1))  # whatever it says
    with pytest.raises(WrongSigner):
        home.lock.channel(mallory.identity.party).request(
            replace(statement, kind=UserDeviceStatement.__name__), SessionOffer
        )


def test_a_stranger_on_alices_own_conversation_ends_none_of_its_stages(home: Household, mallory: Phone) -> None:
    """The login, the statement, the certification and the command of Alice, each said by Mallory before Alice says it."""
    for kind in (Login, UserDeviceStatement, Certification):
        interrupted(home, mallory, kind, WrongSigner)


def test_a_strangers_own_statement_does_not_use_up_alices_login(home: Household, mallory: Phone) -> None:
    def own(signed: Signed) -> Signed:
        return mallory.identity.sign(from_cbor(UserDeviceStatement, signed.body))

    interrupted(home, mallory, UserDeviceStatement, WrongSigner, own)


def test_a_command_under_the_right_keys_from_another_user_device_is_refused(home: Household, mallory: Phone) -> None:
    interrupted(home, mallory, type(home.certify().keys.seal_command(1, b"open")), WrongSigner)
    assert home.lock.done.count(b"open") == 1


def test_without_a_login_of_ones_own_there_is_nothing_to_certify(home: Household, mallory: Phone) -> None:
    """Alice's certification on Mallory's channel, and a statement of Mallory's own without a login."""
    tap = tap_lock(home.lock)
    home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    channel = home.lock.channel(mallory.identity.party)
    with pytest.raises(ChallengeRejected):
        channel.request(tap.of(Certification)[0], Signed)
    statement = from_cbor(UserDeviceStatement, tap.of(UserDeviceStatement)[0].body)
    with pytest.raises(NotLoggedIn):
        channel.request(mallory.identity.sign(statement), SessionOffer)
    with pytest.raises(CertchainError):
        channel.request(tap.of(Login)[0], LoginAccepted)
    assert home.lock.done == []


def test_alices_application_and_grant_from_another_user_device_are_refused(home: Household, mallory: Phone) -> None:
    tap = tap_lock(home.lock)
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)
    channel = home.lock.channel(mallory.identity.party)
    with pytest.raises(WrongSigner):
        channel.request(tap.of(RegistrationApplication)[0], RegistrationAnswer)
    with pytest.raises(WrongSigner):
        channel.request(tap.answered[0].login_grant, LoginGrantKept)


# ------------------------------------------------------------------------------------------- at the certification server


def test_what_a_device_signed_is_nothing_from_another_peer(home: Household, mallory: Phone) -> None:
    """Overheard at a turned server, say: request, forward and report count from the lock only, and leave no entry."""
    gate, tap = home.another_lock("gate"), tap_server(home.lock)
    home.certify()
    with pytest.raises(CertchainError):
        home.certify("wrong")
    entries = len(home.server.entries())
    for kind in (CertificationRequest, CertificationForward, LoginFailure):
        for party in (mallory.identity.party, gate.identity.party):
            with pytest.raises(WrongSigner):
                home.server.channel(party).request(tap.of(kind)[0], Signed)
    assert len(home.server.entries()) == entries


def test_what_a_user_device_signed_is_nothing_from_another_peer(home: Household, mallory: Phone) -> None:
    """Alice's application, swallowed on its way and brought by Mallory; afterwards Alice's own is granted."""
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    tap = Wiretap(home.server.answer, mallory.identity.party, home.server.identity.party)
    with pytest.raises(WrongSigner):
        home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)
    home.phone.role.register(
        home.server.channel(home.phone.identity.party), home.alice, home.lock.id, home.method, SECRET
    )
