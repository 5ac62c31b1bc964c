"""Every management database keeps these promises: SQLite and its in-memory twin alike."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from certchain.errors import MalformedValue, RecordExists, UnknownRecord
from certchain.models.app import AppRecord
from certchain.models.certification import (
    AppStatus,
    DeviceInformation,
    UserDeviceInformation,
)
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.registration import PublicKeys
from certchain.storage import ManagementDatabase, MemoryManagementDatabase, SqlManagementDatabase

LAMP = DeviceInformation(DeviceId(7), "Lumen GmbH", "lamp ☀", "SN-0001")
PHONE = UserDeviceInformation("Fairphone 5", "Android 15", "3f2a")
KEYS = PublicKeys(bytes(range(32)), bytes(range(33)))
OTHER_KEYS = PublicKeys(bytes(32), bytes(33))
DIGEST = Digest(bytes(range(32)))
APP = AppRecord("remote", "1.0", DIGEST, b"signed")
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
