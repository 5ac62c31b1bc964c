"""The log's writer: durable first, then on the chain, nothing missing and nothing twice."""

import contextlib
import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from certchain.errors import LedgerTimeout, LogInconsistent, SizeMismatch, StorageUnavailable
from certchain.log import LogWriter, entry_leaf_hash
from certchain.merkle import CompactRange
from certchain.models.digest import Digest
from certchain.models.log import SaltedEntry
from certchain.storage import MemoryManagementDatabase
from tests.faults import Fuse, Fused, PowerCut
from tests.logbook import Logbook, everything, falsified


def on_chain(book: Logbook) -> list[Digest]:
    return [leaf for batch in book.chain.batches(0, 1000) for leaf in batch.leaf_hashes]


def test_an_entry_is_durable_and_has_its_index_when_record_returns() -> None:
    book = Logbook()

    assert [book.record(), book.record(), book.record()] == [0, 1, 2]

    assert [salted.entry.index for salted in everything(book)] == [0, 1, 2]
    assert book.chain.size() == 0


def test_every_salt_is_another_and_of_32_bytes() -> None:
    book = Logbook()
    book.record(50)
    salts = {salted.salt for salted in everything(book)}
    assert len(salts) == 50
    assert {len(salt) for salt in salts} == {32}


def test_flush_brings_the_chain_up_in_batches_of_the_limit_at_most() -> None:
    book = Logbook()
    book.record(25)

    assert book.writer.flush(limit=10) == 25

    assert [len(batch.leaf_hashes) for batch in book.chain.batches(0, 100)] == [10, 10, 5]
    assert on_chain(book) == [entry_leaf_hash(salted) for salted in everything(book)]
    assert book.writer.flush() == 0


def test_behind_counts_what_the_chain_lacks() -> None:
    book = Logbook()
    book.record(3)
    assert book.writer.behind() == 3
    book.writer.flush()
    assert book.writer.behind() == 0
    book.record(2)
    assert book.writer.behind() == 2
    book.restart()
    assert book.writer.behind() == 2


def test_confirmed_is_the_chains_size_and_root() -> None:
    book = Logbook()
    book.record(7)
    assert book.writer.confirmed() == (0, CompactRange().root())
    book.writer.flush()
    book.record(2)
    assert book.writer.confirmed() == (7, book.chain.root())


def test_a_writer_that_starts_again_goes_on_where_the_chain_is() -> None:
    book = Logbook()
    book.record(1500)
    book.writer.flush(limit=400)
    book.record(30)

    book.restart()

    assert book.writer.flush() == 30
    assert book.chain.size() == 1530


def test_entries_recorded_at_the_same_time_share_one_durable_write() -> None:
    """While one write is under way, the others queue up, and go into the next one together."""
    writing, go_on = threading.Event(), threading.Event()
    groups: list[int] = []

    class SlowDatabase(MemoryManagementDatabase):
        def append_entries(self, entries: Sequence[SaltedEntry]) -> None:
            groups.append(len(entries))
            writing.set()
            go_on.wait(10)
            super().append_entries(entries)

    book = Logbook(records=SlowDatabase())
    indices: list[int] = []
    threads = [threading.Thread(target=lambda: indices.append(book.record())) for _ in range(8)]
    threads[0].start()
    writing.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(book.writer._queue) < 7:
        threading.Event().wait(0.001)
    go_on.set()
    for thread in threads:
        thread.join(10)

    assert groups == [1, 7]
    assert sorted(indices) == list(range(8))


def test_everyone_whose_entry_was_in_a_failed_write_hears_of_it() -> None:
    """And the log goes on afterwards, without a gap."""

    def full() -> StorageUnavailable:
        return StorageUnavailable("the disk is full")

    book = Logbook(fuse=Fuse(full))
    book.fuse.arm(1)
    with pytest.raises(StorageUnavailable):
        book.record()
    assert book.record() == 0


def test_whoever_waits_for_a_write_that_was_interrupted_is_not_left_waiting() -> None:
    """Not an error but the end of a thread, as by an interrupt: the others hear of it all the same."""
    book = Logbook()
    gate, waiting, caught = threading.Event(), threading.Event(), list[BaseException]()

    class Interrupted(Fused):
        def append_entries(self, entries: object) -> None:
            waiting.set()
            gate.wait(10)
            raise PowerCut

    book.writer.database = Interrupted(book.records, Fuse(), ())

    def record() -> None:
        try:
            book.record()
        except PowerCut as cut:
            caught.append(cut)

    threads = [threading.Thread(target=record, daemon=True) for _ in range(3)]
    threads[0].start()
    assert waiting.wait(10)
    for other in threads[1:]:
        other.start()
    while len(book.writer._queue) < 2:
        threading.Event().wait(0.001)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert len(caught) == 3
    assert not book.records.log_size()


def test_what_the_chain_lacks_is_said_without_asking_it() -> None:
    """Before the chain was asked once, it has nothing as far as anyone knows."""
    book = Logbook()
    book.record(3)
    book.writer.flush()
    assert (book.writer.lacking(2), book.writer.lacking(3), book.writer.lacking(5)) == (0, 0, 2)
    book.restart()
    assert book.writer.lacking(5) == 5


def test_recording_and_flushing_at_once_loses_nothing() -> None:
    book = Logbook()
    stop = threading.Event()

    def flush() -> None:
        while not stop.is_set():
            book.writer.flush(limit=7)

    flusher = threading.Thread(target=flush)
    recorders = [threading.Thread(target=book.record, args=(40,)) for _ in range(4)]
    for thread in (flusher, *recorders):
        thread.start()
    for thread in recorders:
        thread.join(30)
    stop.set()
    flusher.join(30)
    book.writer.flush()

    assert on_chain(book) == [entry_leaf_hash(salted) for salted in everything(book)]
    assert len(on_chain(book)) == 160


FAULTS = {"power cut": PowerCut, "time-out": lambda: LedgerTimeout("append", "0x00")}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_flush_that_fails_at_any_moment_is_completed_by_doing_it_again(
    fault: Callable[[], BaseException],
) -> None:
    """C16: what was answered is there, in order, and once."""
    for moment in itertools.count(1):
        book = Logbook(fuse=Fuse(fault))
        answered = 0
        book.fuse.arm(moment)
        with contextlib.suppress(PowerCut, LedgerTimeout):
            for _ in range(3):
                answered = book.record(2) + 1
                book.writer.flush(limit=1)
        burnt = book.fuse.disarm()

        book.restart()
        book.record()
        book.writer.flush()

        assert book.chain.size() == book.records.log_size() > answered
        assert on_chain(book) == [entry_leaf_hash(salted) for salted in everything(book)]
        if not burnt:
            break
    assert moment > 20


def test_an_append_that_arrives_after_its_time_out_is_not_repeated() -> None:
    """The batch of the first try lands between reading the size and appending: the second try counts it as there."""
    book = Logbook()
    book.record(3)
    late = [entry_leaf_hash(salted) for salted in everything(book)[:2]]

    class LateChain(Fused):
        def append(self, expected_size: int, frontier: Sequence[Digest], leaf_hashes: Sequence[Digest]) -> None:
            if late:
                batch = late.copy()
                late.clear()
                self._inner.append(0, (), batch)
            self._inner.append(expected_size, frontier, leaf_hashes)

    writer = LogWriter(book.records, LateChain(book.chain, Fuse(), ()))

    assert writer.flush() == 1
    assert on_chain(book) == [entry_leaf_hash(salted) for salted in everything(book)]


def test_a_chain_that_contradicts_itself_about_its_size_is_not_asked_for_ever() -> None:
    book = Logbook()
    book.record()

    class ConfusedChain(Fused):
        def append(self, expected_size: int, *_: Sequence[Digest]) -> None:
            raise SizeMismatch(expected_size, 5)

    writer = LogWriter(book.records, ConfusedChain(book.chain, Fuse(), ()))
    with pytest.raises(SizeMismatch):
        writer.flush()


def test_nothing_is_appended_to_a_chain_that_holds_other_entries() -> None:
    """A database that was changed, behind the writer's back or before it started, is found out before the append."""
    book = Logbook()
    book.record(5)
    book.writer.flush()
    changed = MemoryManagementDatabase()
    salted = everything(book)
    changed.append_entries([*salted[:2], falsified(salted[2]), *salted[3:]])
    writer = LogWriter(changed, book.chain)
    with pytest.raises(LogInconsistent) as caught:
        writer.flush()
    assert caught.value.index == 2
    assert "changed" in caught.value.reason
    assert book.chain.size() == 5


def test_a_database_that_lost_its_end_is_found_out() -> None:
    book = Logbook()
    book.record(5)
    book.writer.flush()
    shorter = MemoryManagementDatabase()
    shorter.append_entries(everything(book)[:3])
    writer = LogWriter(shorter, book.chain)
    with pytest.raises(LogInconsistent) as caught:
        writer.confirmed()
    assert caught.value.index == 3
    assert "missing" in caught.value.reason
    assert writer.behind() == 0


def test_a_database_restored_while_the_writer_runs_is_read_again() -> None:
    """Found changed once, and restored from a copy: the same writer goes on."""
    book = Logbook()
    book.record(4)
    book.writer.flush()
    whole = everything(book)
    book.records._entries[1] = falsified(whole[1])
    book.restart()
    with pytest.raises(LogInconsistent):
        book.writer.flush()

    book.records._entries[1] = whole[1]

    book.record()
    assert book.writer.flush() == 1


def test_a_chain_seen_through_a_node_that_lags_behind_is_followed() -> None:
    """It shows fewer entries than before: they are compared anew, and the chain's own size decides what is appended."""
    book = Logbook()
    book.record(6)
    book.writer.flush(limit=3)
    sizes = [3]

    class LaggingChain(Fused):
        def size(self) -> Any:
            return sizes.pop() if sizes else self._inner.size()

    book.writer.log = LaggingChain(book.chain, Fuse(), ())

    assert book.writer.flush() == 0
    assert book.chain.size() == 6


def test_a_tree_that_went_wrong_in_memory_is_built_again_from_a_replay() -> None:
    book = Logbook()
    book.record(3)
    book.writer.flush()
    book.writer._tree = CompactRange([Digest(bytes(32))] * 3)
    assert book.writer.confirmed() == (3, book.chain.root())
