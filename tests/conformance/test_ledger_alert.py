"""Alerts: every ledger numbers, keeps and refuses them alike."""

import time

import pytest

from certchain.errors import AlertAlreadyRaised, EmptyAlertDigest, UnknownAlert, UnknownDevice
from certchain.ledger import AlertLedger
from certchain.models.alert import AlertRule, RecordedAlert
from certchain.models.identifier import DeviceId
from tests.world import NOTHING, World, refused, word


@pytest.fixture(scope="module")
def lock(world: World) -> DeviceId:
    return world.device()


@pytest.fixture
def alerts(world: World) -> AlertLedger:
    """The certification server's side."""
    return world["server"].alerts


@pytest.mark.parametrize("rule", AlertRule)
def test_an_alert_is_numbered_and_readable_for_all(
    world: World, alerts: AlertLedger, lock: DeviceId, rule: AlertRule
) -> None:
    raised_at, digest, before = int(time.time()), word(), alerts.alert_count()

    number = alerts.raise_alert(rule, lock, digest)

    kept = world["thief"].alerts.alert(number)
    assert number == before + 1 == alerts.alert_count()
    assert kept.raised_at >= raised_at
    assert kept == RecordedAlert(number, rule, lock, digest, kept.raised_at)


def test_a_document_is_raised_once(alerts: AlertLedger, lock: DeviceId) -> None:
    digest = word()
    number = alerts.raise_alert(AlertRule.FAILURE_BURST, lock, digest)

    with refused(AlertAlreadyRaised(number)):
        alerts.raise_alert(AlertRule.BAD_INTEGRITY, lock, digest)
    with refused(EmptyAlertDigest()):
        alerts.raise_alert(AlertRule.FAILURE_BURST, lock, NOTHING)
    assert alerts.alert_count() == number


def test_an_alert_is_about_an_enrolled_device(world: World, alerts: AlertLedger) -> None:
    for stranger in (DeviceId(0), DeviceId(world["server"].registrations.device_count() + 1)):
        with refused(UnknownDevice(stranger)):
            alerts.raise_alert(AlertRule.FAILURE_BURST, stranger, word())


def test_alerts_are_read_page_by_page(alerts: AlertLedger, lock: DeviceId) -> None:
    first = alerts.raise_alert(AlertRule.KEY_ON_TWO_DEVICES, lock, word())
    last = [alerts.raise_alert(AlertRule.CHALLENGE_REPLAYED, lock, word()) for _ in range(3)][-1]
    all_of_them = tuple(alerts.alert(number) for number in range(first, last + 1))

    assert alerts.alerts(first, 4) == alerts.alerts(first, 2**256 - 1) == all_of_them
    assert alerts.alerts(first + 1, 2) == all_of_them[1:3]
    assert alerts.alerts(first, 0) == alerts.alerts(last + 1, 9) == alerts.alerts(2**48 - 1, 1) == ()


def test_an_alert_that_was_never_raised_is_unknown(alerts: AlertLedger) -> None:
    for stranger in (0, alerts.alert_count() + 1):
        with refused(UnknownAlert(stranger)):
            alerts.alert(stranger)
    with refused(UnknownAlert(0)):
        alerts.alerts(0, 1)
