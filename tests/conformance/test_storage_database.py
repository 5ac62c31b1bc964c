"""Every management database keeps these promises: SQLite and its in-memory twin alike."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from certchain.errors import CertchainError, MalformedValue, RecordExists, SizeMismatch, UnknownRecord
from certchain.models.certification import (
    AppManifest,
    AppStatus,
    DeviceInformation,
    UserDeviceInformation,
)
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId
from certchain.models.log import LogEntry, LoginOutcome, SaltedEntry
from certchain.models.registration import PublicKeys
from certchain.storage import ManagementDatabase, MemoryManagementDatabase, SqlManagementDatabase

LAMP = DeviceInformation(DeviceId(7), "Lumen GmbH", "lamp ☀", "SN-0001")
PHONE = UserDeviceInformation("Fairphone 5", "Android 15", "3f2a")
KEYS = PublicKeys(bytes(range(32)), bytes(range(33)))
OTHER_KEYS = PublicKeys(bytes(32), bytes(33))
DIGEST = Digest(bytes(range(32)))
APP = AppManifest("remote", "1.0", DIGEST)
MOST = 2**63 - 1
UNWRITABLE = "\ud800"


def memory(_: Path) -> Iterator[ManagementDatabase]:
    yield MemoryManagementDatabase()


def sql(folder: Path) -> Iterator[ManagementDatabase]:
    database = SqlManagementDatabase(folder / "management.sqlite")
    yield database
    database.close()


MAKERS: dict[str, Callable[[Path], Iterator[ManagementDatabase]]] = {"memory": memory, "sql": sql}


@pytest.fixture(params=MAKERS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ManagementDatabase]:
    yield from MAKERS[request.param](tmp_path)


def entry(index: int) -> SaltedEntry:
    """A certification of every third login, and a wrong login otherwise."""
    if index % 3:
        refused = LogEntry(
            index, 1_700_000_000, LoginOutcome.REFUSED, "C2", "LoginRefused", None, None, None, LAMP.device, None
        )
        return SaltedEntry(refused, bytes([index % 256]) * 32)
    good = LogEntry(
        index=index,
        at=1_700_000_000 + index,
        outcome=LoginOutcome.CERTIFIED,
        step="C13",
        reason="",
        session=bytes(16),
        user=UserId(3),
        user_device=UserDeviceId(2),
        device=LAMP.device,
        registration=RegistrationId(1),
    )
    return SaltedEntry(good, bytes([index % 256]) * 32)


def entries(first: int, end: int) -> list[SaltedEntry]:
    return [entry(index) for index in range(first, end)]


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
        lambda: database.entries(number, 1),
        lambda: database.entries(0, number),
    ):
        with pytest.raises(MalformedValue):
            refused()


def test_the_highest_identifier_is_kept(database: ManagementDatabase) -> None:
    highest = replace(LAMP, device=DeviceId(MOST))
    database.put_device(highest, KEYS)

    assert database.device(DeviceId(MOST)) == (highest, KEYS)


def test_a_text_that_is_not_unicode_is_refused(database: ManagementDatabase) -> None:
    for refused in (
        lambda: database.put_device(replace(LAMP, serial=UNWRITABLE), KEYS),
        lambda: database.put_user_device(UserDeviceId(2), replace(PHONE, model=UNWRITABLE), KEYS),
        lambda: database.put_user(UserId(3), UNWRITABLE, bytes(32)),
        lambda: database.put_app(replace(APP, app=UNWRITABLE)),
        lambda: database.app("remote", UNWRITABLE),
        lambda: database.set_app_status(UNWRITABLE, "1.0", AppStatus.REVOKED),
    ):
        with pytest.raises(MalformedValue):
            refused()


# ----------------------------------------------------------------------------------------------------------------- apps


def test_an_app_is_allowed_then_revoked_then_allowed(database: ManagementDatabase) -> None:
    database.put_app(APP)
    assert database.app("remote", "1.0") == APP

    database.set_app_status("remote", "1.0", AppStatus.REVOKED)
    assert database.app("remote", "1.0") == replace(APP, status=AppStatus.REVOKED)

    database.set_app_status("remote", "1.0", AppStatus.ALLOWED)
    assert database.app("remote", "1.0") == APP


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


# ------------------------------------------------------------------------------------------------------------------ log


def test_an_empty_log_has_no_entries(database: ManagementDatabase) -> None:
    assert database.log_size() == 0
    assert database.entries(0, 10) == ()


def test_entries_come_back_in_order_page_by_page(database: ManagementDatabase) -> None:
    database.append_entries(entries(0, 3))
    database.append_entries(entries(3, 8))

    assert database.log_size() == 8
    assert database.entries(0, 100) == tuple(entries(0, 8))
    assert database.entries(2, 4) == tuple(entries(2, 6))
    assert database.entries(7, 4) == (entry(7),)
    assert database.entries(8, 4) == ()
    assert database.entries(0, 0) == ()
    assert database.entries(MOST, MOST) == ()


def test_appending_nothing_changes_nothing(database: ManagementDatabase) -> None:
    database.append_entries([])

    assert database.log_size() == 0


@pytest.mark.parametrize(
    ("batch", "claimed", "actual"),
    [
        ([entry(1)], 1, 2),
        ([entry(3)], 3, 2),
        ([entry(0)], 0, 2),
        ([entry(2), entry(4)], 4, 3),
        ([entry(2), entry(2)], 2, 3),
        ([entry(3), entry(2)], 3, 2),
    ],
    ids=["again", "with a gap", "from the start", "with a gap inside", "twice the same", "out of order"],
)
def test_entries_that_do_not_continue_the_log_are_refused_whole(
    database: ManagementDatabase, batch: list[SaltedEntry], claimed: int, actual: int
) -> None:
    database.append_entries(entries(0, 2))

    with pytest.raises(SizeMismatch) as refusal:
        database.append_entries(batch)
    assert refusal.value.values() == {"expected_size": claimed, "actual_size": actual}
    assert database.entries(0, 10) == tuple(entries(0, 2))


def test_of_appenders_at_the_same_time_exactly_one_gets_each_index(database: ManagementDatabase) -> None:
    accepted: list[int] = []
    unexpected: list[BaseException] = []

    def append_up_to_40() -> None:
        try:
            while (size := database.log_size()) < 40:
                try:
                    database.append_entries([entry(size)])
                    accepted.append(size)
                except SizeMismatch:
                    continue
        except CertchainError as problem:
            unexpected.append(problem)

    threads = [Thread(target=append_up_to_40) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not unexpected
    assert len(accepted) == len(set(accepted))
    assert database.entries(0, 100) == tuple(entries(0, database.log_size()))
    assert sorted(accepted) == list(range(database.log_size()))
