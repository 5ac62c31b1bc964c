"""The index is kept up to the log, by whoever asks and however many do."""

from threading import Thread

import pytest

from certchain.errors import CertchainError, SizeMismatch
from certchain.log import indexing
from certchain.log.indexing import catch_up
from certchain.models.entry import HoldEntry
from certchain.models.identifier import UserId
from certchain.models.log import LoggedEntry
from certchain.models.query import EntryFilter
from certchain.storage import SqlLogIndex
from tests.logged import ALICE, logged, login


class Source:
    """A log of so many logins that counts how often it is read."""

    def __init__(self, size: int) -> None:
        self.size, self.reads = size, 0

    def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
        self.reads += 1
        return tuple(logged(index, 60, login()) for index in range(first, min(first + limit, self.size)))


def test_all_that_is_new_is_read_in_bounded_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_PAGE", 10)
    index, source = SqlLogIndex(), Source(25)

    assert catch_up(index, source) == index.size() == 25
    assert source.reads == 4
    assert len(index.find(EntryFilter())) == 25


def test_with_nothing_new_next_to_nothing_is_read() -> None:
    index, source = SqlLogIndex(), Source(25)
    catch_up(index, source)
    before, source.reads = index.find(EntryFilter()), 0

    assert catch_up(index, source) == 25
    assert source.reads == 2  # whether it is still the same log, and whether there is more
    assert index.find(EntryFilter()) == before


def test_several_that_read_at_the_same_time_take_each_entry_in_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_PAGE", 10)
    index, source, problems = SqlLogIndex(), Source(400), list[CertchainError]()

    def read() -> None:
        try:
            catch_up(index, source)
        except CertchainError as problem:
            problems.append(problem)

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not problems
    assert [row.index for row in index.find(EntryFilter())] == list(range(400))


def test_a_source_that_gives_other_entries_than_asked_for_is_refused() -> None:
    class Wrong(Source):
        def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
            return super().entries(first + 1, limit)

    with pytest.raises(SizeMismatch):
        catch_up(SqlLogIndex(), Wrong(5))


def test_an_index_of_another_log_is_built_anew() -> None:
    """A file from another home, or a log that was put back from a copy and went on otherwise."""
    index, source = SqlLogIndex(), Source(5)
    index.add([logged(place, 30, login(user=2)) for place in range(3)])
    index.add([logged(3, 30, HoldEntry(ALICE, "case 7", "court"))])

    assert catch_up(index, source) == 5
    assert index.holds() == ()
    assert [row.index for row in index.find(EntryFilter(user=UserId(1)))] == list(range(5))
    assert index.find(EntryFilter(user=UserId(2))) == ()


def test_a_reader_that_lags_behind_the_index_changes_nothing_in_it() -> None:
    """Another process has read more of the log."""
    index = SqlLogIndex()
    catch_up(index, Source(5))

    assert catch_up(index, Source(3)) == 5
    assert len(index.find(EntryFilter())) == 5
