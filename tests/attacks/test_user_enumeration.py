"""Attack: find out who is registered at the lock, by what it says, how often, and what it does meanwhile."""

import os
from dataclasses import dataclass, field
from typing import Any

import pytest

from certchain.channel.answering import answered
from certchain.channel.envelope import encode_message
from certchain.errors import CertchainError
from certchain.keys import verify_signature
from certchain.models.certification import Login, LoginAccepted
from certchain.models.identifier import UserDeviceId, UserId, user_device_party
from certchain.verification import login
from certchain.verification.login import LoginPolicy
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, rebuilt, tap_server

ATTEMPTS = LoginPolicy().attempts
PATIENCE = 10  # seconds after which a lock asks again whether a user was unlocked


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def answers(home: Household, user: UserId, user_device: UserDeviceId) -> list[tuple[type, dict[str, object]]]:
    """What the lock says to one wrong login more than it takes to be locked out; the user's own number left out."""
    said = []
    for _ in range(ATTEMPTS + 1):
        with pytest.raises(CertchainError) as refusal:
            home.lock.channel(user_device_party(user_device)).request(
                Login(user, user_device, bytes(64)), LoginAccepted
            )
        said.append((type(refusal.value), {k: v for k, v in refusal.value.values().items() if k != "user"}))
    return said


def test_an_unknown_user_is_answered_like_a_wrong_secret_until_the_lock_out_and_after(home: Household) -> None:
    known = answers(home, home.alice, home.phone.id)
    assert answers(home, UserId(777), home.phone.id) == known
    assert answers(home, UserId(778), UserDeviceId(779)) == known


def test_an_unknown_user_takes_the_same_check_of_a_signature(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the time would tell."""
    checked: list[bytes] = []

    def checking(key: bytes, message: bytes, signature: bytes, signer: str) -> bytes:
        checked.append(key)
        return verify_signature(key, message, signature, signer)

    monkeypatch.setattr(login, "verify_signature", checking)
    for user in (home.alice, UserId(777)):
        with pytest.raises(CertchainError):
            home.lock.channel().request(Login(user, home.phone.id, bytes(64)), LoginAccepted)
    assert len(checked) == 2
    assert checked[0] != checked[1]


# -------------------------------------------------------------------------------------------------- the work behind it


@dataclass
class Watched:
    """A lock of which is written down whatever takes it time: what it writes, and what it asks its server."""

    home: Household
    work: list[tuple[object, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        tap_server(self.home.lock).change = self._asked
        self._write = self.home.lock.store.write
        self.home.lock.store.write = self._written

    def of_a_wrong_login(self, user: UserId, user_device: UserDeviceId) -> list[tuple[object, ...]]:
        """What one wrong login takes, and how long its answer is."""
        self.work = []
        channel = self.home.lock.channel(user_device_party(user_device))
        said = encode_message(Login(user, user_device, bytes(64)))
        answer = answered(self.home.lock.answer, channel._other_end, said)
        return [*self.work, ("answered", len(answer))]

    def _asked(self, message: Any) -> Any:
        self.work.append(("asked", message.kind, len(message.body)))
        return message

    def _written(self, name: str, chunks: Any) -> None:
        self.work.append(("written", name))
        self._write(name, chunks)


@pytest.fixture
def watched(home: Household) -> Watched:
    home.lock.policy = LoginPolicy(failures_a_minute=1000)
    return Watched(home)


def test_the_same_work_is_done_for_whom_the_lock_knows_and_for_whom_it_does_not(watched: Watched) -> None:
    """Until the lock-out, at it, and later, when the lock asks its server whether the operator has unlocked the user."""
    home = watched.home
    boris = home.server.role.enrolment.enrol_user("Boris")  # enrolled, and not known at this lock
    claims = (
        (home.alice, home.phone.id),
        (home.alice, UserDeviceId(7)),
        (boris, home.phone.id),
        (UserId(9), home.phone.id),
    )
    work = []
    for claim in claims:
        home.lock.role.unlock(home.alice)
        done = []
        for pause in (0,) * (ATTEMPTS + 2) + (PATIENCE, 0, PATIENCE):
            home.clock.seconds += pause
            done.append(watched.of_a_wrong_login(*claim))
        home.clock.seconds += PATIENCE
        work.append(done)
    questions = [one for done in work[0] for one in done if "UnlockQuestion" in one]
    assert len(questions) == 3
    assert all(done == work[0] for done in work[1:])


def test_a_lock_remembers_no_longer_than_need_be_of_whom_it_asked(watched: Watched) -> None:
    """Who goes through all numbers does not fill its memory."""
    home = watched.home
    for number in range(7, 17):
        for _ in range(ATTEMPTS + 1):
            watched.of_a_wrong_login(UserId(number), home.phone.id)
        home.clock.seconds += PATIENCE
    assert len(home.lock.role._logins._asked) == 1


def test_a_lock_that_has_turned_learns_of_nobody_at_c5_who_is_registered_there(home: Household) -> None:
    """A session is opened in whosever name the phone speaks, and each ends alike at C12; the chain shows pairs, and no users."""
    turned, boris = TurnedLock(home), home.server.role.enrolment.enrol_user("Boris")
    said = []
    for user in (boris, UserId(9)):
        turned.challenge = os.urandom(32)
        opened = turned.open(turned.statement(home.phone.identity, user=user), user=user)
        shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
        with pytest.raises(CertchainError) as refusal:
            turned.ask(turned.forward(shown))
        said.append((type(refusal.value), str(refusal.value)))
    assert said[0] == said[1]
