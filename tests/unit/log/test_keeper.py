"""The keeper: what is due is done, what fails is tried again later, and neither publication nor anchor waits for the other."""

import threading
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from certchain.config.clock import SystemClock
from certchain.errors import CosignaturesMissing, LedgerTimeout, LedgerUnavailable, LogBacklogFull, StorageUnavailable
from certchain.keys import KeyPair
from certchain.log import KeeperPolicy, LogLimits
from certchain.merkle import root
from certchain.models.log import LogMode
from certchain.verification.checkpoint import verify_checkpoint
from tests.industry import NOON, TestClock
from tests.logbook import Logbook, leaf_hashes, on_chain
from tests.witnesses import away, cosigning, three

POLICY = KeeperPolicy(interval=5, batch=10, age=60, back_off=2, longest_back_off=16)


class Chain:
    """A chain that a test takes away and gives back; it counts what it is asked while it is away."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.problem, self.refused = inner, None, 0  # type: Any, Any, int

    def __getattr__(self, name: str) -> Any:
        if self.problem is not None and name != "mode":
            self.refused += 1
            raise copy(self.problem)  # one of its own each time, as its traceback grows
        return getattr(self.inner, name)


def kept(mode: LogMode = LogMode.RECORDED, **others: Any) -> tuple[Logbook, Chain]:
    """A log whose keeper has had its first turn."""
    book = Logbook(mode=mode, policy=POLICY, **others)
    chain = Chain(book.chain)
    book.chain = chain
    book.restart()
    book.engine.keeper.turn()
    return book, chain


def published_size(book: Logbook) -> int:
    return book.engine.keeper.status().published_size


# -------------------------------------------------------------------------------------------------------- what is due


def test_a_log_that_grew_is_published_once_an_interval() -> None:
    book, _ = kept()
    book.record()
    book.engine.keeper.turn()
    assert published_size(book) == 0
    book.clock.seconds += 5
    book.engine.keeper.turn()
    assert published_size(book) == 1
    book.clock.seconds += 50
    book.fuse.arm(1)
    book.engine.keeper.turn()
    assert book.fuse.touches == 0, "what has not grown is not published again"


def test_the_chain_is_brought_a_batch_as_soon_as_there_is_one() -> None:
    book, _ = kept()
    book.record(9)
    book.clock.seconds += 5
    assert book.engine.keeper.turn() == 0
    book.record()
    book.clock.seconds += 5
    assert book.engine.keeper.turn() == 10
    assert on_chain(book.chain) == leaf_hashes(book.store)


def test_no_published_entry_waits_for_the_chain_longer_than_the_age() -> None:
    book, _ = kept()
    for _ in range(2):
        book.record()
        book.clock.seconds += 5
        assert book.engine.keeper.turn() == 0
        book.clock.seconds += 59
        assert book.engine.keeper.turn() == 0
        book.clock.seconds += 1
        assert book.engine.keeper.turn() == 1
    book.clock.seconds += 1000
    assert book.engine.keeper.turn() == 0


def test_the_first_turn_publishes_and_compares_with_the_chain_and_goes_on_where_the_last_process_ended() -> None:
    book, _ = kept()
    assert book.engine.publication.anchored() == book.engine.publication.checkpoint()
    book.record(3)
    book.restart()
    assert book.engine.keeper.turn() == 3


def test_the_first_turn_after_a_rotation_signs_with_the_new_keys() -> None:
    book, _ = kept()
    book.server = replace(book.server, keys=KeyPair.generate())
    book.restart()
    book.engine.keeper.turn()
    for note in (book.engine.publication.checkpoint(), book.engine.publication.anchored()):
        assert verify_checkpoint(note or "", book.server.keys.public).size == 0


def test_what_was_brought_to_the_chain_otherwise_does_not_make_the_next_entry_old() -> None:
    book, _ = kept()
    book.record()
    book.clock.seconds += 5
    book.engine.keeper.turn()
    book.engine.anchor.flush()
    book.clock.seconds += 59
    book.engine.keeper.turn()
    book.record()
    book.clock.seconds += 5
    assert book.engine.keeper.turn() == 0
    book.clock.seconds += 60
    assert book.engine.keeper.turn() == 1


def test_what_is_forced_is_done_at_once() -> None:
    book, _ = kept()
    book.record(3)
    assert book.engine.keeper.turn() == 0
    assert book.engine.keeper.turn(force=True) == 3
    assert book.engine.keeper.turn(force=True) == 0


def test_the_clock_that_may_be_set_back_is_not_the_one_that_intervals_are_measured_by() -> None:
    class SetBack(TestClock):
        def now(self) -> int:
            return 2 * NOON - self.seconds

    book, _ = kept(clock=SetBack())
    book.record()
    book.clock.seconds += 5
    book.engine.keeper.turn()
    assert published_size(book) == 1


# ------------------------------------------------------------------------------------------------------------ outages


@pytest.mark.parametrize("mode", list(LogMode))
def test_a_chain_that_is_away_for_hours_only_makes_the_queue_longer(mode: LogMode) -> None:
    """The log goes on and is published; the chain is asked less and less often; then everything arrives, in order and once."""
    book, chain = kept(mode)
    chain.problem = LedgerUnavailable("nobody is there")
    for second in range(3 * 3600):
        book.clock.seconds += 1
        if second % 10 == 0:
            book.record()
        if second % 5 == 0:
            book.engine.keeper._turn(force=False)
    status = book.engine.keeper.status()
    assert (status.size, status.chain_size, status.behind) == (1080, 0, 1080)
    assert status.published_size >= 1079
    assert (status.publication_problem, status.anchor_problem) == (None, str(chain.problem))
    assert 3 * 3600 / 21 - 10 < chain.refused < 3 * 3600 / 16 + 10

    chain.problem = None
    book.clock.seconds += 16
    assert book.engine.keeper.turn() == 1080
    assert (book.chain.size(), book.chain.root()) == (1080, root(leaf_hashes(book.store)))
    assert book.engine.keeper.status().anchor_problem is None


def test_certifications_say_how_far_behind_the_chain_is_while_it_is_away() -> None:
    book, chain = kept()
    book.record(3)
    book.flush()
    chain.problem = LedgerUnavailable("nobody is there")
    index = book.record(4)
    assert book.engine.anchor.lacking(index + 1) == 4


def test_the_queue_for_a_chain_that_is_away_has_a_bound_and_goes_on_when_it_is_back() -> None:
    book, chain = kept(limits=LogLimits(backlog=20))
    chain.problem = LedgerTimeout("append", "0x01")
    book.record(20)
    with pytest.raises(LedgerTimeout):
        book.flush()
    with pytest.raises(LogBacklogFull):
        book.record()
    chain.problem = None
    assert book.flush() == 20
    assert book.record() == 20


def test_what_fails_is_tried_again_after_twice_as_long_each_time_up_to_a_limit_and_from_the_start_when_it_went_well() -> (
    None
):
    book, chain = kept()
    chain.problem = LedgerUnavailable("nobody is there")
    book.record(10)
    book.clock.seconds += 5
    tries = list[int]()
    for second in range(100):
        before = chain.refused
        book.engine.keeper._turn(force=False)
        if chain.refused > before:
            tries.append(second)
        book.clock.seconds += 1
    assert tries == [0, 2, 6, 14, 30, 46, 62, 78, 94]
    chain.problem = None
    book.clock.seconds += 16
    assert book.engine.keeper.turn() == 10
    chain.problem = LedgerUnavailable("nobody is there")
    book.record(10)
    book.clock.seconds += 5
    with pytest.raises(LedgerUnavailable):
        book.engine.keeper.turn()
    refused = chain.refused
    book.clock.seconds += 2
    with pytest.raises(LedgerUnavailable):
        book.engine.keeper.turn()
    assert chain.refused > refused


def test_witnesses_that_are_away_keep_back_what_is_new_and_not_what_they_have_cosigned() -> None:
    """With a quorum set, nothing is published without it, and nothing that is not published is brought to the chain."""
    witnesses = three()
    book = Logbook(policy=POLICY, cosigning=cosigning(witnesses, 2))
    for witness in witnesses:
        witness.watch(book.engine.publication.origin, book.server.keys.public.signing)
    book.record(4)
    book.engine.publication.publish()
    book.record(4)
    for witness in witnesses:
        witness.instead = away

    with pytest.raises(CosignaturesMissing):
        book.engine.keeper.turn(force=True)

    status = book.engine.keeper.status()
    assert (status.size, status.published_size, status.chain_size) == (8, 4, 4)
    assert status.publication_problem is not None
    for witness in witnesses:
        witness.instead = None
    assert book.engine.keeper.turn(force=True) == 4
    assert book.engine.keeper.status().publication_problem is None


def test_a_disk_that_is_full_keeps_the_log_from_being_published_until_there_is_room() -> None:
    book, _ = kept()
    book.record(10)
    book.fuse.fault = lambda: StorageUnavailable("the disk is full")
    book.fuse.arm(1)
    book.clock.seconds += 5
    with pytest.raises(StorageUnavailable):
        book.engine.keeper.turn()
    book.fuse.disarm()
    assert book.engine.keeper.turn() == 0, "not before the back-off is over"
    book.clock.seconds += 2
    assert book.engine.keeper.turn() == 10


# ------------------------------------------------------------------------------------------------------- in a thread


def until(true: Callable[[], bool]) -> None:
    for _ in range(10_000):
        if true():
            return
        threading.Event().wait(0.001)
    raise AssertionError


def threaded(**others: Any) -> tuple[Logbook, Chain]:
    book = Logbook(
        clock=SystemClock(), policy=KeeperPolicy(interval=0, batch=1, back_off=0.05, longest_back_off=0.05), **others
    )
    chain = Chain(book.chain)
    book.chain = chain
    book.restart()
    return book, chain


def test_in_its_thread_the_keeper_does_everything_by_itself_until_it_is_stopped() -> None:
    book, _ = threaded()
    keeper = book.engine.keeper
    keeper.start()
    keeper.start()
    assert [thread.name for thread in threading.enumerate()].count("log keeper") == 1
    book.record(20)
    until(lambda: keeper.status().chain_size == 20)
    assert book.engine.publication.anchored() is not None
    keeper.stop()
    keeper.stop()
    book.record()
    assert keeper.status().behind == 1
    keeper.start()
    until(lambda: keeper.status().behind == 0)
    book.engine.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "log keeper"]


def test_entries_are_recorded_published_and_anchored_at_the_same_time_and_none_is_lost() -> None:
    book, _ = threaded(batch_limit=7)
    book.engine.keeper.start()
    recorders = [threading.Thread(target=book.record, args=(40,)) for _ in range(4)]
    for thread in recorders:
        thread.start()
    for thread in recorders:
        thread.join(30)
    until(lambda: book.engine.keeper.status().behind == 0)
    book.engine.close()
    assert on_chain(book.chain) == leaf_hashes(book.store)
    assert book.store.size() == 160


@pytest.mark.parametrize("problem", [LedgerUnavailable("away"), TypeError("a mistake")], ids=["away", "mistake"])
def test_the_thread_outlives_whatever_happens_and_says_it(problem: Exception, caplog: pytest.LogCaptureFixture) -> None:
    book, chain = threaded()
    chain.problem = problem
    book.engine.keeper.start()
    book.record()
    until(lambda: book.engine.keeper.status().anchor_problem == str(problem))
    until(lambda: "not anchored" in caplog.text)
    chain.problem = None
    until(lambda: book.engine.keeper.status().behind == 0)
    book.engine.close()
    assert book.engine.keeper.status().anchor_problem is None
