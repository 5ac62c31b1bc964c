"""The log's reader: every entry with its body, as long as its key is there, and no body that is not the entry's."""

from dataclasses import replace

import pytest

from certchain.errors import LogDamaged
from certchain.log import LogReader
from certchain.models.log import LoggedEntry
from certchain.storage import MemorySubjectKeys
from tests.logbook import Logbook, another_store


def test_a_page_begins_where_it_is_asked_for_and_ends_with_the_log() -> None:
    book = Logbook()
    book.record(5)
    reader = book.engine.reader
    everything = reader.entries(0, 5)
    assert [logged.leaf.index for logged in everything] == list(range(5))
    assert reader.entries(3, 10) == everything[3:]
    assert reader.entries(5, 10) == ()
    book.record()
    assert len(reader.entries(0, 10)) == 6


def test_the_body_of_an_entry_whose_key_was_destroyed_is_none_and_its_leaf_is_as_before() -> None:
    book = Logbook()
    book.record()
    book.record(user=2)
    before = book.everything()
    book.keys.destroy([book.store.entries(0, 1)[0].key])
    assert book.everything() == (LoggedEntry(before[0].leaf, None), before[1])


def test_a_changed_body_is_not_shown() -> None:
    book = Logbook()
    book.record(2)
    first, second = book.store.entries(0, 2)
    for changed in (
        replace(second, sealed=first.sealed),
        replace(second, sealed=bytes(len(second.sealed))),
        replace(second, key=second.key + 1),
    ):
        reader = LogReader(another_store([first, changed]), book.keys, book.engine.publication.origin)
        assert len(reader.entries(0, 1)) == 1
        with pytest.raises(LogDamaged) as caught:
            reader.entries(0, 2)
        assert caught.value.index == 1


def test_keys_that_were_lost_are_not_taken_for_an_erasure() -> None:
    """A key store that was rolled back does not know the number: that is damage, and not the subject's wish."""
    book = Logbook()
    book.record()
    with pytest.raises(LogDamaged, match="subject keys"):
        LogReader(book.store, MemorySubjectKeys(), book.engine.publication.origin).entries(0, 1)
