"""Attack: a phone is stolen, unlocked and with the user's secret on a note beside it."""

from copy import deepcopy
from typing import Any

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.errors import (
    FreshKeyRequired,
    LedgerUnavailable,
    LoginRefused,
    MethodTooWeak,
    RegistrationNotActive,
    RegistrationRefused,
    UnknownRecord,
)
from certchain.keys import KeyPair
from certchain.models.entry import LostKeyEntry, Subject, SubjectKind
from certchain.models.identifier import RegistrationId, UserDeviceId
from certchain.models.registration import Factor, RegistrationStatus
from certchain.verification.statement import Identity
from tests.household import SECRET, Household

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def statuses(home: Household) -> list[RegistrationStatus]:
    ledger = home.account("anyone").registrations
    count = ledger.registration_count()
    return [ledger.registration(RegistrationId(number)).status for number in range(1, count + 1)]


def report(home: Household) -> tuple[RegistrationId, ...]:
    found: tuple[RegistrationId, ...] = home.server.role.registrar.report_lost(
        home.phone.id, "Olga", "stolen on a train"
    )
    return found


def with_fresh_keys(home: Household) -> None:
    """What the owner does at the counter of the certification centre."""
    keys = KeyPair.generate()
    home.server.role.enrolment.rotate_user_device_keys(home.phone.id, keys.public)
    home.phone.identity = Identity(home.phone.identity.network, home.phone.identity.party, keys)
    home.phone.restart()


def test_the_report_stops_the_phone_at_every_lock_at_once(home: Household) -> None:
    front = home.lock
    home.lock = home.another_lock("back door")
    home.register()
    others = home.phone
    assert report(home) == (RegistrationId(1), RegistrationId(2))
    assert statuses(home) == [RegistrationStatus.SUSPENDED] * 2
    for lock in (front, home.lock):
        home.lock = lock
        with pytest.raises(RegistrationNotActive, match="suspended"):
            others.role.certify(lock.channel(), lock.id, SECRET)


def test_the_report_stands_in_the_log(home: Household) -> None:
    size = home.server.log_store.size()
    report(home)
    body = home.server.log.reader.entries(size, 1)[0].body
    assert body
    assert body.entry == LostKeyEntry(home.phone.id, "Olga", "stolen on a train")
    assert body.entry.subject == Subject(SubjectKind.USER_DEVICE, home.phone.id)


def test_another_phone_goes_on(home: Household) -> None:
    lost = home.phone
    home.phone = home.another_phone("a2")
    home.register()
    home.server.role.registrar.report_lost(lost.id, "Olga", "")
    home.certify()


def test_the_report_can_be_repeated_after_an_outage(home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise LedgerUnavailable("it is away")

    registrations = type(home.server.ledger.registrations)
    with monkeypatch.context() as patched:
        patched.setattr(registrations, "suspend_batch", away)
        with pytest.raises(LedgerUnavailable):
            report(home)
    assert report(home) == (RegistrationId(1),)
    assert report(home) == ()


def test_nobody_reports_a_phone_that_there_is_none_of(home: Household) -> None:
    with pytest.raises(UnknownRecord):
        home.server.role.registrar.report_lost(UserDeviceId(99), "Olga", "")


def test_the_thief_cannot_register_the_phone_again(home: Household) -> None:
    """Not even when the operator is talked into a permit."""
    report(home)
    with pytest.raises(RegistrationRefused, match="reported lost"):
        home.register()


def test_where_the_database_has_forgotten_the_report_the_chain_asks_for_other_keys(home: Household) -> None:
    report(home)
    home.server.database.drop_lost_key(key_thumbprint(home.phone.identity.keys.public))
    with pytest.raises(FreshKeyRequired):
        home.register()


def test_the_thief_cannot_register_the_phone_for_another_lock(home: Household) -> None:
    """Neither with a permit from before the report nor with one from after it, nor when the server was started again."""
    home.lock = home.another_lock("back door")
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    report(home)
    for _ in range(2):
        with pytest.raises(RegistrationRefused, match="reported lost"):
            home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)
        home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
        home.server.restart()
    with_fresh_keys(home)
    home.register()


@pytest.mark.parametrize("moment", ["divide", "register"])
def test_a_report_stops_a_registration_that_is_under_way(
    home: Household, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The thief is at another lock when the owner calls: the report has not seen what is registered a moment later."""
    home.lock = home.another_lock("back door")
    ledger = home.server.ledger.custody if moment == "divide" else home.server.ledger.registrations
    change = getattr(type(ledger), moment)

    def reported_first(self: Any, *arguments: Any) -> Any:
        report(home)
        return change(self, *arguments)

    monkeypatch.setattr(type(ledger), moment, reported_first)
    with pytest.raises(RegistrationRefused, match="reported lost"):
        home.register()
    assert statuses(home) == [RegistrationStatus.SUSPENDED] * 2


def test_a_phone_that_never_had_a_registration_gets_none_after_the_report(home: Household) -> None:
    home.phone = home.another_phone("a2")
    assert report(home) == ()
    with pytest.raises(RegistrationRefused, match="reported lost"):
        home.register()


def test_a_phone_that_was_found_again_is_registered_as_before(home: Household) -> None:
    (number,) = report(home)
    home.server.role.registrar.reinstate(number)
    home.certify()
    home.lock = home.another_lock("back door")
    home.register()


def test_the_owner_comes_back_with_fresh_keys_and_all_three_factors(home: Household) -> None:
    report(home)
    with_fresh_keys(home)
    with pytest.raises(RegistrationNotActive):
        home.certify()
    with pytest.raises(MethodTooWeak):
        home.register(method=home.define(Factor.FIRST, Factor.THIRD))
    home.register()
    assert home.certify().command(b"open") == b"done: open"
    assert statuses(home)[-1] is RegistrationStatus.ACTIVE


def test_the_thief_is_still_out_when_the_owner_is_back(home: Household) -> None:
    thief = home.another_phone("a1")
    thief.identity, thief.store = home.phone.identity, deepcopy(home.phone.store)
    report(home)
    with_fresh_keys(home)
    home.register("another secret, to be safe")
    thief.restart()
    with pytest.raises(LoginRefused):
        thief.role.certify(home.lock.channel(), home.lock.id, SECRET)
