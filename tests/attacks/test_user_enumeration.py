"""Attack: find out who is registered at the lock, by what it says and how often."""

import pytest

from certchain.errors import CertchainError
from certchain.keys import verify_signature
from certchain.models.certification import Login, LoginAccepted
from certchain.models.identifier import UserDeviceId, UserId, user_device_party
from certchain.verification import login
from certchain.verification.login import LoginPolicy
from tests.household import Household


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def answers(home: Household, user: UserId, user_device: UserDeviceId) -> list[tuple[type, dict[str, object]]]:
    """What the lock says to one wrong login more than it takes to be locked out; the user's own number left out."""
    said = []
    for _ in range(LoginPolicy().attempts + 1):
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
