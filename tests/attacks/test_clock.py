"""Attack: set the clock of the certification server, or of the lock, back, so that what has ended goes on."""

from dataclasses import dataclass

import pytest

from certchain.errors import ChallengeRejected, CommandRefused, RegistrationRefused, SessionUnknown
from certchain.models.certification import LoginAccepted, SessionOffer
from certchain.roles.user_device.equipment import KeptRegistration, registration_file
from certchain.storage.kept import kept
from certchain.verification.login import LoginPolicy
from certchain.verification.policy import CertificationPolicy
from tests.household import SECRET, Household
from tests.industry import TestClock
from tests.wiretap import TurnedLock, certification, rebuilt

DAY = 86_400


@dataclass
class SettableClock(TestClock):
    """The time of day can be set; the monotonic clock only goes on."""

    set_back: int = 0

    def now(self) -> int:
        return self.seconds - self.set_back


@pytest.fixture
def home() -> Household:
    home = Household(clock=SettableClock())
    home.register()
    return home


def apply(home: Household) -> None:
    home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)


def set_back(home: Household, seconds: int) -> None:
    """By a day; then so many seconds pass."""
    home.clock.set_back += DAY  # type: ignore[attr-defined]
    home.clock.seconds += seconds


def test_a_session_at_the_server_ends_all_the_same(home: Household) -> None:
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    set_back(home, CertificationPolicy().session_lifetime)
    with pytest.raises(SessionUnknown):
        turned.ask(turned.forward(shown))


def test_a_challenge_of_the_lock_ends_all_the_same(home: Household) -> None:
    channel, claimant = home.lock.channel(), home.phone.role._claimant
    kept_registration = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration)
    grant, keys = kept_registration.grant, kept_registration.derivation.derive(SECRET)
    accepted = channel.request(claimant._login(channel, grant, keys), LoginAccepted)
    statement = home.phone.identity.sign(claimant._statement(channel, grant, accepted.challenge))
    set_back(home, LoginPolicy().challenge_lifetime)
    with pytest.raises(ChallengeRejected):
        channel.request(statement, SessionOffer)


def test_control_keys_end_all_the_same(home: Household) -> None:
    control = home.certify()
    set_back(home, control.outcome.control_lifetime)
    with pytest.raises(CommandRefused):
        control.command(b"open")
    control.deadline += DAY  # the phone has turned, and goes on
    with pytest.raises(CommandRefused):
        control.command(b"open")
    assert home.lock.done == []


def test_the_log_does_not_go_back(home: Household) -> None:
    home.certify()
    set_back(home, 0)
    home.certify()
    times = [kept.leaf.at for kept in home.server.log.reader.entries(0, home.server.log_store.size())]
    assert times == sorted(times)


def test_a_permit_is_prolonged_as_security_md_says(home: Household) -> None:
    """Not stopped: permits go by the time of day. The control is the same wait without it."""
    for back, refused in ((0, True), (DAY, False)):
        home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
        home.clock.set_back += back  # type: ignore[attr-defined]
        home.clock.seconds += CertificationPolicy().permit_lifetime
        if refused:
            with pytest.raises(RegistrationRefused):
                apply(home)
        else:
            apply(home)
