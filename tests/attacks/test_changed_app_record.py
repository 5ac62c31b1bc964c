"""Attack: have a bad app certified by changing the management database's row about it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from certchain.encoding.digest import manifest_digest
from certchain.encoding.message import to_cbor
from certchain.errors import (
    CertchainError,
    DatabaseChanged,
    IntegrityFailed,
    LogDamaged,
    MalformedValue,
    SignatureInvalid,
    UnknownRecord,
    WrongSigner,
)
from certchain.models.app import AppRecord, AppRelease
from certchain.models.certification import AppStatus
from certchain.models.entry import AppEntry, ErasureEntry, Subject, SubjectKind
from certchain.storage.app_folder import measure_app
from tests.databases import empty, write_app
from tests.household import Household

pytestmark = pytest.mark.usefixtures("each_database")

DAY = 86_400


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


@pytest.fixture
def apps(home: Household) -> Any:
    return home.server.role.apps


def row(home: Household) -> AppRecord:
    found: AppRecord = home.server.database.app("door", "1.0")
    return found


def write(home: Household, record: AppRecord) -> None:
    """What somebody with access to the database does."""
    write_app(home.server.database, record)


def refused(home: Household, error: type[CertchainError], what: str) -> None:
    with pytest.raises(error, match=what):
        home.certify()
    assert (home.server.last().step, home.server.last().reason) == ("C5", error.__name__)


def crack(folder: Path) -> None:
    (folder / "main.js").write_text("open('the door'); tell('the thief')")


def decisions(home: Household) -> list[AppEntry]:
    logged = home.server.log.reader.entries(0, home.server.log_store.size())
    return [kept.body.entry for kept in logged if kept.body and isinstance(kept.body.entry, AppEntry)]


def test_the_digest_of_a_cracked_app_in_the_row_is_noticed(home: Household) -> None:
    crack(home.phone.folder)
    cracked = manifest_digest("door", "1.0", measure_app(home.phone.folder))
    write(home, replace(row(home), digest=cracked))
    refused(home, DatabaseChanged, "other files")


def test_a_whole_release_that_another_signed_in_the_row_is_noticed(home: Household) -> None:
    crack(home.phone.folder)
    forged = home.another_vendor().release("door", "1.0", home.phone.folder).release
    digest = manifest_digest("door", "1.0", measure_app(home.phone.folder))
    write(home, AppRecord("door", "1.0", digest, to_cbor(forged)))
    refused(home, DatabaseChanged, "another release")


def test_a_test_build_that_its_vendor_did_sign_but_nobody_allowed_is_noticed(home: Household) -> None:
    crack(home.phone.folder)
    build = home.vendor.release("door", "1.0", home.phone.folder)
    write(home, replace(row(home), digest=manifest_digest("door", "1.0", build.files), release=to_cbor(build.release)))
    refused(home, DatabaseChanged, "another release")


def test_a_revoked_app_that_the_row_allows_again_stays_revoked(home: Household, apps: Any) -> None:
    before = row(home)
    apps.revoke("door", "1.0", "Olga", "it leaks")
    write(home, before)
    refused(home, IntegrityFailed, "revoked")


def test_also_after_a_restart(home: Household, apps: Any) -> None:
    before = row(home)
    apps.revoke("door", "1.0", "Olga", "it leaks")
    home.server.restart()
    write(home, before)
    refused(home, IntegrityFailed, "revoked")


def test_a_deprecation_that_the_row_prolongs_is_noticed(home: Household, apps: Any) -> None:
    apps.deprecate("door", "1.0", home.clock.now() + DAY)
    write(home, replace(row(home), until=home.clock.now() + 1000 * DAY))
    refused(home, DatabaseChanged, "another status")


def test_a_row_for_an_app_that_nobody_allowed_is_noticed(home: Household) -> None:
    build = home.vendor.release("door", "2.0", home.phone.folder)
    digest = manifest_digest("door", "2.0", build.files)
    write(home, AppRecord("door", "2.0", digest, to_cbor(build.release)))
    home.phone.version = "2.0"
    home.phone.restart()
    refused(home, DatabaseChanged, "nobody has allowed")


def test_a_removed_row_is_noticed(home: Household) -> None:
    empty(home.server.database, "apps")
    refused(home, DatabaseChanged, "missing")


def test_the_same_vendor_rotates_its_keys_and_what_it_released_before_runs_on(home: Household, apps: Any) -> None:
    old = home.vendor
    home.vendor = home.rotated_vendor()
    home.certify()
    home.phone.folder, home.phone.version = home.released_app("1.1"), "1.1"
    home.phone.restart()
    home.certify()
    with pytest.raises(CertchainError, match="not those in force"):
        apps.allow(old.release("door", "1.2", home.phone.folder).release)


# ------------------------------------------------------------------------------------------------------- at the operator


def test_another_vendor_cannot_release_a_version_of_the_app(home: Household, apps: Any) -> None:
    with pytest.raises(WrongSigner):
        apps.allow(home.another_vendor().release("door", "9.9", home.phone.folder).release)
    assert len(decisions(home)) == 1


def test_a_release_whose_signature_is_not_the_vendors_is_not_admitted(home: Household, apps: Any) -> None:
    signed = home.vendor.identity.sign(AppRelease("door", "1.1", row(home).digest))
    with pytest.raises(SignatureInvalid):
        apps.allow(replace(signed, signature=bytes(64)))
    with pytest.raises(UnknownRecord):
        home.server.database.app("door", "1.1")


@pytest.mark.parametrize(
    "decide",
    [
        lambda apps, clock: apps.revoke("door", "3.0"),
        lambda apps, clock: apps.deprecate("door", "3.0", clock.now() + 1),
    ],
)
def test_what_was_never_allowed_is_not_ended(home: Household, apps: Any, decide: Callable[[Any, Any], None]) -> None:
    with pytest.raises(UnknownRecord):
        decide(apps, home.clock)


def test_a_deprecation_is_for_a_time_to_come(home: Household, apps: Any) -> None:
    with pytest.raises(MalformedValue):
        apps.deprecate("door", "1.0", home.clock.now())


def test_every_decision_stands_in_the_log_once_with_who_took_it(home: Household, apps: Any) -> None:
    until = home.clock.now() + DAY
    apps.deprecate("door", "1.0", until, "Olga", "1.1 is out")
    apps.deprecate("door", "1.0", until, "Olga", "again, after a crash")
    apps.revoke("door", "1.0", "Otto", "it leaks")

    told = [(entry.status, entry.until, entry.by, entry.reason) for entry in decisions(home)]
    assert told == [
        (AppStatus.ALLOWED, 0, "Olga", "released"),
        (AppStatus.DEPRECATED, until, "Olga", "1.1 is out"),
        (AppStatus.REVOKED, 0, "Otto", "it leaks"),
    ]


def test_a_deprecated_app_is_certified_until_its_time(home: Household, apps: Any) -> None:
    apps.deprecate("door", "1.0", home.clock.now() + DAY)
    home.certify()
    home.clock.seconds += DAY
    refused(home, IntegrityFailed, "its time is over")


def test_a_decision_that_the_database_missed_is_in_force_and_complete_when_repeated(home: Household, apps: Any) -> None:
    """A crash between the log and the database: nobody is certified by what is left, until the operator repeats it."""
    before = row(home)
    apps.deprecate("door", "1.0", home.clock.now() + DAY)
    write(home, before)
    refused(home, DatabaseChanged, "another status")
    apps.deprecate("door", "1.0", home.clock.now() + DAY)
    home.certify()


def test_of_two_operators_who_decide_at_once_the_later_has_the_last_word_in_log_and_database(
    home: Household, apps: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the row differs from the log, and a change by a stranger is suspected."""
    database, held, others = type(home.server.database), Event(), Event()
    write_status = database.set_app_status

    def slow(self: Any, app: str, version: str, status: AppStatus, until: int = 0) -> None:
        if status is AppStatus.DEPRECATED:
            held.set()
            others.wait(1)
        write_status(self, app, version, status, until)

    monkeypatch.setattr(database, "set_app_status", slow)
    olga = Thread(target=lambda: apps.deprecate("door", "1.0", home.clock.now() + DAY))
    olga.start()
    assert held.wait(10)
    apps.revoke("door", "1.0")
    others.set()
    olga.join(10)
    assert (row(home).status, decisions(home)[-1].status) == (AppStatus.REVOKED, AppStatus.REVOKED)


def test_decisions_are_found_again_among_many_other_entries(home: Household, apps: Any) -> None:
    apps.revoke("door", "1.0")
    for _ in range(5):
        with pytest.raises(IntegrityFailed):
            home.certify()
    home.released_app("1.1")
    home.server.restart()
    found = home.server.role.apps.decisions
    assert [found.last("door", version).status for version in ("1.0", "1.1")] == [AppStatus.REVOKED, AppStatus.ALLOWED]
    assert found.last("door", "1.2") is None
    assert found.vendor("door") == home.vendor.identity.party.number
    assert found.vendor("window") is None


def test_decisions_are_found_behind_what_was_erased(home: Household, apps: Any) -> None:
    home.certify()
    login = home.server.log_store.size() - 1
    apps.revoke("door", "1.0")
    erased = Subject(SubjectKind.USER, home.alice)
    home.server.log.writer.record(ErasureEntry(erased, home.clock.now(), "she asked for it"))
    home.server.subject_keys.destroy([home.server.log_store.entries(login, 1)[0].key])
    home.server.restart()
    refused(home, IntegrityFailed, "revoked")


def test_a_revocation_whose_key_was_taken_from_the_log_is_missed(home: Household, apps: Any) -> None:
    """The app was allowed in one period and revoked in another, each under a key of its own: without the second, it would be allowed."""
    home.clock.seconds += 2 * 30 * DAY
    apps.revoke("door", "1.0")
    key = home.server.log_store.entries(home.server.log_store.size() - 1, 1)[0].key
    write(home, replace(row(home), status=AppStatus.ALLOWED))
    del home.server.subject_keys._keys[key]
    home.server.restart()
    with pytest.raises(LogDamaged, match="no record of an erasure"):
        home.certify()
