"""The replay: every leaf and every root, in order."""

import pytest

from certchain.errors import LogInconsistent
from certchain.log import EntrySource, entry_leaf_hash, read_entries, replay
from certchain.merkle import root
from certchain.models.digest import Digest
from certchain.models.log import LogBatch, SaltedEntry
from tests.faults import Fuse, Fused
from tests.logbook import Logbook, everything, falsified


def test_a_replay_returns_the_chains_size_root_and_leaf_hashes() -> None:
    book = Logbook()
    book.record(23)
    book.writer.flush(limit=10)

    replayed = replay(book.records, book.chain)

    assert (replayed.size, replayed.root) == (23, book.chain.root())
    assert replayed.leaf_hashes == tuple(entry_leaf_hash(salted) for salted in everything(book))
    assert root(replayed.leaf_hashes) == replayed.root


def test_a_replay_of_an_empty_log_is_empty() -> None:
    book = Logbook()
    assert replay(book.records, book.chain).leaf_hashes == ()


def test_a_replay_goes_as_far_as_it_is_asked_to() -> None:
    book = Logbook()
    book.record(9)
    book.writer.flush(limit=3)
    replayed = replay(book.records, book.chain, size=6)
    assert (replayed.size, replayed.root) == (6, book.chain.root_at(6))


def test_progress_is_told_batch_by_batch() -> None:
    book = Logbook()
    book.record(10)
    book.writer.flush(limit=4)
    told: list[tuple[int, int]] = []
    replay(book.records, book.chain, progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 10), (8, 10), (10, 10)]


def test_a_log_of_more_batches_than_a_page_is_replayed_whole() -> None:
    book = Logbook()
    book.record(120)
    book.writer.flush(limit=1)
    assert replay(book.records, book.chain).size == 120


def test_a_source_that_gives_small_pages_is_asked_until_it_has_no_more() -> None:
    book = Logbook()
    book.record(7)

    class Sparing:
        def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
            return book.records.entries(first, min(limit, 2))

    source: EntrySource = Sparing()
    assert read_entries(source, 1, 5) == everything(book)[1:6]
    assert read_entries(source, 5, 50) == everything(book)[5:]


def test_a_source_that_gives_more_than_it_was_asked_for_is_cut_short() -> None:
    book = Logbook()
    book.record(7)

    class Generous:
        def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
            return book.records.entries(first, limit + 5)

    assert read_entries(Generous(), 1, 2) == everything(book)[1:3]


def test_a_node_whose_leaf_hashes_do_not_lead_to_its_root_is_not_believed() -> None:
    """The chain computes its roots itself: then it is the node that lies, or its list of batches."""
    book = Logbook()
    book.record(4)
    book.writer.flush(limit=2)

    class LyingNode(Fused):
        def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
            found = self._inner.batches(start, limit)
            return tuple(LogBatch(batch.first_index, Digest(bytes(32)), batch.leaf_hashes) for batch in found)

    class ForgetfulNode(Fused):
        def batches(self, _start: int, _limit: int) -> tuple[LogBatch, ...]:
            return ()

    for kind in (LyingNode, ForgetfulNode):
        with pytest.raises(LogInconsistent, match="root"):
            replay(book.records, kind(book.chain, Fuse(), ()))


def test_a_source_that_answers_otherwise_when_asked_again_is_reported_all_the_same() -> None:
    """Wrong at first and right on a second look: the first difference stands."""
    book = Logbook()
    book.record(3)
    book.writer.flush()
    answers = [(falsified(everything(book)[0]), *everything(book)[1:])]

    class Wavering:
        def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
            return answers.pop() if answers else book.records.entries(first, limit)

    with pytest.raises(LogInconsistent) as caught:
        replay(Wavering(), book.chain)
    assert caught.value.index == 0
