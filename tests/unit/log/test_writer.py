"""The log's writer: durable before anyone is answered, those who come together share one write, and nothing is lost in silence."""

import errno
import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from certchain.encoding.entry import entry_bytes
from certchain.errors import (
    AppendUncertain,
    LogBacklogFull,
    LogBusy,
    MalformedMessage,
    MalformedValue,
    StorageUnavailable,
)
from certchain.log import LogLimits, LogReader, LogWriter
from certchain.models.entry import THE_LOG, ErasureEntry, LogEntry, RetentionEntry, Subject, SubjectKind
from certchain.models.log import KEY_PERIOD, SealedEntry
from certchain.storage import MemoryLogStore, MemorySubjectKeys, SegmentLogStore
from certchain.storage.log.disk import Disk, File
from tests.faults import Fuse, Fused, PowerCut
from tests.industry import NOON, TestClock
from tests.logbook import Logbook, login

ALICE, BOB = Subject(SubjectKind.USER, 1), Subject(SubjectKind.USER, 2)
LONG = 10


def full() -> StorageUnavailable:
    return StorageUnavailable("the disk is full")


class Gate(MemoryLogStore):
    """A store whose writes wait until the gate is opened; it counts them."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: list[int] = []
        self.writing, self.open = threading.Event(), threading.Event()
        self.fault: Callable[[], BaseException] | None = None

    def append(self, entries: Sequence[SealedEntry], leaf_hashes: Sequence[bytes]) -> None:
        self.groups.append(len(entries))
        self.writing.set()
        assert self.open.wait(LONG)
        if self.fault is not None:
            raise self.fault()
        super().append(entries, leaf_hashes)


def writer_over(store: Any, limits: LogLimits | None = None, keys: Any = None, **others: Any) -> LogWriter:
    keys = MemorySubjectKeys() if keys is None else keys
    return LogWriter(store, keys, "example.com/log", TestClock(), limits=limits, **others)


def said(book: Logbook) -> list[LogEntry | None]:
    return [logged.body.entry if logged.body else None for logged in book.everything()]


def once(store: Gate, fault: Callable[[], BaseException]) -> Callable[[], BaseException]:
    """A fault of the next write only."""

    def strike() -> BaseException:
        store.fault = None
        return fault()

    return strike


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(LONG * 1000):
        if true():
            return
        threading.Event().wait(0.001)
    raise AssertionError


# ------------------------------------------------------------------------------------------------------------ durable


def test_an_entry_is_durable_and_has_its_index_when_record_returns() -> None:
    book, entries = Logbook(), [login(), login(2), login()]

    assert [book.engine.writer.record(entry) for entry in entries] == [0, 1, 2]

    assert said(book) == entries
    assert [sealed.leaf.index for sealed in book.store.entries(0, 10)] == [0, 1, 2]
    assert book.chain.size() == 0


def test_what_is_submitted_together_gets_indices_one_after_the_other() -> None:
    book = Logbook()
    first, second = [login() for _ in range(3)], [login() for _ in range(2)]
    tickets = [book.engine.writer.submit(first), book.engine.writer.submit(second)]
    assert [ticket.wait() for ticket in reversed(tickets)] == [range(3, 5), range(3)]
    assert tickets[0].wait() == range(3), "who asks twice hears the same"
    assert said(book) == first + second


def test_bodies_that_are_encoded_already_are_taken_as_they_are() -> None:
    book, entry = Logbook(), login()
    assert book.engine.writer.submit_bodies([(entry.subject, entry_bytes(entry))]).wait() == range(1)
    assert said(book) == [entry]


def test_every_salt_and_every_sealed_body_is_another() -> None:
    book, entry = Logbook(), login()
    book.engine.writer.submit([entry] * 50).wait()
    salts = {logged.body.salt for logged in book.everything() if logged.body}
    assert len(salts) == 50
    assert {len(salt) for salt in salts} == {32}
    assert len({sealed.sealed for sealed in book.store.entries(0, 50)}) == 50
    assert not any(entry.session in sealed.sealed for sealed in book.store.entries(0, 50) if entry.session)


def test_a_logs_time_does_not_go_back_with_the_clock() -> None:
    """Not even when the process starts again."""
    book = Logbook()
    book.record()
    book.clock.seconds -= 100
    book.record()
    book.restart()
    book.record()
    book.clock.seconds += 150
    book.record()
    assert [sealed.leaf.at - NOON for sealed in book.store.entries(0, 10)] == [0, 0, 0, 50]


def test_a_logs_time_does_not_go_back_behind_a_write_that_was_broken_off_when_it_was_done() -> None:
    """The store has the entry, though nobody was told."""
    book = Logbook(fuse=Fuse(PowerCut))
    book.record()
    book.clock.seconds += 100
    book.fuse.arm(4)  # before and after the keys are asked, before and after the store is
    with pytest.raises(PowerCut):
        book.record()
    book.clock.seconds -= 50
    book.record()
    assert [sealed.leaf.at - NOON for sealed in book.store.entries(0, 10)] == [0, 100, 100]


def test_a_writer_that_starts_again_goes_on_where_the_log_is() -> None:
    book = Logbook()
    assert book.record(5) == 4
    book.engine.close()
    book.restart()
    assert book.record() == 5


def test_a_subject_has_one_key_for_30_days() -> None:
    book = Logbook()
    book.record(2)
    book.clock.seconds += KEY_PERIOD
    book.record()
    book.record(user=2)
    keys = [sealed.key for sealed in book.store.entries(0, 10)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


# ------------------------------------------------------------------------------------------------------- in groups


def test_entries_recorded_at_the_same_time_share_one_durable_write_and_one_question_for_keys() -> None:
    """While one write is under way, the others gather, and go into the next one together."""
    store, asked = Gate(), list[int]()

    class CountedKeys(MemorySubjectKeys):
        def issue(self, wanted: Any) -> Any:
            asked.append(len(wanted))
            return super().issue(wanted)

    writer = writer_over(store, keys=CountedKeys())
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(writer.record, login())
        assert store.writing.wait(LONG)
        others = [pool.submit(writer.record, login(user)) for user in (1, 1, 1, 2, 2, 3, 3)]
        wait_until(lambda: writer._waiting == 7)
        store.open.set()
        assert sorted([first.result(), *(other.result() for other in others)]) == list(range(8))
    assert store.groups == [1, 7]
    assert asked == [1, 3]


def test_a_group_takes_as_many_as_it_may_and_never_part_of_a_submission() -> None:
    store = Gate()
    store.open.set()
    writer = writer_over(store, LogLimits(group=10))
    tickets = [writer.submit([login()] * count) for count in (4, 4, 4, 10, 1)]
    assert [ticket.wait() for ticket in tickets] == [
        range(4), range(4, 8), range(8, 12), range(12, 22), range(22, 23)
    ]  # fmt: skip
    assert store.groups == [8, 4, 10, 1]


def test_groups_are_written_in_the_order_in_which_they_were_submitted() -> None:
    """Whoever waits for a later one writes those before it, too."""
    writer = writer_over(MemoryLogStore(), LogLimits(group=2))
    first, second, third = (writer.submit([login()] * 2) for _ in range(3))
    assert third.wait() == range(4, 6)
    assert writer.size() == 6
    assert (first.wait(), second.wait()) == (range(2), range(2, 4))


def test_many_threads_record_and_each_entry_is_there_once_in_its_place() -> None:
    book = Logbook(limits=LogLimits(queue=50, group=20, patience=LONG))
    entries = [[login(user) for _ in range(40)] for user in range(1, 9)]

    def record(mine: list[Any]) -> list[int]:
        indices = [book.engine.writer.record(entry) for entry in mine[:20]]
        for at in range(20, 40, 5):
            indices += book.engine.writer.submit(mine[at : at + 5]).wait()
        return indices

    with ThreadPoolExecutor(8) as pool:
        indices = list(pool.map(record, entries))

    kept = said(book)
    assert sorted(itertools.chain(*indices)) == list(range(320))
    for mine, places in zip(entries, indices, strict=True):
        assert places == sorted(places)
        assert [kept[place] for place in places] == mine


# ------------------------------------------------------------------------------------------------------- what may wait


def test_a_full_queue_makes_room_by_writing() -> None:
    """Even when no one waits for what is in it."""
    writer = writer_over(MemoryLogStore(), LogLimits(queue=10, group=5))
    tickets = [writer.submit([login()] * 5) for _ in range(6)]
    assert writer.size() >= 15
    assert [ticket.wait().start for ticket in tickets] == [0, 5, 10, 15, 20, 25]


def test_a_submission_that_is_larger_than_the_queue_waits_until_it_is_empty() -> None:
    writer = writer_over(MemoryLogStore(), LogLimits(queue=3, group=10))
    first, second = writer.submit([login()]), writer.submit([login()] * 5)
    assert (first.wait(), second.wait()) == (range(1), range(1, 6))


def test_while_the_disk_hangs_the_queue_fills_up_to_its_limit_and_no_further() -> None:
    store = Gate()
    writer = writer_over(store, LogLimits(queue=10, group=5, patience=0.01))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(writer.record, login())
        assert store.writing.wait(LONG)
        tickets = [writer.submit([login()] * 5) for _ in range(2)]
        with pytest.raises(LogBusy) as caught:
            writer.record(login())
        assert (caught.value.waiting, caught.value.limit) == (10, 10)
        store.open.set()
        assert first.result() == 0
        assert [ticket.wait() for ticket in tickets] == [range(1, 6), range(6, 11)]
        assert writer.record(login()) == 11


def test_a_log_that_the_chain_does_not_follow_grows_up_to_its_bound_and_no_further() -> None:
    book = Logbook(limits=LogLimits(backlog=5))
    book.record(5)
    with pytest.raises(LogBacklogFull) as caught:
        book.record()
    assert (caught.value.behind, caught.value.limit) == (5, 5)
    book.flush()
    assert book.record(5) == 9


def test_what_waits_and_what_is_submitted_counts_towards_the_bound() -> None:
    """Refused before it is taken: so the log is never further from the chain than was said."""
    writer = writer_over(MemoryLogStore(), LogLimits(group=20, backlog=10), lacking=lambda size: size)
    with pytest.raises(LogBacklogFull):
        writer.submit([login()] * 11)
    first = writer.submit([login()] * 6)
    with pytest.raises(LogBacklogFull) as caught:
        writer.submit([login()] * 5)
    assert (caught.value.behind, caught.value.limit) == (6, 10)
    second = writer.submit([login()] * 4)
    assert (first.wait(), second.wait()) == (range(6), range(6, 10))
    with pytest.raises(LogBacklogFull):
        writer.submit([login()])


def test_what_is_being_written_counts_towards_the_bound_until_it_has_failed() -> None:
    store = Gate()
    writer = writer_over(store, LogLimits(backlog=10), lacking=lambda size: size)
    store.fault = full
    with ThreadPoolExecutor(1) as pool:
        ticket = writer.submit([login()] * 6)
        written = pool.submit(ticket.wait)
        assert store.writing.wait(LONG)
        with pytest.raises(LogBacklogFull):
            writer.submit([login()] * 5)
        store.open.set()
        assert isinstance(written.exception(), StorageUnavailable)
    store.fault = None
    assert writer.submit([login()] * 10).wait() == range(10)


def test_how_far_the_chain_is_behind_is_known_from_the_anchored_checkpoint_after_a_restart() -> None:
    book = Logbook(limits=LogLimits(backlog=5))
    for _ in range(3):
        book.record(4)
        book.flush()
    book.restart()
    assert book.record(5) == 16
    with pytest.raises(LogBacklogFull):
        book.record()


# ------------------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("number", [-1, 2**63])
def test_a_subject_that_no_store_could_keep_is_refused_before_it_can_harm_others(number: int) -> None:
    """A device may claim any number: whoever shares the group does not hear of it."""
    writer = writer_over(MemoryLogStore())
    other = writer.submit([login()])
    with pytest.raises(MalformedValue, match="subject"):
        writer.submit([login(), login(number)])
    assert other.wait() == range(1)
    assert writer.size() == 1


def test_a_submission_has_one_entry_or_more_and_no_more_than_a_group_takes() -> None:
    writer = writer_over(MemoryLogStore(), LogLimits(group=3))
    with pytest.raises(MalformedValue):
        writer.submit([])
    with pytest.raises(MalformedValue):
        writer.submit([login()] * 4)
    assert writer.submit([login()] * 3).wait() == range(3)


def test_what_is_said_of_the_log_itself_has_to_be_an_entry() -> None:
    writer = writer_over(MemoryLogStore())
    with pytest.raises(MalformedMessage):
        writer.submit_bodies([(THE_LOG, b"anything")])
    assert writer.submit([RetentionEntry(90, "policy")]).wait() == range(1)


def test_a_text_that_is_not_unicode_is_refused() -> None:
    writer = writer_over(MemoryLogStore())
    with pytest.raises(MalformedValue):
        writer.record(login(step="\ud800"))
    assert writer.size() == 0


# ------------------------------------------------------------------------------------------------------------- erasure


def test_what_follows_an_erasure_is_under_another_key_than_what_it_erases() -> None:
    book = Logbook()
    writer = book.engine.writer
    tickets = [
        writer.submit([login(1), login(2)]),
        writer.submit([ErasureEntry(ALICE, NOON + 1, "on request")]),
        writer.submit([login(1), login(2)]),
    ]
    assert [ticket.wait() for ticket in tickets] == [range(2), range(2, 3), range(3, 5)]

    before, other, _, after, other_after = book.store.entries(0, 5)
    assert before.key != after.key
    assert other.key == other_after.key
    assert [(key.number, key.subject) for key in book.keys.retired()] == [(before.key, ALICE)]

    book.keys.destroy([before.key])
    assert [logged.body is None for logged in book.everything()] == [True, False, False, False, False]


def test_an_erasure_is_the_last_of_its_submission() -> None:
    book = Logbook()
    erasure = ErasureEntry(ALICE, NOON + 1, "on request")
    with pytest.raises(MalformedValue, match="last"):
        book.engine.writer.submit([login(), erasure, login()])
    assert book.engine.writer.submit([login(), erasure]).wait() == range(2)
    assert book.record() == 2
    assert book.store.entries(0, 1)[0].key != book.store.entries(2, 1)[0].key


def test_an_erasure_that_the_disk_does_not_take_erases_nothing() -> None:
    book = Logbook()
    book.record(2)
    book.fuse.fault = full
    book.fuse.arm(4)  # the key is issued, the old one retired; then the store
    with pytest.raises(StorageUnavailable):
        book.engine.writer.record(ErasureEntry(ALICE, NOON + 1, "on request"))
    book.fuse.disarm()
    book.record()
    assert book.store.size() == 3
    assert None not in said(book)


def test_an_erasure_of_the_log_itself_is_refused_to_the_one_who_asks() -> None:
    book = Logbook()
    other = book.engine.writer.submit([login()])
    with pytest.raises(MalformedValue):
        book.engine.writer.record(ErasureEntry(THE_LOG, NOON, "on request"))
    assert other.wait() == range(1)
    assert book.store.size() == 1


# -------------------------------------------------------------------------------------------------------------- faults


def test_everyone_whose_entry_was_in_a_failed_write_hears_of_it_and_the_log_goes_on_without_a_gap() -> None:
    store = Gate()
    store.fault = full
    writer = writer_over(store)
    with ThreadPoolExecutor(3) as pool:
        results = [pool.submit(writer.record, login())]
        assert store.writing.wait(LONG)
        results += [pool.submit(writer.record, login()) for _ in range(2)]
        wait_until(lambda: writer._waiting == 2)
        store.open.set()
        errors = [result.exception() for result in results]
    assert [type(error) for error in errors] == [StorageUnavailable] * 3
    assert len({id(error) for error in errors}) == 3, "each has an error of its own"
    store.fault = None
    assert writer.record(login()) == 0


def test_whatever_fails_at_any_moment_what_was_answered_is_there_once_and_in_order() -> None:
    """A disk that comes and goes, under a store and under keys: an error is never an answer."""
    for moment in range(1, 9):
        book = Logbook(fuse=Fuse(full))
        book.fuse.arm(moment)
        answered = dict[int, LogEntry]()
        for number in range(4):
            entry = login(number + 1)
            try:
                answered[book.engine.writer.record(entry)] = entry
            except StorageUnavailable:
                book.restart()
        kept = said(book)
        assert {index: kept[index] for index in answered} == answered
        assert len(answered) >= 3


def test_keys_that_cannot_be_had_leave_nothing_in_the_log() -> None:
    book = Logbook(keys=Fused(MemorySubjectKeys(), Fuse(full, burns_at=1), ("issue",)))
    with pytest.raises(StorageUnavailable):
        book.record()
    assert book.store.size() == 0
    assert book.record() == 0


def test_whoever_waits_for_a_write_that_was_interrupted_is_not_left_waiting() -> None:
    """Not an error but the end of a thread, as by an interrupt: the others hear of it all the same."""
    store = Gate()
    store.fault = PowerCut
    writer = writer_over(store)
    caught: list[str] = []

    def record() -> None:
        try:
            writer.record(login())
        except (PowerCut, AppendUncertain) as problem:
            caught.append(type(problem).__name__)

    threads = [threading.Thread(target=record, daemon=True) for _ in range(4)]
    threads[0].start()
    assert store.writing.wait(LONG)
    for other in threads[1:]:
        other.start()
    wait_until(lambda: writer._waiting == 3)
    store.open.set()
    for thread in threads:
        thread.join(LONG)
    assert sorted(caught) == ["AppendUncertain"] * 2 + ["PowerCut"] * 2
    assert not store.size()


def test_a_leader_that_is_interrupted_before_its_turn_takes_its_group_with_it() -> None:
    """What was not written yet is taken out of the queue, and everyone in the group hears why."""

    class Interrupted:
        def __enter__(self) -> None:
            raise PowerCut

        def __exit__(self, *problem: object) -> None:
            """Never entered."""

    writer = writer_over(MemoryLogStore())
    first, second = writer.submit([login()]), writer.submit([login()])
    lock = writer._writing
    writer._writing = Interrupted()  # type: ignore[assignment]
    with pytest.raises(PowerCut):
        first.wait()
    writer._writing = lock
    with pytest.raises(StorageUnavailable, match="PowerCut"):
        second.wait()
    assert writer._waiting == 0
    assert writer.record(login()) == 0


def test_an_interrupt_ends_what_is_not_led_yet_only_with_its_own_group() -> None:
    """The group that was being written fails with the interrupt; the leader's own, behind it, was not tried."""
    store = Gate()
    store.open.set()
    store.fault = PowerCut
    writer = writer_over(store, LogLimits(group=1))
    first, second = writer.submit([login()]), writer.submit([login()])
    with pytest.raises(PowerCut):
        second.wait()
    for ticket, error in ((first, AppendUncertain), (second, StorageUnavailable)):
        with pytest.raises(error, match="PowerCut"):
            ticket.wait()
    store.fault = None
    assert writer.record(login()) == 0


def mistake() -> TypeError:
    return TypeError("a mistake")


def test_a_mistake_in_one_group_is_no_problem_of_another() -> None:
    """Neither of who leads it, nor of who makes room by writing it: their own was not tried yet."""
    store = Gate()
    store.open.set()
    writer = writer_over(store, LogLimits(queue=2, group=1))
    first, second = writer.submit([login()]), writer.submit([login()])
    store.fault = once(store, mistake)
    third = writer.submit([login()])
    assert second.wait() == range(1)
    assert third.wait() == range(1, 2)
    for _ in range(2):
        with pytest.raises(AppendUncertain, match="TypeError"):
            first.wait()

    fourth, fifth = writer.submit([login()]), writer.submit([login()])
    store.fault = once(store, mistake)
    assert fifth.wait() == range(2, 3)
    with pytest.raises(AppendUncertain, match="TypeError"):
        fourth.wait()


def test_a_mistake_before_the_store_was_asked_leaves_nothing_in_the_log() -> None:
    writer = writer_over(MemoryLogStore(), keys=Fused(MemorySubjectKeys(), Fuse(mistake, burns_at=1), ("issue",)))
    with pytest.raises(StorageUnavailable, match="TypeError"):
        writer.record(login())
    assert writer.record(login()) == 0


def test_what_nobody_waits_for_is_written_before_the_log_is_closed() -> None:
    store = MemoryLogStore()
    writer = writer_over(store, LogLimits(group=2))
    tickets = [writer.submit([login()] * 2) for _ in range(3)]
    writer.close()
    assert store.size() == 6
    assert [ticket.wait() for ticket in tickets] == [range(2), range(2, 4), range(4, 6)]


def test_a_log_is_closed_though_the_disk_does_not_take_what_waits() -> None:
    store = Gate()
    store.open.set()
    store.fault = full
    closed: list[bool] = []
    store.close = lambda: closed.append(True)  # type: ignore[method-assign]
    writer = writer_over(store, LogLimits(group=1))
    tickets = [writer.submit([login()]) for _ in range(2)]
    writer.close()
    assert closed == [True]
    for ticket in tickets:
        with pytest.raises(StorageUnavailable):
            ticket.wait()


def test_an_interrupt_when_a_group_is_taken_out_leaves_no_one_waiting() -> None:
    """Wherever between the queue and the store it comes, those who follow hear of it, and the log goes on."""

    class Interrupted(deque[Any]):
        def popleft(self) -> Any:
            super().popleft()
            raise PowerCut

    writer = writer_over(MemoryLogStore(), LogLimits(queue=2))
    first, second = writer.submit([login()]), writer.submit([login()])
    groups = writer._groups
    writer._groups = Interrupted(groups)
    with pytest.raises(PowerCut):
        first.wait()
    assert second._group.settled.is_set()
    with pytest.raises(StorageUnavailable, match="PowerCut"):
        second.wait()
    groups.clear()
    writer._groups = groups
    assert writer.submit([login()] * 2).wait() == range(2)
    assert writer._waiting == 0


@dataclass
class Ailing(Disk):
    """A disk that is ill for a while: it neither syncs nor cuts, and neither is undone."""

    ill: bool = False

    def writable(self, path: Path) -> File:
        disk = self

        class AilingFile(File):
            def sync(self) -> None:
                disk.fail()
                super().sync()

            def cut(self, length: int) -> None:
                disk.fail()
                super().cut(length)

        return AilingFile(path, os.O_RDWR | os.O_CREAT)

    def fail(self) -> None:
        if self.ill:
            raise OSError(errno.EIO, "the disk is ill")


def test_who_tries_again_what_is_not_in_the_log_has_it_there_once(tmp_path: Path) -> None:
    """Only where it is open whether an entry is in the log, the log is opened again to see; everyone in the group is told so."""
    disk, keys = Ailing(), MemorySubjectKeys()
    store = SegmentLogStore(tmp_path / "log", write=True, disk=disk)
    writer = writer_over(store, keys=keys)
    entries = [login(user) for user in range(1, 5)]
    assert writer.record(entries[0]) == 0

    disk.ill = True
    tickets = [writer.submit([entry]) for entry in entries[1:3]]
    for ticket in tickets:
        with pytest.raises(AppendUncertain, match="the disk is ill"):
            ticket.wait()
    with pytest.raises(StorageUnavailable):
        writer.record(entries[3])
    disk.ill = False
    with pytest.raises(StorageUnavailable):
        writer.record(entries[3])
    writer.close()

    with closing(SegmentLogStore(tmp_path / "log", write=True, disk=disk)) as store:
        writer, reader = writer_over(store, keys=keys), LogReader(store, keys, "example.com/log")

        def there() -> list[LogEntry | None]:
            return [logged.body.entry if logged.body else None for logged in reader.entries(0, store.size())]

        for entry in [entry for entry in entries[1:3] if entry not in there()]:
            writer.record(entry)
        writer.record(entries[3])
        assert there() == entries
