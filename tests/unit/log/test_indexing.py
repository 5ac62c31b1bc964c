"""The index is kept up to the log, by whoever asks and however many do."""

from threading import Thread

import pytest

from certchain.errors import CertchainError, SizeMismatch
from certchain.log import indexing
from certchain.log.indexing import catch_up
from certchain.models.log import LoggedEntry
from certchain.models.query import EntryFilter
from certchain.storage import SqlLogIndex
from tests.logged import logged, login


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


def test_with_nothing_new_the_log_is_asked_once() -> None:
    index, source = SqlLogIndex(), Source(25)
    catch_up(index, source)
    before, source.reads = index.find(EntryFilter()), 0

    assert catch_up(index, source) == 25
    assert source.reads == 1
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
