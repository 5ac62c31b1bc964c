"""The anchor: the chain is brought up to the published log, nothing missing and nothing twice, and never to another log."""

import contextlib
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from certchain.errors import LedgerTimeout, LedgerUnavailable, LogInconsistent, SizeMismatch
from certchain.log import Anchor
from certchain.log.publication import read_checkpoint
from certchain.merkle import CompactRange, consistency_proof, root
from certchain.models.digest import Digest
from certchain.models.log import ConsistencyProof, LogMode
from tests.faults import Fuse, Fused, PowerCut
from tests.logbook import Logbook, another_store, falsified, leaf_hashes, on_chain

MODES = list(LogMode)
EITHER = pytest.mark.parametrize("mode", MODES)


def anchored_size(book: Logbook) -> int:
    note = book.engine.publication.anchored()
    return -1 if note is None else read_checkpoint(note).size


def over(book: Logbook, store: Any, chain: Any = None) -> Anchor:
    """The anchor of another process with the same keys and files."""
    return Anchor(store, chain or book.chain, book.engine.publication)


# ------------------------------------------------------------------------------------------------------- following up


@EITHER
def test_the_chain_is_brought_up_to_the_newest_checkpoint_and_no_further(mode: LogMode) -> None:
    book = Logbook(mode=mode)
    book.record(25)
    book.engine.publication.publish()
    book.record(5)

    assert book.engine.anchor.flush() == 25

    assert (book.chain.size(), book.chain.root()) == (25, root(leaf_hashes(book.store)[:25]))
    assert book.engine.publication.anchored() == book.engine.publication.checkpoint()
    assert book.engine.anchor.flush() == 0
    assert book.flush() == 5
    assert anchored_size(book) == book.chain.size() == 30


def test_without_a_checkpoint_the_chain_is_brought_nothing() -> None:
    book = Logbook()
    book.record(3)
    assert book.engine.anchor.flush() == 0
    assert book.chain.size() == 0
    assert anchored_size(book) == -1


def test_a_recorded_log_takes_so_many_leaf_hashes_at_a_time() -> None:
    book = Logbook(batch_limit=300)
    book.record(2)
    book.flush()
    book.record(700)
    assert book.flush() == 700
    assert [len(batch.leaf_hashes) for batch in book.chain.batches(0, 100)] == [2, 300, 300, 100]
    assert on_chain(book.chain) == leaf_hashes(book.store)


def test_an_anchored_log_takes_any_growth_in_one_step() -> None:
    book = Logbook(mode=LogMode.ANCHORED, batch_limit=10)
    for count in (1, 700, 300):
        book.record(count)
        assert book.flush() == count
    assert [(batch.first_index, batch.size) for batch in book.chain.batches(0, 100)] == [(0, 1), (1, 701), (701, 1001)]
    assert book.chain.root() == root(leaf_hashes(book.store))


@EITHER
def test_an_empty_log_is_anchored_as_it_is(mode: LogMode) -> None:
    book = Logbook(mode=mode)
    assert book.flush() == 0
    assert anchored_size(book) == 0


def test_behind_counts_what_the_chain_lacks_and_asks_it_once() -> None:
    book, asked = Logbook(), list[int]()

    class CountedChain(Fused):
        def size(self) -> int:
            asked.append(1)
            return int(self._inner.size())

    anchor = over(book, book.store, CountedChain(book.chain, Fuse(), ()))
    book.record(3)
    assert [anchor.behind(), anchor.behind()] == [3, 3]
    book.record()
    assert anchor.behind() == 4
    assert len(asked) == 1


def test_what_the_chain_lacks_is_said_without_asking_it() -> None:
    """Before the chain was asked once, it has what the anchored checkpoint says; without one, nothing."""
    book = Logbook()
    book.record(3)
    assert [book.engine.anchor.lacking(size) for size in (0, 3, 5)] == [0, 3, 5]
    book.flush()
    book.restart()
    book.engine.anchor._ledger = None  # type: ignore[assignment]
    assert [book.engine.anchor.lacking(size) for size in (2, 3, 5)] == [0, 0, 2]


@EITHER
def test_confirmed_is_the_chains_size_and_root(mode: LogMode) -> None:
    book = Logbook(mode=mode)
    book.record(7)
    assert book.engine.anchor.confirmed() == (0, CompactRange().root())
    book.flush()
    book.record(2)
    assert book.engine.anchor.confirmed() == (7, book.chain.root())
    assert book.chain.size() == 7, "whoever asks changes nothing"


@EITHER
def test_a_process_that_starts_again_goes_on_where_the_chain_is(mode: LogMode) -> None:
    book = Logbook(mode=mode, batch_limit=400)
    book.record(1500)
    book.flush()
    book.record(30)
    book.restart()
    assert book.flush() == 30
    assert book.chain.size() == 1530


# ------------------------------------------------------------------------------------------------------------- faults

FAULTS = {"power cut": PowerCut, "time-out": lambda: LedgerTimeout("append", "0x00")}


@EITHER
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_whatever_fails_at_any_moment_is_completed_by_doing_it_again(
    fault: Callable[[], BaseException], mode: LogMode
) -> None:
    """Store, keys, files and chain, before and after each change; between publication and anchor, too."""
    for moment in itertools.count(1):
        book = Logbook(mode=mode, fuse=Fuse(fault), batch_limit=1)
        answered = 0
        book.fuse.arm(moment)
        with contextlib.suppress(PowerCut, LedgerTimeout):
            for _ in range(3):
                answered = book.record(2) + 1
                book.flush()
        burnt = book.fuse.disarm()

        book.restart()
        book.record()
        book.flush()

        assert book.chain.size() == book.store.size() == anchored_size(book) > answered
        assert book.chain.root() == root(leaf_hashes(book.store))
        if mode is LogMode.RECORDED:
            assert on_chain(book.chain) == leaf_hashes(book.store)
        if not burnt:
            break
    assert moment > 30


def test_a_checkpoint_that_the_chain_had_when_the_process_ended_is_kept_as_anchored_by_the_next() -> None:
    book = Logbook()
    book.record(4)
    book.engine.publication.publish()
    book.engine.anchor._publication = Fused(book.engine.publication, Fuse(burns_at=1), ("keep_anchored",))  # type: ignore[assignment]
    with pytest.raises(PowerCut):
        book.engine.anchor.flush()
    assert (book.chain.size(), anchored_size(book)) == (4, -1)
    book.restart()
    assert book.engine.anchor.flush() == 0
    assert anchored_size(book) == 4


@EITHER
def test_a_chain_that_is_ahead_of_the_checkpoint_is_left_as_it_is_and_stays_anchored(mode: LogMode) -> None:
    """The file of the newest checkpoint was lost, and an older one put back: what the chain has is not taken for less."""
    book = Logbook(mode=mode)
    book.record(2)
    book.engine.publication.publish()
    old = book.engine.publication.checkpoint()
    book.record(3)
    book.flush()
    book.files.write("checkpoint", [old.encode()])
    assert book.engine.anchor.flush() == 0
    assert anchored_size(book) == book.chain.size() == 5
    book.record()
    assert book.flush() == 1
    assert anchored_size(book) == 6


@EITHER
def test_what_arrives_after_its_time_out_is_not_repeated(mode: LogMode) -> None:
    """The step of the first try lands between reading the size and the second try, which counts it as there."""
    book = Logbook(mode=mode)
    book.record(2)
    book.engine.publication.publish()
    early = book.engine.publication.published()
    assert early is not None
    book.record()
    book.engine.publication.publish()
    late = [0]

    class LateChain(Fused):
        def append(self, expected_size: int, frontier: Sequence[Digest], hashes: Sequence[Digest]) -> None:
            if late:
                late.clear()
                self._inner.append(0, (), hashes[:2])
            self._inner.append(expected_size, frontier, hashes)

        def anchor(self, proof: ConsistencyProof, new_root: Digest) -> None:
            if late:
                late.clear()
                self._inner.anchor(consistency_proof(book.store, 0, 2), early.root)
            self._inner.anchor(proof, new_root)

    assert over(book, book.store, LateChain(book.chain, Fuse(), ())).flush() == 1
    assert (book.chain.size(), book.chain.root()) == (3, root(leaf_hashes(book.store)))


@EITHER
def test_a_chain_that_contradicts_itself_about_its_size_is_not_asked_for_ever(mode: LogMode) -> None:
    book = Logbook(mode=mode)
    book.record()
    book.engine.publication.publish()

    class ConfusedChain(Fused):
        def append(self, expected_size: int, *_: Sequence[Digest]) -> None:
            raise SizeMismatch(expected_size, 5)

        def anchor(self, proof: ConsistencyProof, _: Digest) -> None:
            raise SizeMismatch(proof.old_size, 5)

    with pytest.raises(SizeMismatch):
        over(book, book.store, ConfusedChain(book.chain, Fuse(), ())).flush()


@EITHER
def test_a_chain_that_is_away_leaves_the_log_as_it_is(mode: LogMode) -> None:
    book = Logbook(mode=mode)
    book.record(3)
    book.flush()
    book.record(3)

    class Away:
        def __getattr__(self, name: str) -> Any:
            raise LedgerUnavailable(name)

    chain, book.engine.anchor._ledger = book.engine.anchor._ledger, Away()  # type: ignore[assignment]
    with pytest.raises(LedgerUnavailable):
        book.engine.anchor.flush()
    with pytest.raises(LedgerUnavailable):
        book.engine.anchor.confirmed()
    assert (book.engine.anchor.behind(), anchored_size(book)) == (3, 3)
    book.engine.anchor._ledger = chain
    assert book.flush() == 3


def test_a_chain_seen_through_a_node_that_lags_behind_is_followed() -> None:
    """It shows fewer entries than before: they are compared anew, and the chain's own size decides what is appended."""
    book = Logbook(batch_limit=3)
    book.record(6)
    book.flush()
    sizes = [3]

    class LaggingChain(Fused):
        def size(self) -> Any:
            return sizes.pop() if sizes else self._inner.size()

    assert over(book, book.store, LaggingChain(book.chain, Fuse(), ())).flush() == 0
    assert book.chain.size() == 6


# -------------------------------------------------------------------------------------------------------- another log


def test_nothing_is_appended_to_a_chain_that_has_other_entries() -> None:
    book = Logbook(batch_limit=2)
    book.record(5)
    book.flush()
    entries = list(book.store.entries(0, 5))
    for changed in range(5):
        other = another_store([*entries[:changed], falsified(entries[changed]), *entries[changed + 1 :]])
        anchor = over(book, other)
        for ask in (anchor.flush, anchor.confirmed):
            with pytest.raises(LogInconsistent, match="changed") as caught:
                ask()  # type: ignore[operator]
            assert caught.value.index == changed
    assert book.chain.size() == 5


def test_an_anchored_chain_of_another_log_is_found_out_by_its_steps() -> None:
    """Its leaves are not there to compare: the step at which the roots part says between which entries."""
    book = Logbook(mode=LogMode.ANCHORED)
    for _ in range(3):
        book.record(4)
        book.flush()
    entries = list(book.store.entries(0, 12))
    other = another_store([*entries[:6], falsified(entries[6]), *entries[7:]])
    with pytest.raises(LogInconsistent, match="another root at 8") as caught:
        over(book, other).flush()
    assert caught.value.index == 4


@EITHER
def test_a_store_that_lost_its_end_is_found_out(mode: LogMode) -> None:
    book = Logbook(mode=mode)
    book.record(5)
    book.flush()
    for size in (3, 0):
        anchor = over(book, another_store(book.store.entries(0, size)))
        with pytest.raises(LogInconsistent, match="missing at its end") as caught:
            anchor.flush()
        assert caught.value.index == size
        assert anchor.behind() == 0


def test_what_someone_else_appended_is_not_gone_on_with() -> None:
    """A stolen role: the chain has entries that the log never had."""
    book = Logbook()
    book.record(3)
    book.flush()
    book.chain.append(3, CompactRange(leaf_hashes(book.store)).frontier, [Digest(bytes(32))] * 2)
    book.record()
    with pytest.raises(LogInconsistent) as caught:
        book.flush()
    assert caught.value.index == 3
    book.record(2)
    with pytest.raises(LogInconsistent, match="changed") as caught:
        book.flush()
    assert caught.value.index == 3


def test_a_chain_that_contradicts_its_own_steps_is_found_out() -> None:
    book = Logbook()
    book.record(3)
    book.flush()

    class LyingChain(Fused):
        def root_at(self, _: int) -> Digest:
            return Digest(bytes(32))

    with pytest.raises(LogInconsistent, match="steps"):
        over(book, book.store, LyingChain(book.chain, Fuse(), ())).confirmed()


def test_a_store_that_is_not_what_was_published_is_not_brought_to_the_chain() -> None:
    book = Logbook()
    book.record(5)
    book.engine.publication.publish()
    entries = list(book.store.entries(0, 5))
    for other in (entries[:4], [falsified(entries[0]), *entries[1:]]):
        with pytest.raises(LogInconsistent, match="published"):
            over(book, another_store(other)).flush()
    assert book.chain.size() == 0
    assert over(book, another_store(entries)).flush() == 5
