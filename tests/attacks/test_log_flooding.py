"""Attack: fill the login log, or the server's memory, with messages that a device has signed once."""

from dataclasses import replace

import pytest

from certchain.channel import Channel
from certchain.errors import ChallengeRejected, IntegrityFailed, LoginRefused, MalformedValue, SessionUnknown
from certchain.models.certification import (
    CertificationForward,
    CertificationRequest,
    LoginFailure,
    Signed,
)
from certchain.roles.certification_server import open_session, remembered
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, rebuilt, tap_server

TIMES = 5


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def repeat(channel: Channel, message: Signed, error: type[Exception]) -> None:
    for _ in range(TIMES):
        with pytest.raises(error):
            channel.request(message, Signed)


def test_a_request_that_is_repeated_opens_no_session_and_leaves_no_entry(home: Household) -> None:
    """Whoever overhears the line between lock and server sends one request again and again."""
    tap = tap_server(home.lock)
    home.certify()
    repeat(home.server.channel(), tap.of(CertificationRequest)[0], ChallengeRejected)
    assert home.outcomes() == [("C13", "")]
    assert home.server.role._certifier.sessions._open == {}


def test_a_request_that_was_refused_is_in_the_log_once_however_often_it_is_repeated(home: Household) -> None:
    tap = tap_server(home.lock)
    home.server.role.apps.revoke("door", "1.0")
    with pytest.raises(IntegrityFailed):
        home.certify()
    repeat(home.server.channel(), tap.of(CertificationRequest)[0], ChallengeRejected)
    assert home.outcomes() == [("C5", "IntegrityFailed")]


def test_a_request_that_is_repeated_while_its_session_is_open_ends_nothing(home: Household) -> None:
    turned = TurnedLock(home)
    request = turned.request(turned.statement(home.phone.identity))
    turned.ask(request)
    repeat(home.server.channel(), request, ChallengeRejected)
    assert len(home.server.role._certifier.sessions._open) == 1
    assert home.certify().command(b"open") == b"done: open"


def test_a_forward_that_is_repeated_leaves_one_entry(home: Household) -> None:
    """The log shows that it was tried, and no more."""
    tap = tap_server(home.lock)
    home.certify()
    repeat(home.server.channel(), tap.of(CertificationForward)[0], SessionUnknown)
    assert home.outcomes() == [("C13", ""), ("C10", "SessionUnknown")]


def test_a_report_that_is_repeated_leaves_no_entry_though_many_others_came_since(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is repeated stays remembered: only what nobody repeats makes room."""
    monkeypatch.setattr("certchain.roles.certification_server.login_report.REMEMBERED", 3)
    tap = tap_server(home.lock)
    for _ in range(4):
        with pytest.raises(LoginRefused):
            home.certify("open sesame")
        home.server.channel().request(tap.of(LoginFailure)[0], Signed)
    assert home.outcomes() == [("C2", "LoginRefused")] * 4


def test_a_repeated_request_stays_remembered_and_the_memory_stays_small(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "REMEMBERED", 3)
    tap = tap_server(home.lock)
    for _ in range(5):
        home.certify()
        with pytest.raises(ChallengeRejected):
            home.server.channel().request(tap.of(CertificationRequest)[0], Signed)
    assert len(home.server.role._certifier._requested._marks) == 3


def test_a_lock_that_opens_ever_more_sessions_loses_its_own_oldest_ones(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_session, "MOST_A_DEVICE", 2)
    turned = [TurnedLock(home, challenge=bytes([n]) * 32) for n in range(4)]
    opened = [lock.open(lock.statement(home.phone.identity)) for lock in turned]
    assert list(home.server.role._certifier.sessions._open) == [one.session for one in opened[2:]]


@pytest.mark.parametrize("session", [b"", b"s" * 15, b"s" * 17, b"s" * 100_000])
def test_a_session_identifier_of_another_length_does_not_reach_the_log(home: Household, session: bytes) -> None:
    """A turned lock writes what it likes into the log of everyone, as long as it likes."""
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(MalformedValue, match="session"):
        turned.ask(turned.forward(replace(shown, session=session)))
    assert home.server.entries() == []
