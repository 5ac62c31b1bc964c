"""Keeps the index of a log up to the log."""

from certchain.errors import SizeMismatch
from certchain.log.source import EntrySource
from certchain.storage import SqlLogIndex

_PAGE = 1000


def catch_up(index: SqlLogIndex, source: EntrySource) -> int:
    """Has the index read what is new in the log, a page at a time, and returns its size; takes next to nothing when there is nothing new.

    An index of another log, or of what the log was before a copy took its place, is built anew. Threads and processes may do so at the
    same time: a page that another took in first is not taken in twice.
    """
    last = index.last()
    if last is not None and (found := source.entries(last.index, 1)) and found[0].leaf != last:
        index.clear()
    while page := source.entries(size := index.size(), _PAGE):
        try:
            index.add(page)
        except SizeMismatch:
            if index.size() == size:
                raise
    return size
