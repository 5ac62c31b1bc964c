"""The recogniser: what it recognises is raised once and told to everyone who asked, whatever fails or crashes in between."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.errors import (
    CertchainError,
    LedgerUnavailable,
    LogDamaged,
    StorageUnavailable,
    UnknownRecord,
)
from certchain.keys import KeyPair
from certchain.models.alert import AlertRule
from certchain.models.certification import Signed
from certchain.models.delivery import InstalledPackage, InstallReceipt
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId
from certchain.models.notification import DeliveryState, Subscriber
from certchain.models.registration import RegistrationStatus, StatusChange
from certchain.models.update import PackageStatus
from certchain.roles.recogniser import DeliveryPolicy
from certchain.roles.recogniser.notifier import pause
from certchain.verification.alert import verify_alert, verify_recorded
from certchain.verification.statement import Identity
from tests.alarms import Receiver, Watch, certified, receiving, refused, subscribed
from tests.broker import broker, display
from tests.faults import PowerCut
from tests.logged import ALICE

BURST = [refused(), refused(), refused()]


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    watch.recogniser.stop()


@pytest.fixture
def office() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


# ---------------------------------------------------------------------------------------------------- recognition, raising


def test_what_is_recognised_in_the_published_log_is_raised_on_the_chain_with_its_documents_digest(watch: Watch) -> None:
    assert watch.recogniser.turn() == 0  # nothing was published yet
    watch.record(*BURST)
    assert watch.recogniser.turn() == 0
    assert watch.turn() == 1
    (kept,) = watch.alerts()
    recorded = watch.ledger.alerts.alert(1)
    assert (recorded.rule, recorded.device, recorded.digest) == (AlertRule.FAILURE_BURST, 1, kept.digest)
    proven = verify_alert(watch.document(), kept.digest, key_thumbprint(watch.book.server.keys.public))
    assert verify_recorded(proven, recorded) == proven
    assert [entry.entry for entry in proven.entries] == BURST
    assert watch.recogniser.status().recognised == 3


def test_the_log_is_followed_from_where_it_was_also_after_a_restart(watch: Watch) -> None:
    assert watch.turn(refused(), refused()) == 0
    watch.restart()
    assert watch.turn(refused()) == 1
    watch.restart()
    assert watch.turn(*BURST) == 0  # the same cause, in the same period
    watch.book.clock.seconds += 3600
    assert watch.turn(*BURST) == 1
    assert [[leaf.index for leaf in kept.alert.entries] for kept in watch.alerts()] == [[0, 1, 2], [6, 7, 8]]


def test_a_long_log_is_read_a_page_at_a_time_and_only_its_end_again_after_a_restart(watch: Watch) -> None:
    watch.record(*(certified() for _ in range(700)))
    watch.book.clock.seconds += 4000
    watch.turn(*(certified() for _ in range(700)), refused(), refused())
    watch.restart()
    read = list[int]()
    reader = watch.recogniser.equipment.log.reader

    class Counting:
        def entries(self, first: int, limit: int) -> Any:
            found = reader.entries(first, limit)
            read.extend(entry.leaf.index for entry in found if limit > 1)
            return found

    log = replace(watch.recogniser.equipment.log, reader=Counting())
    watch.recogniser.equipment = replace(watch.recogniser.equipment, log=log)
    assert watch.turn(refused()) == 1
    assert min(read) == 700


def test_while_the_chain_is_away_alerts_wait_and_none_is_lost(watch: Watch) -> None:
    watch.fuse.fault = lambda: LedgerUnavailable("away")
    watch.fuse.arm(3)  # keep_recognised, before and after; then the chain
    with pytest.raises(LedgerUnavailable):
        watch.turn(*BURST)
    assert watch.recogniser.status() == replace(watch.recogniser.status(), recognised=3, unraised=1)
    assert "away" in str(watch.recogniser.status().problem)
    watch.fuse.disarm()
    assert watch.recogniser.turn() == 1
    assert watch.recogniser.status().problem is None


@pytest.mark.parametrize("burns_at", range(1, 9))
def test_a_crash_at_any_point_neither_loses_nor_doubles_an_alert(burns_at: int, office: Receiver) -> None:
    watch = Watch()
    subscribed(watch, office)
    watch.publish(*BURST)
    watch.fuse.arm(burns_at)
    try:
        watch.recogniser.turn()
    except PowerCut:
        assert watch.fuse.disarm()
    watch.fuse.disarm()
    watch.recogniser.stop()
    watch.restart()
    watch.recogniser.turn()
    watch.recogniser.stop()

    assert watch.ledger.alerts.alert_count() == 1
    assert [kept.number for kept in watch.alerts()] == [1]
    (delivery,) = watch.store.deliveries()
    assert delivery.state is DeliveryState.DELIVERED
    assert {posted.headers["Certchain-Delivery"] for posted in office.posted} == {delivery.id.hex()}


def test_a_log_that_went_back_is_told_and_not_read_for_ever(watch: Watch) -> None:
    watch.turn(*BURST)
    watch.store.keep_recognised([], 90)
    with pytest.raises(LogDamaged):
        watch.turn()


def test_what_could_not_be_kept_is_recognised_at_the_next_turn(watch: Watch) -> None:
    watch.fuse.fault = lambda: StorageUnavailable("full")
    watch.fuse.arm(1)
    with pytest.raises(StorageUnavailable):
        watch.turn(*BURST)
    assert watch.alerts() == ()
    assert watch.turn() == 1


# ---------------------------------------------------------------------------------------------------------------- facts


def receipt(identity: Identity, device: DeviceId, pkg_id: Digest, at: int) -> Signed:
    return identity.sign(InstallReceipt(device, InstalledPackage(1, 1, pkg_id, pkg_id, 1), at))  # type: ignore[arg-type]


class Chain:
    """A ledger of which a test changes a part."""

    def __init__(self, inner: Any, **parts: Any) -> None:
        self._inner = inner
        vars(self).update(parts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def with_chain(watch: Watch, **parts: Any) -> None:
    equipment = watch.recogniser.equipment
    equipment = replace(equipment, ledger=Chain(equipment.ledger, **parts))
    watch.recogniser.stop()
    watch.recogniser = type(watch.recogniser)(equipment)


class Updates:
    """An update registry in which one package is withdrawn."""

    def __init__(self, inner: Any, pkg_id: Digest) -> None:
        self.inner, self.pkg_id = inner, pkg_id

    def package(self, pkg_id: Digest) -> Any:
        if pkg_id != self.pkg_id:
            return self.inner.package(pkg_id)
        return type("Withdrawn", (), {"status": PackageStatus.WITHDRAWN})


def test_a_login_at_a_device_whose_latest_receipt_is_for_a_withdrawn_package_is_told(watch: Watch) -> None:
    bad, good = Digest(bytes([1] * 32)), Digest(bytes([2] * 32))
    with_chain(watch, updates=Updates(watch.ledger.updates, bad))
    watch.receipts = [receipt(watch.lock, DeviceId(1), bad, 100)]
    assert watch.turn(certified(), certified()) == 1
    assert watch.alerts()[0].alert.rule is AlertRule.RECALLED_PACKAGE

    watch.receipts.append(receipt(watch.lock, DeviceId(1), good, 200))
    watch.book.clock.seconds += 3600
    assert watch.turn(certified()) == 0


def test_a_receipt_that_the_device_did_not_sign_counts_for_nothing(watch: Watch) -> None:
    bad = Digest(bytes([1] * 32))
    with_chain(watch, updates=Updates(watch.ledger.updates, bad))
    thief = Identity(watch.lock.network, watch.lock.party, KeyPair.generate())
    watch.receipts = [receipt(thief, DeviceId(1), bad, 100), receipt(watch.lock, DeviceId(7), bad, 100)]
    assert watch.turn(certified()) == 0


def test_a_login_on_a_suspended_registration_is_told_by_what_the_chain_has_of_its_status(watch: Watch) -> None:
    class Registrations:
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

        def status_change_count(self, _: int) -> int:
            return 1

        def status_changes(self, *_: int) -> tuple[StatusChange, ...]:
            return (StatusChange(RegistrationStatus.SUSPENDED, 100, "0x"),)

    with_chain(watch, registrations=Registrations(watch.ledger.registrations))
    assert watch.turn(refused("RegistrationNotActive", "C11", registered=4)) == 1
    assert watch.alerts()[0].alert.rule is AlertRule.SUSPENDED_REGISTRATION


# -------------------------------------------------------------------------------------------------------------- documents


def test_a_document_shows_what_its_reader_may_see(watch: Watch) -> None:
    watch.turn(*BURST)
    shown, withheld = verify_alert(watch.document()), verify_alert(watch.document(withheld=True))
    assert (shown.digest, shown.withheld) == (withheld.digest, False)
    assert withheld.withheld
    assert [entry.entry for entry in withheld.entries] == [None] * 3


def test_a_document_of_who_was_erased_since_shows_them_as_erased_and_is_the_same_alert(watch: Watch) -> None:
    watch.turn(*BURST)
    before = verify_alert(watch.document())
    keys = watch.book.keys
    keys.retire(ALICE, 10**9, 3)
    keys.destroy([key.number for key in keys.retired()])
    after = verify_alert(watch.document())
    assert after.digest == before.digest
    assert ([entry.entry for entry in after.entries], after.withheld) == ([None] * 3, False)


def test_there_is_no_document_of_what_the_chain_does_not_have(watch: Watch) -> None:
    with pytest.raises(UnknownRecord):
        watch.recogniser.document(Digest(bytes(32)))
    watch.publish(*BURST)
    watch.fuse.fault = lambda: LedgerUnavailable("away")
    watch.fuse.arm(3)
    with pytest.raises(LedgerUnavailable):
        watch.recogniser.turn()
    with pytest.raises(UnknownRecord):
        watch.recogniser.document(watch.alerts()[0].digest)


def test_there_is_no_document_of_entries_that_the_log_no_longer_has(watch: Watch) -> None:
    watch.turn(*BURST)
    (kept,) = watch.alerts()
    other = replace(kept, alert=replace(kept.alert, entries=tuple(replace(leaf, at=5) for leaf in kept.alert.entries)))
    watch.store._alerts[kept.digest] = other
    with pytest.raises(LogDamaged):
        watch.document()
    beyond = replace(kept.alert.entries[-1], index=99)
    watch.store._alerts[kept.digest] = replace(kept, alert=replace(kept.alert, entries=(beyond,)))
    with pytest.raises(UnknownRecord):
        watch.document()


# ----------------------------------------------------------------------------------------------------------- notification


def test_every_subscriber_is_told_by_a_request_that_only_the_server_can_have_made(
    watch: Watch, office: Receiver
) -> None:
    subscribed(watch, office, bodies=True)
    watch.turn(*BURST)
    (posted,) = office.posted
    told = office.verified(posted, watch.book.clock.now())
    assert (told.alert.digest, told.delivery) == (watch.alerts()[0].digest, watch.store.deliveries()[0].id.hex())
    assert [entry.entry for entry in told.alert.entries] == BURST
    assert b'withheld": false' in posted.body


def test_who_may_not_see_what_entries_say_gets_their_leaves(watch: Watch, office: Receiver) -> None:
    subscribed(watch, office)
    watch.turn(*BURST)
    told = office.verified(office.posted[0], watch.book.clock.now())
    assert told.alert.withheld
    assert [entry.entry for entry in told.alert.entries] == [None] * 3


@pytest.mark.parametrize("answer", [500, 503, 404, 302])
def test_what_was_not_taken_is_tried_again_later_and_under_the_same_id(
    watch: Watch, office: Receiver, answer: int
) -> None:
    office.answers = [answer]
    subscribed(watch, office)
    watch.turn(*BURST)
    (waiting,) = watch.store.deliveries()
    assert (waiting.state, waiting.attempts, str(answer) in waiting.problem) == (DeliveryState.WAITING, 1, True)
    watch.turn()
    assert len(office.posted) == 1  # not yet
    watch.book.clock.seconds += 5
    watch.turn()
    assert watch.store.deliveries()[0].state is DeliveryState.DELIVERED
    assert len({posted.headers["Certchain-Delivery"] for posted in office.posted}) == 1
    assert all(posted.path == "/hook?key=1" for posted in office.posted)  # a redirect is not followed
    assert office.verified(office.posted[1], watch.book.clock.now())


def test_after_as_many_attempts_as_the_policy_has_a_delivery_is_dead_and_the_operator_can_see_why(
    watch: Watch, office: Receiver
) -> None:
    office.answers = [500] * 9
    subscribed(watch, office)
    watch.turn(*BURST)
    for _ in range(5):
        watch.book.clock.seconds += 3600
        watch.turn()
    (dead,) = watch.store.deliveries(DeliveryState.DEAD)
    assert (dead.attempts, "it answered 500" in dead.problem, len(office.posted)) == (3, True, 3)


def test_what_stands_behind_a_delivery_that_failed_waits_with_it(watch: Watch, office: Receiver) -> None:
    office.answers = [500]
    subscribed(watch, office)
    watch.turn(*BURST, refused("IntegrityFailed", "C5"))
    assert len(office.posted) == 1
    assert {each.due > watch.book.clock.now() for each in watch.store.deliveries()} == {True}
    watch.book.clock.seconds += 5
    watch.turn()
    assert len(office.posted) == 3


def test_one_slow_subscriber_holds_nobody_up(office: Receiver) -> None:
    watch = Watch(delivery=DeliveryPolicy(timeout=0.6, attempts=3))
    with receiving(Receiver(pause=1.0)) as slow:
        subscribed(watch, slow, office)
        watch.publish(*BURST)
        watch.recogniser.start(interval=0.02)
        while not office.posted:
            time.sleep(0.01)
        assert slow.posted == []
        watch.publish(refused("IntegrityFailed", "C5"))
        while len(office.posted) < 2:
            time.sleep(0.01)
        watch.recogniser.stop()
    states = {each.subscriber: each.state for each in watch.store.deliveries()}
    assert states == {"office-0": DeliveryState.WAITING, "office-1": DeliveryState.DELIVERED}


def test_who_subscribed_later_is_told_of_what_comes_later(watch: Watch, office: Receiver) -> None:
    watch.turn(*BURST)
    subscribed(watch, office)
    watch.turn()
    assert office.posted == []


def test_a_subscriber_that_cannot_be_reached_at_all_is_no_trouble_of_the_turn(watch: Watch) -> None:
    watch.store.put_subscriber(Subscriber("nobody", "http://127.0.0.1:9/"))
    watch.store.put_subscriber(Subscriber("display", "mqtt://127.0.0.1:9/alerts"))
    watch.store.put_subscriber(Subscriber("strange", "http://[::1/%zz"))
    watch.store.put_subscriber(Subscriber("lost", "https://127.0.0.1:9/", authority="/nowhere.pem"))
    assert watch.turn(*BURST) == 1
    problems = {each.subscriber: each.problem for each in watch.store.deliveries()}
    assert all(problems.values())
    assert "/nowhere.pem" in problems["lost"]


def test_pauses_grow_up_to_a_bound_and_not_all_come_back_at_once() -> None:
    policy = DeliveryPolicy(back_off=5, longest_back_off=60)
    assert [pause(policy, attempts, 1.0) for attempts in range(1, 7)] == [5, 10, 20, 40, 60, 60]
    assert [pause(policy, attempts, 0.0) for attempts in (1, 4, 99)] == [2, 20, 30]


def test_the_thread_goes_on_whatever_happens_and_ends_when_it_is_told(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = list[int]()

    def turn() -> tuple[int, CertchainError | None]:
        turns.append(1)
        raise RuntimeError

    monkeypatch.setattr(watch.recogniser, "_turn", turn)
    watch.recogniser.start(interval=0.01)
    watch.recogniser.start(interval=0.01)
    while len(turns) < 3:
        time.sleep(0.01)
    watch.recogniser.stop()


def test_a_topic_of_a_real_broker_is_told_and_its_readers_can_choose_by_rule(tmp_path: Path, watch: Watch) -> None:
    with broker(tmp_path) as running, display(running) as shown:
        authority = str(running.certificates.authority)
        watch.store.put_subscriber(Subscriber("plain", running.address()))
        watch.store.put_subscriber(Subscriber("secured", running.address(tls=True), bodies=True, authority=authority))
        watch.turn(*BURST)
        messages = shown.wait(2)
    assert {each.state for each in watch.store.deliveries()} == {DeliveryState.DELIVERED}
    digest = watch.alerts()[0].digest
    assert {dict(each.properties.UserProperty)["rule"] for each in messages} == {"failure-burst"}
    assert {dict(each.properties.UserProperty)["digest"] for each in messages} == {str(digest)}
    proven = [verify_alert(each.payload, digest) for each in messages]
    assert sorted(each.withheld for each in proven) == [False, True]


def test_a_broker_that_comes_back_is_told_what_waited(tmp_path: Path, watch: Watch) -> None:
    with broker(tmp_path) as running:
        address = running.address()
    watch.store.put_subscriber(Subscriber("display", address))
    watch.turn(*BURST)
    assert watch.store.deliveries()[0].state is DeliveryState.WAITING
    with broker(tmp_path, port=running.port) as again, display(again) as shown:
        watch.book.clock.seconds += 5
        watch.turn()
        assert len(shown.wait(1)) == 1
