"""Publication: signed for what is durable, never taken back, and whole or not at all."""

from dataclasses import replace

import pytest

from certchain.encoding.checkpoint import log_origin
from certchain.errors import CosignaturesMissing, LogInconsistent, StorageUnavailable, UnknownRecord
from certchain.keys import KeyPair
from certchain.log import Cosigning, Publication, PublishedLog
from certchain.log.publication import SIGNED
from certchain.merkle import root, tree_root
from certchain.storage import MemoryLogStore
from certchain.verification.checkpoint import verify_checkpoint
from tests.faults import Fuse, Fused, PowerCut
from tests.logbook import Logbook, another_store, falsified, leaf_hashes
from tests.witnesses import away, cosigning, three


def published(book: Logbook) -> tuple[int, object]:
    checkpoint = verify_checkpoint(book.engine.publication.checkpoint(), book.server.keys.public)
    return checkpoint.size, checkpoint.root


def over(book: Logbook, store: MemoryLogStore, **others: object) -> Publication:
    """Another process with the same keys and files over a log store."""
    return Publication(store, book.server, book.files, **others)  # type: ignore[arg-type]


def test_a_checkpoint_is_of_all_that_is_durable_and_signed_by_the_server() -> None:
    book = Logbook()
    for count in (0, 1, 299):
        book.record(count)
        checkpoint = book.engine.publication.publish()
        assert published(book) == (book.store.size(), root(leaf_hashes(book.store)))
        assert checkpoint == book.engine.publication.published()
        assert (checkpoint.origin, checkpoint.signer) == (log_origin(book.server.network), book.server.party)


def test_before_the_first_there_is_none() -> None:
    publication = Logbook().engine.publication
    assert (publication.newest(), publication.published(), publication.anchored()) == (None, None, None)
    with pytest.raises(UnknownRecord):
        publication.checkpoint()


def test_a_log_that_has_not_grown_keeps_its_checkpoint() -> None:
    """With the cosignatures that it has: no witness is asked again."""
    witnesses = three()
    book = Logbook(cosigning=cosigning(witnesses, 3))
    for witness in witnesses:
        witness.watch(book.engine.publication.origin, book.server.keys.public.signing)
    book.record()
    book.engine.publication.publish()
    before = book.engine.publication.checkpoint()
    book.restart()
    book.engine.publication.publish()
    assert book.engine.publication.checkpoint() == before
    assert [len(witness.asked) for witness in witnesses] == [1, 1, 1]


def test_when_more_witnesses_are_asked_for_than_before_the_same_checkpoint_is_cosigned_again() -> None:
    witnesses = three()
    book = Logbook()
    book.record()
    book.engine.publication.publish()
    for witness in witnesses:
        witness.watch(book.engine.publication.origin, book.server.keys.public.signing)
    book.cosigning = cosigning(witnesses, 2)
    assert not book.cosigning.is_enough(book.engine.publication.checkpoint())
    book.restart()
    book.engine.publication.publish()
    assert book.cosigning.is_enough(book.engine.publication.checkpoint())


def test_after_a_rotation_the_same_log_is_signed_with_the_new_keys() -> None:
    book = Logbook()
    book.record()
    book.engine.publication.publish()
    book.server = replace(book.server, keys=KeyPair.generate())
    book.restart()
    book.engine.publication.publish()
    assert published(book) == (1, root(leaf_hashes(book.store)))


def test_a_store_that_was_rolled_back_is_not_signed_for() -> None:
    book = Logbook()
    book.record(5)
    book.engine.publication.publish()
    before = book.engine.publication.checkpoint()
    entries = book.store.entries(0, 5)
    with pytest.raises(LogInconsistent, match="5 entries") as caught:
        over(book, another_store(entries[:4])).publish()
    assert caught.value.index == 4
    assert book.engine.publication.checkpoint() == before
    assert over(book, another_store(entries)).publish().size == 5


def test_a_store_that_was_changed_below_what_was_signed_is_not_signed_for() -> None:
    """Though it has grown since: not a smaller log, but another one."""
    book = Logbook()
    book.record(5)
    book.engine.publication.publish()
    book.record(3)
    entries = list(book.store.entries(0, 8))
    changed = another_store([*entries[:2], falsified(entries[2]), *entries[3:]])
    with pytest.raises(LogInconsistent, match="not the log that was signed"):
        over(book, changed).publish()
    changed = another_store([*entries[:6], falsified(entries[6]), entries[7]])
    assert over(book, changed).publish().size == 8, "what nobody was told of yet may still become anything"


def test_a_log_that_was_rolled_back_takes_no_entry_though_nothing_was_published_since() -> None:
    """However often it is asked; put back, it takes entries again, each under a number that nobody has."""
    book = Logbook()
    book.record(5)
    book.engine.publication.publish()
    whole = book.store
    book.store = another_store(whole.entries(0, 5)[:4])
    book.restart()
    for _ in range(2):
        with pytest.raises(LogInconsistent, match="signed for 5 entries, and has 4"):
            book.record()
    assert book.store.size() == 4
    book.store = whole
    book.restart()
    assert book.record() == 5


def test_a_log_that_was_changed_below_what_was_signed_takes_no_entry() -> None:
    book = Logbook()
    book.record(5)
    book.engine.publication.publish()
    book.record()
    entries = list(book.store.entries(0, 6))
    book.store = another_store([*entries[:2], falsified(entries[2]), *entries[3:]])
    book.restart()
    with pytest.raises(LogInconsistent, match="not the log that was signed"):
        book.record()
    assert book.store.size() == 6


def test_while_what_was_signed_cannot_be_read_no_entry_is_taken() -> None:
    book = Logbook()
    book.record()
    book.engine.publication.publish()
    signed = b"".join(book.files.read(SIGNED))
    book.restart()
    book.files.write(SIGNED, [signed[:-20]])
    with pytest.raises(StorageUnavailable, match="'signed' is damaged"):
        book.record()
    book.files.write(SIGNED, [signed])
    assert book.record() == 1


def test_a_store_that_cannot_be_read_is_no_other_log() -> None:
    book = Logbook()
    book.record(300)
    book.engine.publication.publish()
    book.record()

    class Unreadable(Fused):
        def tile(self, *_: object) -> bytes:
            raise StorageUnavailable("the disk is gone")

    with pytest.raises(StorageUnavailable):
        over(book, Unreadable(book.store, Fuse(), ())).publish()  # type: ignore[arg-type]
    assert book.engine.publication.publish().size == 301


def test_what_was_signed_counts_though_it_was_never_published() -> None:
    """The witnesses were away, and one of them may have it: the log's word is given."""
    witnesses = three()
    book = Logbook(cosigning=cosigning(witnesses, 1))
    for witness in witnesses:
        witness.watch(book.engine.publication.origin, book.server.keys.public.signing)
        witness.instead = away
    book.record(5)
    with pytest.raises(CosignaturesMissing):
        book.engine.publication.publish()
    assert book.engine.publication.newest() is None
    with pytest.raises(LogInconsistent):
        over(book, another_store(book.store.entries(0, 4)), cosigning=Cosigning()).publish()


def test_the_files_of_another_log_are_not_gone_on_with() -> None:
    book = Logbook()
    book.record()
    book.engine.publication.publish()
    with pytest.raises(LogInconsistent, match="another log"):
        over(book, book.store, origin="example.com/another").publish()


@pytest.mark.parametrize("fault", [PowerCut, lambda: StorageUnavailable("the disk is full")], ids=["cut", "full"])
def test_a_publication_cut_off_at_any_moment_leaves_the_old_checkpoint_or_the_new_one(fault: object) -> None:
    """Two files, before and after each; whatever was signed is known when it is done again."""
    for moment in range(1, 6):
        book = Logbook(fuse=Fuse(fault))  # type: ignore[arg-type]
        book.record(2)
        book.engine.publication.publish()
        book.record(2)
        book.fuse.arm(moment)
        try:
            book.engine.publication.publish()
        except (PowerCut, StorageUnavailable):
            assert published(book)[0] in {2, 4}
        assert book.fuse.disarm() == (moment < 5)
        book.restart()
        book.record()
        assert book.engine.publication.publish().size == 5
        assert published(book)[0] == 5


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"certchain/00/login-log\n5\n"], ids=["bytes", "empty", "cut"])
@pytest.mark.parametrize("name", ["signed", "checkpoint", "anchored"])
def test_a_spoiled_file_is_named_and_nothing_is_signed_over_it(name: str, content: bytes) -> None:
    book = Logbook()
    book.record()
    book.flush()
    book.record()
    kept = b"".join(book.files.read(name))
    book.files.write(name, [content])
    with pytest.raises(StorageUnavailable, match=f"'{name}' is damaged"):
        book.flush()
    assert b"".join(book.files.read(name)) == content
    for read in (
        book.engine.publication.checkpoint,
        book.engine.publication.published,
        book.engine.published.checkpoint,
    ):
        if name == "checkpoint":
            with pytest.raises(StorageUnavailable, match="'checkpoint' is damaged"):
                read()
        else:
            read()
    book.files.write(name, [kept])
    book.flush()
    assert published(book)[0] == 2


def test_the_newest_checkpoint_that_the_chain_has_is_kept_beside() -> None:
    book = Logbook()
    book.record()
    book.engine.publication.publish()
    note = book.engine.publication.checkpoint()
    book.engine.publication.keep_anchored(note)
    book.record()
    book.engine.publication.publish()
    book.restart()
    assert book.engine.publication.anchored() == note != book.engine.publication.checkpoint()


def test_what_is_published_can_be_read_beside_the_process_that_writes() -> None:
    """Checkpoint, tiles and bundles, from the same store and files."""
    book = Logbook()
    source = PublishedLog(book.store, book.files)
    with pytest.raises(UnknownRecord):
        source.checkpoint()
    book.record(300)
    checkpoint = book.engine.publication.publish()
    assert source.checkpoint() == book.engine.published.checkpoint() == book.engine.publication.checkpoint()
    assert tree_root(source, 300) == checkpoint.root
    assert source.bundle(1, 44) == book.store.bundle(1, 44)
