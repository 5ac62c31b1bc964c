"""What the certification server tells of its log."""

from certchain.log.publisher import PAGE_LIMIT
from certchain.models.log import LogPage, LogPageQuestion
from tests.logbook import Logbook, everything


def page(book: Logbook, first: int, limit: int) -> LogPage:
    channel = book.channel()
    return channel.request(book.auditor_identity.sign(LogPageQuestion(first, limit, channel.binding)), LogPage)


def test_a_page_is_as_long_as_asked_for_and_no_longer_than_the_limit() -> None:
    book = Logbook()
    book.record(PAGE_LIMIT + 20)
    all_entries = everything(book)
    assert page(book, 3, 4).entries == tuple(all_entries[3:7])
    assert page(book, 0, 10**6).entries == tuple(all_entries[:PAGE_LIMIT])
    assert page(book, 0, -1).entries == ()
    assert page(book, PAGE_LIMIT + 20, 5).entries == ()
