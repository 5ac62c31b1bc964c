"""Attack: guess the user's secret at the lock."""

from dataclasses import replace

import pytest

from certchain.errors import LoginLocked, LoginRefused, MalformedValue, PeerUnavailable
from certchain.models.certification import Login, LoginAccepted
from certchain.models.identifier import UserDeviceId, UserId
from certchain.roles.iot_device import login
from certchain.verification.login import LoginPolicy
from tests.faults import Fuse, PowerCut, fused_store
from tests.household import SECRET, Household
from tests.wiretap import tap_lock

ATTEMPTS = LoginPolicy().attempts


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def guess(home: Household, times: int) -> list[int]:
    """Wrong secrets; what the lock says of the attempts that are left."""
    left = []
    for _ in range(times):
        with pytest.raises(LoginRefused) as refusal:
            home.certify("open sesame")
        left.append(refusal.value.attempts_left)
    return left


def test_a_wrong_secret_is_refused_and_stands_in_the_servers_log(home: Household) -> None:
    assert guess(home, 1) == [ATTEMPTS - 1]
    entry = home.server.last()
    assert (entry.step, entry.reason) == ("C2", "LoginRefused")
    assert (entry.user, entry.user_device, entry.device) == (home.alice, home.phone.id, home.lock.id)


def test_too_many_wrong_secrets_lock_even_the_right_one_out(home: Household) -> None:
    assert guess(home, ATTEMPTS) == [4, 3, 2, 1, 0]
    with pytest.raises(LoginLocked):
        home.certify()
    assert home.outcomes() == [("C2", "LoginRefused")] * (ATTEMPTS - 1) + [("C2", "LoginLocked")] * 2


def test_tries_while_locked_out_leave_one_entry_until_the_operator_unlocks(home: Household) -> None:
    """That it was tried is in the log; trying for ever does not fill it, not even across a restart."""
    guess(home, ATTEMPTS)
    told = home.outcomes()
    for _ in range(3):
        with pytest.raises(LoginLocked):
            home.certify()
        home.lock.restart()
    assert home.outcomes() == [*told, ("C2", "LoginLocked")]
    home.lock.role.unlock(home.alice)
    guess(home, ATTEMPTS)
    with pytest.raises(LoginLocked):
        home.certify()
    assert home.outcomes() == [*told, ("C2", "LoginLocked"), *told, ("C2", "LoginLocked")]


def test_a_restart_of_the_lock_does_not_lift_the_lock_out(home: Household) -> None:
    guess(home, ATTEMPTS)
    home.lock.restart()
    with pytest.raises(LoginLocked):
        home.certify()


def test_the_operator_lifts_the_lock_out(home: Household) -> None:
    guess(home, ATTEMPTS)
    home.lock.role.unlock(home.alice)
    assert home.certify().command(b"open") == b"done: open"


def test_a_good_login_gives_all_attempts_back(home: Household) -> None:
    guess(home, ATTEMPTS - 1)
    home.certify()
    assert guess(home, 1) == [ATTEMPTS - 1]


def test_who_cuts_the_power_while_the_proof_is_checked_has_had_the_attempt(
    home: Household, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a guess that is seen to fail could be taken back."""

    def cut(*_: object) -> None:
        raise PowerCut

    with monkeypatch.context() as patched:
        patched.setattr(login, "verify_login", cut)
        for _ in range(ATTEMPTS):
            with pytest.raises(PowerCut):
                home.certify("open sesame")
            home.lock.restart()
    with pytest.raises(LoginLocked):
        home.certify()


def test_who_cuts_the_power_before_the_answer_has_had_the_attempt(home: Household) -> None:
    store, fuse = home.lock.store, Fuse()
    for _ in range(ATTEMPTS):
        home.lock.store = fused_store(store, fuse)
        home.lock.restart()
        fuse.arm(3)  # the attempt is counted, and not yet told
        with pytest.raises(PowerCut):
            home.certify("open sesame")
    home.lock.store = store
    home.lock.restart()
    with pytest.raises(LoginLocked):
        home.certify()


def test_failures_reach_the_log_even_when_the_server_was_away(home: Household) -> None:
    """Cutting the lock off from its server hides nothing for good."""
    home.lock.to_server.close()
    guess(home, 2)
    assert home.outcomes() == []
    home.lock.to_server = home.server.channel()
    home.lock.restart()
    home.certify()
    assert home.outcomes() == [("C2", "LoginRefused"), ("C2", "LoginRefused"), ("C13", "")]


def test_the_lock_rests_when_too_many_logins_were_wrong_in_a_minute(home: Household) -> None:
    """Guessing in the name of ever other users fills the log no faster than the policy allows."""
    lock = home.another_lock("gate", policy=LoginPolicy(failures_a_minute=3))
    channel = lock.channel()
    for number in range(3):
        with pytest.raises(LoginRefused):
            channel.request(Login(UserId(100 + number), UserDeviceId(1), bytes(64)), LoginAccepted)
    with pytest.raises(PeerUnavailable):
        channel.request(Login(UserId(200), UserDeviceId(1), bytes(64)), LoginAccepted)
    assert len(home.outcomes()) == 3
    home.clock.seconds += 60
    with pytest.raises(LoginRefused):
        channel.request(Login(UserId(200), UserDeviceId(1), bytes(64)), LoginAccepted)


def test_strangers_fill_neither_the_locks_store_nor_push_a_lock_out_aside(home: Household) -> None:
    policy = LoginPolicy(attempts=1, strangers=2, reports=2, failures_a_minute=100)
    home.lock.policy = policy
    home.lock.restart()
    guess(home, 1)
    home.lock.to_server.close()
    for number in range(5):
        with pytest.raises(LoginRefused):
            home.lock.channel().request(Login(UserId(100 + number), UserDeviceId(1), bytes(64)), LoginAccepted)
    book = home.lock.role._logins.book()
    assert [entry.user for entry in book.failures] == [home.alice, 103, 104]
    assert len(book.unreported) == 2
    with pytest.raises(LoginLocked):
        home.certify()


@pytest.mark.parametrize("user", [0, -1, 2**48, 2**200])
def test_what_no_identifier_is_like_is_not_even_counted(home: Household, user: int) -> None:
    with pytest.raises(MalformedValue):
        home.lock.channel().request(Login(UserId(user), UserDeviceId(1), bytes(64)), LoginAccepted)
    with pytest.raises(MalformedValue):
        home.lock.channel().request(Login(home.alice, UserDeviceId(user), bytes(64)), LoginAccepted)
    assert home.lock.role._logins.book().failures == ()


def test_a_login_of_a_registered_user_on_a_user_device_that_is_not_theirs_is_refused(home: Household) -> None:
    bob = home.server.role.enrolment.enrol_user("Bob")
    tap = tap_lock(home.lock)
    tap.change = lambda message: replace(message, user=bob) if isinstance(message, Login) else message
    with pytest.raises(LoginRefused):
        home.phone.role.certify(tap.channel(), home.lock.id, SECRET)


def test_an_overheard_login_is_worth_nothing_on_another_channel(home: Household) -> None:
    """Its proof is over the channel's binding value."""
    tap = tap_lock(home.lock)
    home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    (overheard,) = tap.of(Login)
    with pytest.raises(LoginRefused):
        home.lock.channel().request(overheard, LoginAccepted)
