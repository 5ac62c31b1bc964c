"""From what really happened on the chain and at devices to an alert that a subscriber has: recall, suspension, and the chain away."""

from collections.abc import Iterator

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.models.alert import AlertRule
from certchain.models.registration import Factor, RegistrationRequest, RiskLevel
from certchain.verification.alert import verify_alert, verify_recorded
from tests.alarms import Receiver, Watch, certified, receiving, refused, subscribed
from tests.industry import Industry, firmware
from tests.logbook import Logbook
from tests.world import keys, word


@pytest.fixture
def industry() -> Industry:
    """A lamp runs version 1, which it got and reported by the real steps."""
    industry = Industry()
    industry.release(1, firmware())
    lamp = industry.device("lamp")
    assert lamp.update() is not None
    lamp.report()
    return industry


@pytest.fixture
def watch(industry: Industry) -> Iterator[Watch]:
    """The login log of the same network, watched."""
    watch = Watch(book=Logbook(accounts=industry.account))
    watch.receipts = list(industry.update_server.receipts())
    assert len(watch.receipts) == 1
    yield watch
    watch.recogniser.stop()


def test_a_login_at_a_device_that_runs_a_recalled_package_reaches_the_subscriber(
    industry: Industry, watch: Watch
) -> None:
    lamp = industry.devices["lamp"]
    assert watch.turn(certified(lamp.device)) == 0
    installed = lamp.installed()
    assert installed is not None
    industry.account("manufacturer").updates.withdraw(installed.pkg_id)
    watch.book.clock.seconds += 3600  # another hour, and facts are asked for anew

    with receiving(Receiver()) as office:
        subscribed(watch, office, bodies=True)
        assert watch.turn(certified(watch.lock.party.number)) == 0
        watch.book.clock.seconds += 60
        assert watch.turn(certified(lamp.device)) == 1
        told = office.verified(office.posted[0], watch.book.clock.now()).alert
    assert (told.alert.rule, told.alert.device) == (AlertRule.RECALLED_PACKAGE, lamp.device)
    assert verify_recorded(told, watch.ledger.alerts.alert(1)) == told


def test_a_login_with_the_key_of_a_lost_phone_is_recognised_until_its_registration_is_over(watch: Watch) -> None:
    server, authority = watch.ledger.registrations, watch.book.accounts("authority").registrations
    method = authority.define_method((Factor.FIRST, Factor.SECOND, Factor.THIRD))
    phone = server.enrol_user_device(keys())
    request = RegistrationRequest(phone, server.enrol_device(keys()), method, RiskLevel.MEDIUM, word())
    registration = server.register(request)

    refusal = refused("RegistrationNotActive", "C11", registered=registration)
    assert watch.turn(refusal) == 0  # its device's keys were rotated, say: it is active
    server.suspend(registration)
    assert watch.turn(refusal) == 1
    proven = verify_alert(watch.document(), thumbprint=key_thumbprint(watch.book.server.keys.public))
    assert proven.alert.rule is AlertRule.SUSPENDED_REGISTRATION
    assert [entry.leaf.index for entry in proven.entries] == [1]
    server.revoke(registration)
    watch.book.clock.seconds += 3600
    watch.turn(refusal)
    assert len(watch.alerts()) == 1
