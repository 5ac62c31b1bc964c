"""What is kept of recognition and notification: neither an alert nor a delivery is lost or doubled, in memory and in a database."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certchain.encoding.alert import alert_digest
from certchain.errors import MalformedValue, RecordExists, StorageUnavailable, UnknownRecord
from certchain.models.alert import Alert, AlertRule, KeptAlert
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId
from certchain.models.log import LogLeaf
from certchain.models.notification import Delivery, DeliveryState, Subscriber
from certchain.storage import MemoryNotificationStore, NotificationStore, SqlNotificationStore

HOOK = Subscriber("front-office", "https://office.example/alerts", bodies=True, authority="/etc/office.pem")
TOPIC = Subscriber("display", "mqtt://127.0.0.1:1883/alerts/home")


@pytest.fixture
def store(place: Path | str | None) -> Iterator[NotificationStore]:
    if place is None:
        yield MemoryNotificationStore()
        return
    kept = SqlNotificationStore(place)
    yield kept
    kept.close()


def kept(place: int) -> KeptAlert:
    leaves = tuple(LogLeaf(index, 1_700_000_000, Digest(bytes(32))) for index in range(place, place + 2))
    alert = Alert(bytes(32), AlertRule.FAILURE_BURST, DeviceId(3), bytes(32), leaves)
    return KeptAlert(alert, alert_digest(alert), None)


def delivery(place: int, subscriber: str = "display", due: int = 100) -> Delivery:
    return Delivery(bytes([place] * 16), subscriber, kept(1).digest, 0, due)


def test_an_alert_is_kept_with_how_far_the_log_was_read(store: NotificationStore) -> None:
    assert (store.recognised(), store.alerts(9), store.unraised(9)) == (0, (), ())
    store.keep_recognised([kept(1), kept(2)], 10)
    assert (store.recognised(), store.unraised(9), store.alerts(1)) == (10, (kept(1), kept(2)), (kept(2),))
    store.keep_recognised([], 20)
    assert (store.recognised(), store.unraised(1)) == (20, (kept(1),))


def test_an_alert_that_is_recognised_again_stays_as_it_is(store: NotificationStore) -> None:
    store.keep_recognised([kept(1)], 10)
    store.keep_raised(kept(1).digest, 7, [])
    store.keep_recognised([kept(1)], 10)
    assert store.alerts(9) == (replace(kept(1), number=7),)
    assert store.alert(kept(1).digest).number == 7
    with pytest.raises(UnknownRecord):
        store.alert(kept(2).digest)


def test_an_alerts_deliveries_are_kept_with_its_number_and_once(store: NotificationStore) -> None:
    store.put_subscriber(TOPIC)
    store.keep_recognised([kept(1)], 10)
    store.keep_raised(kept(1).digest, 7, [delivery(1), delivery(2, "gone")])
    store.keep_raised(kept(1).digest, 8, [delivery(3)])
    assert store.unraised(9) == ()
    assert store.alert(kept(1).digest).number == 7
    assert store.deliveries() == (delivery(1),)
    with pytest.raises(UnknownRecord):
        store.keep_raised(kept(2).digest, 9, [])


def test_a_delivery_is_due_from_its_time_on_until_it_is_settled(store: NotificationStore) -> None:
    store.put_subscriber(TOPIC)
    store.put_subscriber(HOOK)
    store.keep_recognised([kept(1)], 10)
    store.keep_raised(kept(1).digest, 7, [delivery(1), delivery(2, due=50), delivery(3, "front-office")])
    assert store.due("display", 99, 9) == (delivery(2, due=50),)
    assert store.due("display", 100, 9) == (delivery(1), delivery(2, due=50))
    assert store.due("display", 100, 1) == (delivery(1),)

    settled = replace(delivery(1), attempts=3, due=120, state=DeliveryState.DEAD, problem="it answered 500")
    store.keep_delivery(settled)
    store.keep_delivery(replace(delivery(2), attempts=1, due=120))
    assert store.due("display", 119, 9) == ()
    assert store.deliveries(DeliveryState.DEAD) == (settled,)
    assert [each.id[0] for each in store.deliveries()] == [3, 2, 1]
    assert [each.id[0] for each in store.deliveries(limit=1)] == [3]


def test_subscribers_come_and_go_with_what_is_for_them(store: NotificationStore) -> None:
    store.put_subscriber(HOOK)
    store.put_subscriber(TOPIC)
    assert store.subscribers() == (TOPIC, HOOK)
    with pytest.raises(RecordExists):
        store.put_subscriber(replace(TOPIC, address="mqtt://elsewhere/a"))
    store.keep_recognised([kept(1)], 10)
    store.keep_raised(kept(1).digest, 7, [delivery(1), delivery(3, "front-office")])
    store.remove_subscriber("display")
    store.keep_delivery(replace(delivery(1), attempts=1))
    assert store.deliveries() == (delivery(3, "front-office"),)
    assert store.subscribers() == (HOOK,)
    with pytest.raises(UnknownRecord):
        store.remove_subscriber("display")


@pytest.mark.parametrize(
    "given",
    [
        {"name": ""},
        {"name": "Front"},
        {"name": "a b"},
        {"name": "-"},
        {"name": "a" * 41},
        {"address": "ftp://office.example"},
        {"address": "https://office.example/ü"},
        {"address": "https://office.example/\n"},
        {"address": "https://" + "a" * 1000},
    ],
)
def test_what_is_no_subscriber_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(MalformedValue):
        replace(HOOK, **given)


def test_what_no_database_keeps_is_refused(store: NotificationStore) -> None:
    store.put_subscriber(TOPIC)
    store.keep_recognised([kept(1)], 10)
    for refused in (
        lambda: store.keep_recognised([], -1),
        lambda: store.keep_raised(kept(1).digest, -1, []),
        lambda: store.put_subscriber(replace(HOOK, authority="a" * 1001)),
        lambda: store.put_subscriber(replace(HOOK, credentials="a\0b")),
        lambda: store.keep_delivery(replace(delivery(1), problem="\0")),
        lambda: store.keep_delivery(replace(delivery(1), due=-1)),
        lambda: store.due("display", -1, 9),
        lambda: store.alerts(-1),
    ):
        with pytest.raises(MalformedValue):
            refused()
    assert (store.recognised(), store.subscribers()) == (10, (TOPIC,))


def test_what_was_kept_outlives_the_process_and_a_changed_row_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "notification.sqlite"
    first = SqlNotificationStore(path)
    first.keep_recognised([kept(1)], 10)
    first.put_subscriber(HOOK)
    first.close()

    second = SqlNotificationStore(path)
    assert (second.recognised(), second.unraised(9), second.subscribers()) == (10, (kept(1),), (HOOK,))
    with second._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE subscribers SET address = 'gopher://'")
    with pytest.raises(StorageUnavailable):
        second.subscribers()
    second.close()
