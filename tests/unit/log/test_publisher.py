"""What the certification server tells of its log over a channel."""

from dataclasses import replace

import pytest

from certchain.errors import (
    LedgerUnavailable,
    LogInconsistent,
    MalformedMessage,
    UnknownRecord,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.log.publisher import PAGE_LIMIT
from certchain.merkle import CompactRange
from certchain.models.digest import Digest
from certchain.models.log import CheckpointQuestion, LogPage, LogPageQuestion, SignedCheckpoint
from certchain.verification.checkpoint import verify_checkpoint
from tests.industry import MemoryAccounts
from tests.logbook import Logbook, enrol, leaf_hashes


def page(book: Logbook, first: int, limit: int) -> LogPage:
    channel = book.channel()
    return channel.request(book.auditor_identity.sign(LogPageQuestion(first, limit, channel.binding)), LogPage)


def checkpoint(book: Logbook) -> SignedCheckpoint:
    return book.channel().request(CheckpointQuestion(), SignedCheckpoint)


def test_a_page_is_as_long_as_asked_for_and_no_longer_than_the_limit() -> None:
    book = Logbook()
    book.record(PAGE_LIMIT + 20)
    everything = book.everything()
    assert page(book, 3, 4).entries == everything[3:7]
    assert page(book, 0, 10**6).entries == everything[:PAGE_LIMIT]
    assert page(book, 0, -1).entries == ()
    assert page(book, PAGE_LIMIT + 20, 5).entries == ()


def test_what_was_erased_is_none_on_its_page() -> None:
    book = Logbook()
    book.record()
    book.record(user=2)
    book.keys.destroy([book.store.entries(0, 1)[0].key])
    assert [logged.body is None for logged in page(book, 0, 5).entries] == [True, False]


def test_only_an_auditor_gets_entries_and_only_over_their_own_channel() -> None:
    book = Logbook()
    book.record()
    channel, stranger = book.channel(), enrol(book.accounts, KeyPair.generate())
    with pytest.raises(WrongSigner):
        channel.request(stranger.sign(LogPageQuestion(0, 5, channel.binding)), LogPage)
    with pytest.raises(MalformedMessage, match="another channel"):
        channel.request(book.auditor_identity.sign(LogPageQuestion(0, 5, book.channel().binding)), LogPage)
    with pytest.raises(MalformedMessage, match="no question"):
        channel.request(LogPageQuestion(0, 5, channel.binding), LogPage)
    assert len(page(book, 0, 5).entries) == 1


def test_the_checkpoint_is_the_newest_published_one_that_the_chain_has() -> None:
    """Whoever asks, and however often: it costs nothing on the chain."""
    book = Logbook()
    book.record(3)
    book.flush()
    book.record(2)
    book.engine.publication.publish()
    told = checkpoint(book)
    assert told == SignedCheckpoint(book.engine.publication.anchored() or "", book.server.keys.public)
    assert verify_checkpoint(told.note, told.keys).size == book.chain.size() == 3


def test_before_anything_is_anchored_there_is_no_checkpoint() -> None:
    book = Logbook()
    book.record(3)
    with pytest.raises(UnknownRecord):
        checkpoint(book)
    book.flush()
    assert checkpoint(book)


def test_a_chain_that_has_forgotten_what_it_had_is_not_said_to_have_it() -> None:
    """As a node for development does when it is killed; it is brought up to the log again."""
    book = Logbook(accounts=MemoryAccounts())
    book.record(3)
    book.flush()
    book.chain = MemoryAccounts()("certification server").login_log
    book.restart()
    with pytest.raises(UnknownRecord):
        checkpoint(book)
    assert book.flush() == 3
    assert checkpoint(book)


def test_after_a_rotation_there_is_no_checkpoint_until_one_is_anchored_under_the_new_keys() -> None:
    """A note is never given with keys that did not sign it."""
    book = Logbook()
    book.record(3)
    book.flush()
    book.server = replace(book.server, keys=KeyPair.generate())
    book.restart()
    with pytest.raises(UnknownRecord, match="keys in force"):
        checkpoint(book)
    book.flush()
    told = checkpoint(book)
    assert verify_checkpoint(told.note, book.server.keys.public).size == 3


def test_there_is_no_checkpoint_of_a_log_that_the_chain_does_not_have() -> None:
    book = Logbook()
    book.record(3)
    book.flush()
    book.chain.append(3, CompactRange(leaf_hashes(book.store)).frontier, [Digest(bytes(32))])
    with pytest.raises(LogInconsistent):
        checkpoint(book)


def test_there_is_no_checkpoint_while_the_chain_cannot_be_asked() -> None:
    book = Logbook()
    book.flush()

    class Away:
        def size(self) -> int:
            raise LedgerUnavailable("nobody is there")

    book.engine.anchor._ledger = Away()  # type: ignore[assignment]
    with pytest.raises(LedgerUnavailable):
        checkpoint(book)
