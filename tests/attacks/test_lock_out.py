"""Attack: guess for a long time, at one lock or at many; or wait for a restart, or for a forged word that the user was unlocked."""

from dataclasses import replace

import pytest

from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import LockedOut, LoginLocked, LoginRefused, UnknownRecord
from certchain.models.certification import LoginFailure, LoginFailureNoted, Signed, UnlockAnswer
from certchain.models.entry import Subject, SubjectKind, UnlockEntry
from certchain.models.identifier import UserId
from certchain.verification.lockout import LockPolicy
from certchain.verification.login import LoginPolicy
from certchain.verification.policy import CertificationPolicy
from tests.household import Household
from tests.wiretap import TurnedLock, tap_server

pytestmark = pytest.mark.usefixtures("each_database")

ATTEMPTS = LoginPolicy().attempts
PATIENCE = 10  # seconds after which a lock asks again


def household(user: int = 1000, device: int = 1000) -> Household:
    home = Household(policy=CertificationPolicy(locks=LockPolicy(user_failures=user, device_failures=device)))
    home.register()
    return home


def guess(home: Household, times: int = ATTEMPTS) -> None:
    for _ in range(times):
        with pytest.raises(LoginRefused):
            home.certify("open sesame")


def alice(home: Household) -> Subject:
    return Subject(SubjectKind.USER, home.alice)


def test_the_server_locks_a_user_out_whom_no_lock_has_locked_out_yet() -> None:
    """Who goes from lock to lock has a few guesses at each; the server counts them together."""
    home = household(user=3)
    guess(home, 2)
    home.certify()
    guess(home, 3)
    with pytest.raises(LockedOut, match="user 1"):
        home.certify()
    assert home.outcomes()[-1] == ("C5", "LockedOut")


def test_the_server_locks_a_device_at_which_too_many_failed() -> None:
    home = household(device=2)
    guess(home, 2)
    with pytest.raises(LockedOut, match="device 1"):
        home.certify()


def test_where_an_operator_locks_no_device_nobody_locks_others_out_by_failing_at_it() -> None:
    """A device that is locked certifies nobody, so whoever may fail at it can take it from all: 0 is for where that is worse."""
    home = household(device=0)
    guess(home, 3)
    home.certify()


def test_a_restart_of_the_server_lifts_no_lock_out() -> None:
    home = household(user=3)
    guess(home, 3)
    home.server.restart()
    with pytest.raises(LockedOut):
        home.certify()


def test_what_was_refused_for_the_lock_out_does_not_lengthen_it() -> None:
    home = household(user=3)
    guess(home, 3)
    for _ in range(3):
        with pytest.raises(LockedOut):
            home.certify()
    assert home.database.failures(alice(home)).failures == 3


def test_an_operator_lifts_the_lock_out_at_the_server_on_record() -> None:
    home = household(user=3)
    guess(home, 3)
    index = home.server.role.lockout.unlock(alice(home), "Olga", "identified in person")
    logged = home.server.log.reader.entries(index, 1)[0]
    assert logged.body
    assert logged.body.entry == UnlockEntry(alice(home), "Olga", "identified in person")
    home.certify()


def test_nobody_is_unlocked_whom_the_server_does_not_know() -> None:
    home = household()
    for stranger in (Subject(SubjectKind.USER, 99), Subject(SubjectKind.DEVICE, 99), Subject(SubjectKind.LOG, 0)):
        size = home.server.log_store.size()
        with pytest.raises(UnknownRecord):
            home.server.role.lockout.unlock(stranger, "Olga", "")
        assert home.server.log_store.size() == size


def test_a_made_up_name_is_not_counted_at_the_server() -> None:
    """Else a lock that has turned could fill the management database."""
    home = household()
    stranger = UserId(2**40)
    failure = LoginFailure(home.lock.id, home.server.id, stranger, home.phone.id, 1, False, bytes(16))
    noted = TurnedLock(home).ask(home.lock.identity.sign(failure))
    assert from_cbor(LoginFailureNoted, noted.body).unlocks == 0
    assert home.database.failures(Subject(SubjectKind.USER, stranger)).failures == 0
    assert home.database.failures(Subject(SubjectKind.DEVICE, home.lock.id)).failures == 1


def test_a_lock_hears_that_the_operator_has_unlocked_the_user() -> None:
    """Nobody has to go to the lock."""
    home = household()
    guess(home)
    with pytest.raises(LoginLocked):
        home.certify()
    home.server.role.lockout.unlock(alice(home), "Olga", "identified in person")
    home.clock.seconds += PATIENCE
    home.certify()


def test_an_unlocking_from_before_lifts_no_lock_out_of_today() -> None:
    home = household()
    for _ in range(3):
        home.server.role.lockout.unlock(alice(home), "Olga", "")
    guess(home)
    for _ in range(2):
        home.clock.seconds += PATIENCE
        with pytest.raises(LoginLocked):
            home.certify()


def test_a_lock_without_its_server_stays_locked() -> None:
    home = household()
    guess(home)
    home.server.role.lockout.unlock(alice(home), "Olga", "")
    home.lock.to_server.close()
    home.clock.seconds += PATIENCE
    with pytest.raises(LoginLocked):
        home.certify()


@pytest.mark.parametrize("forge", ["another user", "an old answer", "a higher number"])
def test_a_forged_word_of_unlocking_lifts_nothing(forge: str) -> None:
    """Someone between lock and server changes the answer, or gives one that was good before."""
    home = household()
    tap = tap_server(home.lock)
    guess(home)
    home.clock.seconds += PATIENCE
    with pytest.raises(LoginLocked):
        home.certify()
    old = next(answer for answer in tap.answered if answer.kind == UnlockAnswer.__name__)
    home.server.role.lockout.unlock(alice(home), "Olga", "")

    def forged(answer: Signed) -> Signed:
        if answer.kind != UnlockAnswer.__name__ or forge == "an old answer":
            return old if answer.kind == UnlockAnswer.__name__ else answer
        said = from_cbor(UnlockAnswer, answer.body)
        if forge == "another user":
            return home.server.identity.sign(replace(said, user=UserId(77)))
        return replace(answer, body=to_cbor(replace(said, unlocks=9)))

    tap.answer = forged
    home.clock.seconds += PATIENCE
    with pytest.raises(LoginLocked):
        home.certify()
