"""Alerts: what was recognised in a login log, raised once and for good."""

from typing import Any

import pytest

from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import NOTHING, word

RULES = range(6)


@pytest.fixture
def server(actors: Actors) -> dict[str, Any]:
    """The certification server as sender."""
    return {"from": actors.server}


@pytest.mark.parametrize("rule", RULES)
def test_an_alert_is_whole_readable_and_told(
    alerts: Any, lock: int, server: dict[str, Any], chain: Any, rule: int
) -> None:
    """By which rule, about which device, since when, and its document's digest."""
    assert alerts.raiseAlert.call(rule, lock, word("document"), server) == 1
    receipt = alerts.raiseAlert(rule, lock, word("document"), server)
    assert alerts.alertById(1).dict() == {
        "rule": rule,
        "device": lock,
        "raisedAt": chain[receipt.block_number].timestamp,
        "digest": "0x" + word("document").hex(),
    }
    event = receipt.events["AlertRaised"]
    assert (event["number"], event["rule"], event["device"]) == (1, rule, lock)
    assert bytes(event["digest"]) == word("document")


def test_alerts_are_numbered_one_after_another(alerts: Any, lock: int, server: dict[str, Any]) -> None:
    """From 1, whatever they are about."""
    assert alerts.alertCount() == 0
    for number, name in enumerate("abc", start=1):
        assert alerts.raiseAlert(number, lock, word(name), server).return_value == number
    assert alerts.alertCount() == 3


def test_a_document_is_raised_once(alerts: Any, lock: int, server: dict[str, Any]) -> None:
    """The refusal names the alert that has it, whatever it is raised again as."""
    alerts.raiseAlert(0, lock, word("a"), server)
    alerts.raiseAlert(0, lock, word("b"), server)
    for rule in (0, 1):
        with reverts("Alerts_AlreadyRaised", 2):
            alerts.raiseAlert(rule, lock, word("b"), server)
    assert alerts.alertCount() == 2


def test_an_empty_digest_is_refused(alerts: Any, lock: int, server: dict[str, Any]) -> None:
    """Zero is no document's."""
    with reverts("Alerts_EmptyDigest"):
        alerts.raiseAlert(0, lock, NOTHING, server)


@pytest.mark.parametrize("device", [0, 2, 2**48 - 1])
def test_an_alert_is_about_an_enrolled_device(alerts: Any, lock: int, server: dict[str, Any], device: int) -> None:
    """Registration says which are; its own error says which is not."""
    with reverts("Registration_UnknownDevice", device):
        alerts.raiseAlert(0, device, word("document"), server)


def test_a_rule_that_is_none_is_refused(alerts: Any, lock: int, server: dict[str, Any], web3: Any) -> None:
    """The seventh of six never gets past the decoding of the call."""
    good = alerts.raiseAlert.encode_input(RULES[-1], lock, word("document"))
    assert int(good[10:74], 16) == RULES[-1]
    bad = f"{good[:10]}{RULES[-1] + 1:064x}{good[74:]}"
    with pytest.raises(Exception, match="revert"):
        web3.eth.call({"to": alerts.address, "from": server["from"].address, "data": bad})


def test_alerts_are_read_page_by_page(alerts: Any, lock: int, server: dict[str, Any]) -> None:
    """At most as many as asked for, fewer or none past the end."""
    for name in "abcde":
        alerts.raiseAlert(0, lock, word(name), server)

    def page(first: int, limit: int) -> list[bytes]:
        return [bytes(alert[3]) for alert in alerts.alerts(first, limit)]

    everything = [word(name) for name in "abcde"]
    assert page(1, 5) == page(1, 2**256 - 1) == everything
    assert page(2, 3) == everything[1:4]
    assert page(5, 9) == everything[4:]
    assert page(1, 0) == page(6, 1) == page(2**48 - 1, 2**256 - 1) == []


@pytest.mark.parametrize("number", [0, 2, 2**48 - 1])
def test_an_alert_never_raised_is_unknown(alerts: Any, lock: int, server: dict[str, Any], number: int) -> None:
    """A page begins with the first at the earliest."""
    alerts.raiseAlert(0, lock, word("document"), server)
    with reverts("Alerts_UnknownAlert", number):
        alerts.alertById(number)
    with reverts("Alerts_UnknownAlert", 0):
        alerts.alerts(0, 1)
