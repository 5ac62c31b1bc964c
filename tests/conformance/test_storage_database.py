"""Every management database keeps these promises: SQLite, PostgreSQL and their in-memory twin alike."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from certchain.errors import MalformedValue, RecordExists, UnknownRecord
from certchain.models.app import AppRecord
from certchain.models.certification import (
    AppStatus,
    DeviceInformation,
    UserDeviceInformation,
)
from certchain.models.digest import Digest
from certchain.models.entry import Subject, SubjectKind
from certchain.models.failure import FailureState
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.registration import PublicKeys
from certchain.storage import ManagementDatabase

LAMP = DeviceInformation(DeviceId(7), "Lumen GmbH", "lamp ☀", "SN-0001")
PHONE = UserDeviceInformation("Fairphone 5", "Android 15", "3f2a")
KEYS = PublicKeys(bytes(range(32)), bytes(range(33)))
OTHER_KEYS = PublicKeys(bytes(32), bytes(33))
DIGEST = Digest(bytes(range(32)))
APP = AppRecord("remote", "1.0", DIGEST, b"signed")
MOST = 2**63 - 1
UNWRITABLE = ("\ud800", "a\0b", "\0", "é" * 501)
LONGEST = "é" * 500
MINA, LOCK = Subject(SubjectKind.USER, 3), Subject(SubjectKind.DEVICE, 3)
PAIR = UserId(3), UserDeviceId(2), DeviceId(7)
FIRST, SECOND = Digest(b"1" * 32), Digest(b"2" * 32)


# ---------------------------------------------------------------------------------------------------------- own records


def test_a_device_comes_back_with_its_keys(database: ManagementDatabase) -> None:
    database.put_device(LAMP, KEYS)

    assert database.device(LAMP.device) == (LAMP, KEYS)


def test_a_device_is_replaced_whole(database: ManagementDatabase) -> None:
    database.put_device(LAMP, KEYS)
    repaired = replace(LAMP, serial="SN-0002")
    database.put_device(repaired, OTHER_KEYS)

    assert database.device(LAMP.device) == (repaired, OTHER_KEYS)


def test_a_user_device_comes_back_and_is_replaced(database: ManagementDatabase) -> None:
    database.put_user_device(UserDeviceId(2), PHONE, KEYS)
    assert database.user_device(UserDeviceId(2)) == (PHONE, KEYS)

    updated = replace(PHONE, platform="Android 16")
    database.put_user_device(UserDeviceId(2), updated, OTHER_KEYS)
    assert database.user_device(UserDeviceId(2)) == (updated, OTHER_KEYS)


def test_a_user_comes_back_and_is_replaced(database: ManagementDatabase) -> None:
    database.put_user(UserId(3), "Mina", bytes(32))
    assert database.user(UserId(3)) == ("Mina", bytes(32))

    database.put_user(UserId(3), "Mina Kim", bytes(range(32)))
    assert database.user(UserId(3)) == ("Mina Kim", bytes(range(32)))


def test_sealed_key_data_comes_back_and_is_replaced(database: ManagementDatabase) -> None:
    database.put_key_data(DIGEST, b"sealed")
    assert database.key_data(DIGEST) == b"sealed"

    database.put_key_data(DIGEST, b"")
    assert database.key_data(DIGEST) == b""


def test_identifiers_of_different_kinds_do_not_meet(database: ManagementDatabase) -> None:
    database.put_device(LAMP, KEYS)

    with pytest.raises(UnknownRecord):
        database.user_device(UserDeviceId(LAMP.device))
    with pytest.raises(UnknownRecord):
        database.user(UserId(LAMP.device))


@pytest.mark.parametrize(
    ("read", "kind", "name"),
    [
        (lambda database: database.device(DeviceId(9)), "device", "9"),
        (lambda database: database.user_device(UserDeviceId(MOST)), "user device", str(MOST)),
        (lambda database: database.user(UserId(0)), "user", "0"),
        (lambda database: database.app("remote", "2.0"), "app", "remote 2.0"),
        (lambda database: database.set_app_status("remote", "2.0", AppStatus.REVOKED), "app", "remote 2.0"),
        (lambda database: database.key_data(DIGEST), "key data", str(DIGEST)),
    ],
)
def test_what_was_never_put_is_unknown(
    database: ManagementDatabase, read: Callable[[ManagementDatabase], object], kind: str, name: str
) -> None:
    with pytest.raises(UnknownRecord) as refusal:
        read(database)
    assert refusal.value.values() == {"kind": kind, "name": name}


@pytest.mark.parametrize("number", [-1, MOST + 1, 2**80])
def test_a_number_that_no_database_keeps_is_refused(database: ManagementDatabase, number: int) -> None:
    for refused in (
        lambda: database.put_device(replace(LAMP, device=DeviceId(number)), KEYS),
        lambda: database.device(DeviceId(number)),
        lambda: database.put_user_device(UserDeviceId(number), PHONE, KEYS),
        lambda: database.user_device(UserDeviceId(number)),
        lambda: database.put_user(UserId(number), "Mina", bytes(32)),
        lambda: database.user(UserId(number)),
    ):
        with pytest.raises(MalformedValue):
            refused()


def test_the_highest_identifier_is_kept(database: ManagementDatabase) -> None:
    highest = replace(LAMP, device=DeviceId(MOST))
    database.put_device(highest, KEYS)

    assert database.device(DeviceId(MOST)) == (highest, KEYS)


@pytest.mark.parametrize("text", UNWRITABLE, ids=["no-unicode", "nul-within", "nul", "too-long"])
def test_a_text_that_no_database_keeps_is_refused(database: ManagementDatabase, text: str) -> None:
    for refused in (
        lambda: database.put_device(replace(LAMP, serial=text), KEYS),
        lambda: database.put_user_device(UserDeviceId(2), replace(PHONE, model=text), KEYS),
        lambda: database.put_user(UserId(3), text, bytes(32)),
        lambda: database.put_app(replace(APP, app=text)),
        lambda: database.app("remote", text),
        lambda: database.set_app_status(text, "1.0", AppStatus.REVOKED),
    ):
        with pytest.raises(MalformedValue):
            refused()


def test_the_longest_texts_are_kept_also_as_keys(database: ManagementDatabase) -> None:
    longest = replace(APP, app=LONGEST, version=LONGEST[:-1] + "xy")
    database.put_app(longest)
    database.put_device(replace(LAMP, model=LONGEST), KEYS)

    assert database.app(longest.app, longest.version) == longest
    assert database.device(LAMP.device)[0].model == LONGEST


def test_long_key_data_is_kept(database: ManagementDatabase) -> None:
    database.put_key_data(DIGEST, bytes(1_000_000))

    assert database.key_data(DIGEST) == bytes(1_000_000)


# ----------------------------------------------------------------------------------------------------------------- apps


def test_an_app_is_allowed_then_revoked_then_allowed(database: ManagementDatabase) -> None:
    database.put_app(APP)
    assert database.app("remote", "1.0") == APP

    database.set_app_status("remote", "1.0", AppStatus.REVOKED)
    assert database.app("remote", "1.0") == replace(APP, status=AppStatus.REVOKED)

    database.set_app_status("remote", "1.0", AppStatus.ALLOWED)
    assert database.app("remote", "1.0") == APP


def test_a_deprecated_app_has_an_end_and_no_other_has(database: ManagementDatabase) -> None:
    database.put_app(APP)
    database.set_app_status("remote", "1.0", AppStatus.DEPRECATED, MOST)
    assert database.app("remote", "1.0") == replace(APP, status=AppStatus.DEPRECATED, until=MOST)

    for status, until in ((AppStatus.DEPRECATED, 0), (AppStatus.REVOKED, 1), (AppStatus.DEPRECATED, MOST + 1)):
        with pytest.raises(MalformedValue):
            database.set_app_status("remote", "1.0", status, until)
    assert database.app("remote", "1.0").until == MOST


def test_a_revoked_app_stays_revoked_when_it_is_put_again(database: ManagementDatabase) -> None:
    database.put_app(APP)
    database.set_app_status("remote", "1.0", AppStatus.REVOKED)
    database.put_app(APP)

    assert database.app("remote", "1.0").status is AppStatus.REVOKED


def test_a_revocation_is_of_one_version(database: ManagementDatabase) -> None:
    newer = replace(APP, version="1.1")
    database.put_app(APP)
    database.put_app(newer)
    database.set_app_status("remote", "1.0", AppStatus.REVOKED)

    assert database.app("remote", "1.1") == newer


def test_an_app_with_another_digest_is_refused_and_the_first_stays(database: ManagementDatabase) -> None:
    database.put_app(APP)

    with pytest.raises(RecordExists) as refusal:
        database.put_app(replace(APP, digest=Digest(bytes(32))))
    assert refusal.value.values() == {"kind": "app", "name": "remote 1.0"}
    assert database.app("remote", "1.0") == APP


# ------------------------------------------------------------------------------------------------------------- failures


def test_failures_are_counted_and_cleared_and_unlocks_stay(database: ManagementDatabase) -> None:
    assert database.failures(MINA) == FailureState(0, 0)
    assert [database.count_failure(MINA) for _ in range(3)] == [1, 2, 3]
    assert database.unlock(MINA) == 1
    assert database.failures(MINA) == FailureState(0, 1)
    assert database.count_failure(MINA) == 1
    assert database.failures(MINA) == FailureState(1, 1)
    database.clear_failures(MINA)
    assert database.failures(MINA) == FailureState(0, 1)


def test_who_was_never_counted_is_unlocked_and_cleared(database: ManagementDatabase) -> None:
    database.clear_failures(MINA)
    assert database.failures(MINA) == FailureState()
    assert [database.unlock(MINA), database.unlock(MINA)] == [1, 2]


def test_a_user_and_a_device_of_one_number_are_counted_apart(database: ManagementDatabase) -> None:
    database.count_failure(MINA)
    database.unlock(LOCK)

    assert (database.failures(MINA), database.failures(LOCK)) == (FailureState(1, 0), FailureState(0, 1))


@pytest.mark.parametrize("number", [-1, MOST + 1])
def test_nobody_is_counted_under_a_number_that_no_database_keeps(database: ManagementDatabase, number: int) -> None:
    nobody = Subject(SubjectKind.USER, number)
    for refused in (database.failures, database.count_failure, database.clear_failures, database.unlock):
        with pytest.raises(MalformedValue):
            refused(nobody)


def test_of_many_failures_at_once_each_is_counted(database: ManagementDatabase) -> None:
    with ThreadPoolExecutor(8) as threads:
        counted = list(threads.map(lambda _: database.count_failure(MINA), range(64)))

    assert sorted(counted) == list(range(1, 65))
    assert database.failures(MINA).failures == 64


# ------------------------------------------------------------------------------------------------------------ lost keys


def test_lost_keys_are_lost_until_they_are_found(database: ManagementDatabase) -> None:
    """However often that is said."""
    for _ in range(2):
        database.put_lost_key(FIRST)
        assert (database.is_lost_key(FIRST), database.is_lost_key(SECOND)) == (True, False)
    for _ in range(2):
        database.drop_lost_key(FIRST)
        assert not database.is_lost_key(FIRST)


# -------------------------------------------------------------------------------------------------------------- permits


def test_a_permit_is_taken_once(database: ManagementDatabase) -> None:
    database.put_permit(*PAIR, expires_at=100)

    assert database.take_permit(*PAIR, FIRST, now=99)
    assert not database.take_permit(*PAIR, SECOND, now=99)


def test_an_application_that_has_a_permit_may_take_it_again_in_time(database: ManagementDatabase) -> None:
    database.put_permit(*PAIR, expires_at=100)
    assert database.take_permit(*PAIR, FIRST, now=98)
    assert database.take_permit(*PAIR, FIRST, now=99)
    assert not database.take_permit(*PAIR, FIRST, now=100)


def test_a_new_permit_is_for_any_application(database: ManagementDatabase) -> None:
    database.put_permit(*PAIR, expires_at=100)
    assert database.take_permit(*PAIR, FIRST, now=50)
    database.put_permit(*PAIR, expires_at=100)
    assert database.take_permit(*PAIR, SECOND, now=50)
    assert not database.take_permit(*PAIR, FIRST, now=50)


def test_a_permit_that_has_expired_or_never_was_is_not_taken(database: ManagementDatabase) -> None:
    assert not database.take_permit(*PAIR, FIRST, now=0)
    database.put_permit(*PAIR, expires_at=100)
    assert not database.take_permit(*PAIR, FIRST, now=100)
    assert not database.take_permit(*PAIR, FIRST, now=50)


def test_a_permit_is_for_these_three_only(database: ManagementDatabase) -> None:
    database.put_permit(*PAIR, expires_at=100)

    assert not database.take_permit(UserId(4), PAIR[1], PAIR[2], FIRST, 50)
    assert not database.take_permit(PAIR[0], UserDeviceId(4), PAIR[2], FIRST, 50)
    assert not database.take_permit(PAIR[0], PAIR[1], DeviceId(4), FIRST, 50)
    assert database.take_permit(*PAIR, FIRST, now=50)


def test_a_later_permit_replaces_an_earlier_one(database: ManagementDatabase) -> None:
    database.put_permit(*PAIR, expires_at=100)
    database.put_permit(*PAIR, expires_at=200)

    assert database.take_permit(*PAIR, FIRST, now=150)
    assert not database.take_permit(*PAIR, SECOND, now=50)


def test_a_permit_with_a_number_that_no_database_keeps_is_refused(database: ManagementDatabase) -> None:
    for refused in (
        lambda: database.put_permit(UserId(-1), PAIR[1], PAIR[2], 100),
        lambda: database.put_permit(*PAIR, expires_at=MOST + 1),
        lambda: database.take_permit(PAIR[0], UserDeviceId(MOST + 1), PAIR[2], FIRST, 100),
        lambda: database.take_permit(*PAIR, FIRST, now=-1),
    ):
        with pytest.raises(MalformedValue):
            refused()


def test_of_many_who_take_a_permit_at_once_one_has_it(database: ManagementDatabase) -> None:
    database.put_permit(*PAIR, expires_at=100)
    with ThreadPoolExecutor(8) as threads:
        applications = [Digest(bytes([number]) * 32) for number in range(32)]
        taken = list(threads.map(lambda one: database.take_permit(*PAIR, one, now=50), applications))

    assert taken.count(True) == 1


def test_of_many_who_put_the_same_record_at_once_each_succeeds(database: ManagementDatabase) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: database.put_device(LAMP, KEYS), range(32)))
        list(threads.map(lambda _: database.put_app(APP), range(32)))

    assert database.device(LAMP.device) == (LAMP, KEYS)
    assert database.app("remote", "1.0") == APP
