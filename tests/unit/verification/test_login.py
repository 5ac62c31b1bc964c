import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import LoginLocked, LoginRefused
from certchain.keys import KeyPair
from certchain.models.application import LoginGrant
from certchain.models.certification import Login, LoginFailure
from certchain.models.identifier import DeviceId, RegistrationId, ServiceId, UserDeviceId, UserId
from certchain.verification.login import LoginBook, LoginPolicy, require_unlocked, verify_login

ALICE, BOB = UserId(1), UserId(2)
PHONE, TABLET = UserDeviceId(1), UserDeviceId(2)


def grant(user: UserId, user_device: UserDeviceId, verifier: bytes, registration: int = 1) -> LoginGrant:
    return LoginGrant(RegistrationId(registration), user, user_device, DeviceId(1), ServiceId(1), verifier)


def report(nonce: int) -> LoginFailure:
    return LoginFailure(DeviceId(1), ServiceId(1), ALICE, PHONE, 1, False, nonce.to_bytes(16))


def test_a_verifier_is_found_under_its_user_and_user_device() -> None:
    book = LoginBook().with_verifier(grant(ALICE, PHONE, b"p")).with_verifier(grant(ALICE, TABLET, b"t"))
    assert (book.verifier(ALICE, PHONE), book.verifier(ALICE, TABLET)) == (b"p", b"t")
    assert book.verifier(BOB, PHONE) is None


def test_a_new_registration_of_a_user_device_replaces_its_verifier_whoever_the_user_was() -> None:
    book = LoginBook().with_verifier(grant(ALICE, PHONE, b"old")).with_verifier(grant(BOB, PHONE, b"new", 2))
    assert book.verifier(ALICE, PHONE) is None
    assert book.verifier(BOB, PHONE) == b"new"


def test_failures_count_by_user_and_a_count_of_none_is_forgotten() -> None:
    book = LoginBook().with_failures(ALICE, 2, 10).with_failures(BOB, 1, 10).with_failures(ALICE, 3, 10)
    assert (book.failure_count(ALICE), book.failure_count(BOB)) == (3, 1)
    assert book.with_failures(ALICE, 0, 10).failure_count(ALICE) == 0
    assert len(book.with_failures(ALICE, 0, 10).failures) == 1


@given(st.lists(st.integers(1, 50)), st.integers(0, 5))
def test_unknown_users_counts_are_bounded_and_known_users_counts_never_lost(users: list[int], most: int) -> None:
    book = LoginBook().with_verifier(grant(ALICE, PHONE, b"p")).with_failures(ALICE, 4, most)
    for user in users:
        if user != ALICE:
            book = book.with_failures(UserId(user), 1, most)
    assert book.failure_count(ALICE) == 4
    assert len(book.failures) <= most + 1


def test_reports_are_kept_up_to_their_bound_and_leave_when_they_are_taken() -> None:
    book = LoginBook()
    for nonce in range(4):
        book = book.with_report(report(nonce), 3)
    assert book.unreported == (report(0), report(1), report(2))
    assert book.without_reports([report(0), report(2)]).unreported == (report(1),)


def test_a_book_survives_the_disk() -> None:
    book = LoginBook().with_verifier(grant(ALICE, PHONE, b"p")).with_failures(BOB, 1, 9).with_report(report(1), 9)
    assert from_cbor(LoginBook, to_cbor(book)) == book


def test_a_user_is_locked_out_from_the_last_attempt_on() -> None:
    policy = LoginPolicy(attempts=2)
    book = LoginBook().with_failures(ALICE, 1, 9)
    assert require_unlocked(book, ALICE, policy) == 1
    with pytest.raises(LoginLocked):
        require_unlocked(book.with_failures(ALICE, 2, 9), ALICE, policy)
    assert require_unlocked(book, BOB, policy) == 0


def test_a_good_proof_is_accepted_and_a_bad_one_refused() -> None:
    key, stand_in = KeyPair.generate(), KeyPair.generate().public.signing
    login = Login(ALICE, PHONE, key.sign(b"said"))
    assert verify_login(login, key.public.signing, b"said", stand_in, 4) is login
    with pytest.raises(LoginRefused, match="4 attempts"):
        verify_login(login, key.public.signing, b"said elsewhere", stand_in, 4)


def test_even_a_proof_that_is_good_under_the_stand_in_logs_nobody_in() -> None:
    stand_in = KeyPair.generate()
    login = Login(ALICE, PHONE, stand_in.sign(b"said"))
    with pytest.raises(LoginRefused):
        verify_login(login, None, b"said", stand_in.public.signing, 4)
