"""Attack: carry what is good in one place to another: another device, another server, another channel, another network."""

from dataclasses import replace

import pytest

from certchain.channel import Connection, MemoryChannel
from certchain.encoding.message import from_cbor
from certchain.errors import (
    ChallengeRejected,
    InformationChanged,
    LoginRefused,
    OutcomeForged,
    RegistrationRefused,
    SessionUnknown,
    SignatureInvalid,
    WrongRecipient,
    WrongSigner,
)
from certchain.models.application import (
    LoginGrantKept,
    RegistrationAnswer,
    RegistrationApplication,
    RegistrationForward,
)
from certchain.models.certification import (
    CertificationForward,
    CertificationRequest,
    LoginAccepted,
    SessionOffer,
    Signed,
)
from certchain.verification.statement import Identity
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, rebuilt, tap_lock, tap_server


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


# ----------------------------------------------------------------------------------------------------- another device


def test_a_registration_for_one_lock_opens_no_other(home: Household) -> None:
    gate = home.another_lock("gate")
    with pytest.raises(LoginRefused):
        home.phone.role.certify(gate.channel(), home.lock.id, SECRET)


def test_another_device_cannot_use_the_session_of_this_one(home: Household) -> None:
    turned, gate = TurnedLock(home), home.another_lock("gate")
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    forward = CertificationForward(gate.id, home.server.id, turned.challenge, turned.binding, shown)
    with pytest.raises(SessionUnknown):
        turned.ask(gate.identity.sign(forward))
    assert home.server.last().device == gate.id
    turned.ask(turned.forward(shown))  # and has not ended it either


def test_another_device_cannot_pass_a_statement_on_that_was_made_to_this_one(home: Household) -> None:
    turned, gate = TurnedLock(home), home.another_lock("gate")
    statement = turned.statement(home.phone.identity)
    request = from_cbor(CertificationRequest, turned.request(statement).body)
    stolen = replace(request, device=gate.id, information=gate.information)
    with pytest.raises(InformationChanged, match="different parties"):
        turned.ask(gate.identity.sign(stolen))


def test_another_device_cannot_speak_as_this_one(home: Household) -> None:
    turned, gate = TurnedLock(home), home.another_lock("gate")
    request = from_cbor(CertificationRequest, turned.request(turned.statement(home.phone.identity)).body)
    with pytest.raises(WrongSigner):
        turned.ask(gate.identity.sign(request))
    assert home.server.entries() == []


def test_another_device_cannot_forward_an_application_for_this_one(home: Household) -> None:
    tap, gate = tap_lock(home.lock), home.another_lock("gate")
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    tap.change = lambda message: gate.identity.sign(RegistrationForward(gate.id, message))
    tap.handler, tap.asker = home.server.answer, gate.identity.party
    with pytest.raises(RegistrationRefused, match="another device"):
        home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_another_device_cannot_forward_in_the_name_of_this_one(home: Household) -> None:
    tap, gate = tap_lock(home.lock), home.another_lock("gate")
    tap.change = lambda message: gate.identity.sign(RegistrationForward(home.lock.id, message))
    tap.handler, tap.asker = home.server.answer, gate.identity.party
    with pytest.raises(WrongSigner):
        home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_a_lock_forwards_no_application_for_another(home: Household) -> None:
    gate = home.another_lock("gate")
    with pytest.raises(WrongRecipient):
        home.phone.role.register(gate.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_a_lock_keeps_no_login_grant_for_another(home: Household) -> None:
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    tap, gate = tap_lock(home.lock), home.another_lock("gate")
    home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)
    with pytest.raises(RegistrationRefused, match="another device"):
        gate.channel().request(tap.answered[0].login_grant, LoginGrantKept)


# ----------------------------------------------------------------------------------------------------- another server


def test_what_was_signed_for_one_server_is_nothing_at_another(home: Household) -> None:
    """Both write to the same chain, and the other has the whole database of the first."""
    turned, rival = TurnedLock(home), home.another_server(home.server.database)
    request = turned.request(turned.statement(home.phone.identity))
    with pytest.raises(WrongRecipient):
        turned.ask(request, rival.channel(home.lock.identity.party))
    assert rival.entries() == []


def test_a_statement_for_one_server_is_not_taken_by_another(home: Household) -> None:
    turned, rival = TurnedLock(home), home.another_server(home.server.database)
    request = turned.request(turned.statement(home.phone.identity), server=rival.id)
    with pytest.raises(InformationChanged, match="different parties"):
        turned.ask(request, rival.channel(home.lock.identity.party))


def test_an_application_for_one_server_is_not_granted_by_another(home: Household) -> None:
    rival = home.another_server(home.server.database)
    rival.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    with pytest.raises(WrongRecipient):
        home.phone.role.register(
            rival.channel(home.phone.identity.party), home.alice, home.lock.id, home.method, SECRET
        )


def test_a_certification_hash_names_the_server(home: Household) -> None:
    """A and signature for the rival's session are wrong at the household's own server."""
    turned, rival = TurnedLock(home), home.another_server(home.server.database)
    opened = turned.open(turned.statement(home.phone.identity))
    elsewhere = turned.transcript(replace(opened, server=rival.id))
    shown = certification(elsewhere, rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(Exception, match="certification hash is wrong"):
        turned.ask(turned.forward(shown))


def test_the_phone_certifies_itself_to_no_other_server(home: Household) -> None:
    """The turned lock lets a rival server open the session."""
    rival = home.another_server(home.server.database)
    tap = tap_lock(home.lock)

    def reopened(answer: object) -> object:
        if isinstance(answer, SessionOffer):
            return replace(answer, opened=replace(answer.opened, signer=rival.identity.party))
        return answer

    tap.answer = reopened
    with pytest.raises(OutcomeForged, match="C6"):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)


# ---------------------------------------------------------------------------------------------------- another channel


def test_a_relay_between_two_channels_gets_no_login(home: Household) -> None:
    """The phone believes that it talks to the lock; someone in between has a channel to each."""
    to_lock = home.lock.channel()

    def relay(connection: Connection, message: object) -> object:
        return to_lock.request(message, LoginAccepted)

    with pytest.raises(LoginRefused):
        home.phone.role.certify(
            MemoryChannel(relay, asker=home.phone.identity.party, answerer=home.lock.identity.party),
            home.lock.id,
            SECRET,
        )


def test_a_statement_made_on_another_channel_is_refused(home: Household) -> None:
    turned = TurnedLock(home)
    statement = turned.statement(home.phone.identity)
    with pytest.raises(ChallengeRejected, match=r"C5: .*another channel"):
        turned.open(statement, binding=b"\x44" * 32)


def test_a_certification_forwarded_from_another_channel_is_refused(home: Household) -> None:
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(ChallengeRejected, match=r"C10: .*another channel"):
        turned.ask(turned.forward(shown, binding=b"\x44" * 32))


def test_a_certification_hash_names_the_channel(home: Household) -> None:
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    elsewhere = replace(turned.transcript(opened), binding=b"\x44" * 32)
    shown = certification(elsewhere, rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(Exception, match="certification hash is wrong"):
        turned.ask(turned.forward(shown))


# ---------------------------------------------------------------------------------------------------- another network


def test_what_was_signed_on_another_network_is_nothing_here(home: Household) -> None:
    turned = TurnedLock(home)
    elsewhere = Identity(b"\x55" * 32, home.phone.identity.party, home.phone.identity.keys)
    with pytest.raises(SignatureInvalid):
        turned.open(turned.statement(elsewhere))


def test_a_tapped_household_works(home: Household) -> None:
    """The taps themselves change nothing: what they show refused is refused for what was changed."""
    tap_server(home.lock)
    tap = tap_lock(home.lock)
    assert home.phone.role.certify(tap.channel(), home.lock.id, SECRET).command(b"open") == b"done: open"
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)
    assert len(tap.of(RegistrationApplication)) == 1
    assert isinstance(tap.answered[-1], RegistrationAnswer)
    assert isinstance(tap.of(RegistrationApplication)[0], Signed)
