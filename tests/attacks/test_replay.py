"""Attack: show again what was good once."""

from dataclasses import replace

import pytest

from certchain.errors import (
    CertificationHashWrong,
    ChallengeRejected,
    IntegrityFailed,
    LoginRefused,
    NotLoggedIn,
    PeerUnavailable,
    RegistrationRefused,
    SessionUnknown,
)
from certchain.models.application import LoginGrantKept, RegistrationAnswer, RegistrationApplication
from certchain.models.certification import (
    Certification,
    CertificationForward,
    Login,
    LoginAccepted,
    SessionOffer,
    Signed,
    UserDeviceStatement,
)
from certchain.models.digest import Digest
from certchain.verification.login import LoginPolicy
from certchain.verification.policy import CertificationPolicy
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, rebuilt, tap_lock, tap_server


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def test_a_login_without_a_challenge_of_its_own_gets_no_session(home: Household) -> None:
    """The statement of an earlier session on the same channel answers an old challenge."""
    tap = tap_lock(home.lock)
    channel = tap.channel()
    home.phone.role.certify(channel, home.lock.id, SECRET)
    channel.request(tap.of(Login)[0], LoginAccepted)
    with pytest.raises(ChallengeRejected, match="C5"):
        channel.request(tap.of(UserDeviceStatement)[0], SessionOffer)
    assert (home.server.last().step, home.server.last().reason) == ("C5", "ChallengeRejected")


def test_a_statement_is_taken_once(home: Household) -> None:
    tap = tap_lock(home.lock)
    channel = tap.channel()
    home.phone.role.certify(channel, home.lock.id, SECRET)
    for _ in range(3):
        with pytest.raises(NotLoggedIn):
            channel.request(tap.of(UserDeviceStatement)[0], SessionOffer)
    assert home.outcomes() == [("C13", ""), ("C3", "ChallengeRejected")]


def test_a_statement_while_a_session_is_offered_ends_it(home: Household) -> None:
    """A refusal at any step leads back to C1, and stands in the log."""
    tap = tap_lock(home.lock)
    channel = tap.channel()

    tap.change = lambda message: tap.of(UserDeviceStatement)[0] if isinstance(message, Certification) else message
    for _ in range(2):
        with pytest.raises(NotLoggedIn):
            home.phone.role.certify(channel, home.lock.id, SECRET)
    tap.change = lambda message: message
    with pytest.raises(ChallengeRejected, match="C9"):
        channel.request(tap.of(Certification)[-1], Signed)
    assert home.outcomes() == [("C3", "ChallengeRejected")] * 2


def test_a_certification_without_a_session_ends_the_login(home: Household) -> None:
    tap = tap_lock(home.lock)
    channel = tap.channel()
    home.phone.role.certify(channel, home.lock.id, SECRET)
    channel.request(tap.of(Login)[0], LoginAccepted)
    for _ in range(3):
        with pytest.raises(ChallengeRejected, match="C9"):
            channel.request(tap.of(Certification)[0], Signed)
    assert home.outcomes() == [("C13", ""), ("C9", "ChallengeRejected")]


def test_a_statement_before_any_login_is_refused(home: Household) -> None:
    statement = TurnedLock(home).statement(home.phone.identity)
    with pytest.raises(NotLoggedIn):
        home.lock.channel().request(statement, SessionOffer)
    assert home.outcomes() == []


def test_a_statement_that_was_refused_is_not_looked_at_again(home: Household) -> None:
    """A refusal leads back to C1: there is no second try under the same login and challenge."""
    tap = tap_lock(home.lock)
    channel = tap.channel()
    home.server.role.apps.revoke("door", "1.0")
    with pytest.raises(IntegrityFailed):
        home.phone.role.certify(channel, home.lock.id, SECRET)
    with pytest.raises(NotLoggedIn):
        channel.request(tap.of(UserDeviceStatement)[0], SessionOffer)


def test_a_certification_that_was_refused_is_not_looked_at_again(home: Household) -> None:
    """Not even the right one, under the challenge that a wrong one has used up."""
    tap = tap_lock(home.lock)
    channel = tap.channel()
    right: list[Certification] = []

    def spoil(message: object) -> object:
        if not isinstance(message, Certification):
            return message
        right.append(message)
        return replace(message, certification_hash=Digest(bytes(32)))

    tap.change = spoil
    with pytest.raises(CertificationHashWrong):
        home.phone.role.certify(channel, home.lock.id, SECRET)
    tap.change = lambda message: message
    with pytest.raises(ChallengeRejected, match="C9"):
        channel.request(right[0], Signed)


def test_a_certification_is_taken_once_by_the_lock(home: Household) -> None:
    """The challenge of C7 is used up. The log shows that it was tried, once, and whoever is in control stays it."""
    tap = tap_lock(home.lock)
    channel = tap.channel()
    control = home.phone.role.certify(channel, home.lock.id, SECRET)
    for _ in range(3):
        with pytest.raises(ChallengeRejected, match="C9"):
            channel.request(tap.of(Certification)[0], Signed)
    entry = home.server.last()
    assert (entry.step, entry.reason) == ("C9", "ChallengeRejected")
    assert (entry.user, entry.user_device, entry.device) == (home.alice, home.phone.id, home.lock.id)
    assert len(home.outcomes()) == 2
    assert control.command(b"open") == b"done: open"


def test_a_certification_of_an_earlier_session_is_refused_in_a_later_one(home: Household) -> None:
    tap = tap_lock(home.lock)
    channel = tap.channel()
    home.phone.role.certify(channel, home.lock.id, SECRET)
    old = tap.of(Certification)[0]
    tap.change = lambda message: old if isinstance(message, Certification) else message
    with pytest.raises(ChallengeRejected, match="C9"):
        home.phone.role.certify(channel, home.lock.id, SECRET)


def test_a_forwarded_certification_is_taken_once_by_the_server(home: Household) -> None:
    """A turned lock repeats it: the session is over."""
    tap = tap_server(home.lock)
    home.certify()
    with pytest.raises(SessionUnknown):
        home.server.channel().request(tap.of(CertificationForward)[0], Signed)
    assert (home.server.last().step, home.server.last().reason) == ("C10", "SessionUnknown")


def test_a_certification_hash_does_not_serve_a_second_session(home: Household) -> None:
    """A turned lock opens another session on the same channel, and shows the old A under the new session's name and the old challenge."""
    turned = TurnedLock(home)
    first = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(first), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    turned.ask(turned.forward(shown))
    later = TurnedLock(home, challenge=b"\x33" * 32)
    second = later.open(later.statement(home.phone.identity))
    with pytest.raises(Exception, match="certification hash is wrong"):
        turned.ask(turned.forward(replace(shown, session=second.session)))
    assert home.server.last().reason == "CertificationHashWrong"


@pytest.mark.parametrize("challenge", [b"\x33" * 32, b""])
def test_a_certification_for_another_challenge_is_refused_by_the_server(home: Household, challenge: bytes) -> None:
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(ChallengeRejected, match="C10"):
        turned.ask(turned.forward(shown, challenge=challenge))


def test_a_challenge_for_the_evidence_expires(home: Household) -> None:
    tap = tap_lock(home.lock)

    def late(message: object) -> object:
        if isinstance(message, Signed) and message.kind == UserDeviceStatement.__name__:
            home.clock.seconds += LoginPolicy().challenge_lifetime
        return message

    tap.change = late
    with pytest.raises(ChallengeRejected, match="C3"):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    assert home.outcomes() == [("C3", "ChallengeRejected")]


def test_a_challenge_for_the_certification_expires(home: Household) -> None:
    tap = tap_lock(home.lock)

    def late(message: object) -> object:
        if isinstance(message, Certification):
            home.clock.seconds += LoginPolicy().challenge_lifetime
        return message

    tap.change = late
    with pytest.raises(ChallengeRejected, match="C9"):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    assert home.outcomes() == [("C9", "ChallengeRejected")]


def test_a_session_expires_at_the_server(home: Household) -> None:
    """Even for a lock that lets its challenges live on."""
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    home.clock.seconds += CertificationPolicy().session_lifetime
    with pytest.raises(SessionUnknown):
        turned.ask(turned.forward(shown))


def test_an_application_is_good_for_one_registration(home: Household) -> None:
    """A turned lock brings an old secret back by repeating the application that it forwarded: even with a permit."""
    tap = tap_lock(home.lock)
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, "the old secret")
    home.register("the new secret")
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    with pytest.raises(RegistrationRefused, match="before the pair's latest"):
        home.server.channel(home.phone.identity.party).request(tap.of(RegistrationApplication)[0], RegistrationAnswer)
    home.certify("the new secret")


def test_an_application_that_was_swallowed_is_not_answered_after_another(home: Household) -> None:
    """The lock keeps one back; Alice applies again, with another secret. Both name the same registration before them."""
    tap, swallowed = tap_lock(home.lock), list[object]()

    def swallow(message: object) -> object:
        swallowed.append(message)
        raise PeerUnavailable("The lock", "it is busy")

    tap.change = swallow
    with pytest.raises(PeerUnavailable):
        home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, "first thought")
    home.register("second thought")
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    with pytest.raises(RegistrationRefused, match="before the pair's latest"):
        home.server.channel(home.phone.identity.party).request(swallowed[0], RegistrationAnswer)
    home.certify("second thought")


def test_an_old_login_grant_does_not_bring_an_old_secret_back(home: Household) -> None:
    tap = tap_lock(home.lock)
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, "the old secret")
    old = tap.answered[0].login_grant
    home.register("the new secret")
    with pytest.raises(RegistrationRefused, match="active registration"):
        home.lock.channel().request(old, LoginGrantKept)
    with pytest.raises(LoginRefused):
        home.certify("the old secret")
