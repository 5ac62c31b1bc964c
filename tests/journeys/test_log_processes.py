"""A log on the disk, written by one process and read by another: each entry is seen whole, and gone once it is erased."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from certchain.encoding.leaf import leaf_bytes
from certchain.errors import LogInUse
from certchain.keys import SealingKey
from certchain.log import LogEngine, LogReader, PublishedLog
from certchain.log.publication import read_checkpoint
from certchain.merkle import inclusion_proof, leaf_hash, tree_root, verify_inclusion
from certchain.storage import DirectoryFileStore, SqlSubjectKeys, open_log_store
from tests.logbook import Logbook, login

ORIGIN = "example.com/log"
SEALING_KEY = SealingKey.generate()


def read_for(questions: Connection, folder: Path, sealing_key: bytes) -> None:
    """The reading process: asked for ``first``, it answers how many bodies it could open from there on, and how many it could not."""
    store, keys = (
        open_log_store(folder / "entries", write=False),
        SqlSubjectKeys(folder / "keys", SealingKey(sealing_key)),
    )
    reader, published = LogReader(store, keys, ORIGIN), PublishedLog(store, DirectoryFileStore(folder / "notes"))
    while (first := questions.recv()) is not None:
        entries = reader.entries(first, 10_000)
        checkpoint = read_checkpoint(published.checkpoint())
        assert tree_root(published, checkpoint.size) == checkpoint.root
        for logged in entries[:3]:
            if logged.leaf.index < checkpoint.size:
                proof = inclusion_proof(published, logged.leaf.index, checkpoint.size)
                verify_inclusion(leaf_hash(leaf_bytes(logged.leaf)), proof, checkpoint.root)
        assert [logged.leaf.index for logged in entries] == list(range(first, first + len(entries)))
        questions.send((len(entries), sum(logged.body is None for logged in entries)))
    keys.close()
    store.close()


@pytest.fixture
def written(tmp_path: Path) -> Iterator[LogEngine]:
    book = Logbook()
    keys = SqlSubjectKeys(tmp_path / "keys", SEALING_KEY)
    engine = LogEngine.over(
        store=open_log_store(tmp_path / "entries", write=True),
        keys=keys,
        files=DirectoryFileStore(tmp_path / "notes"),
        ledger=book.chain,
        identity=book.server,
        origin=ORIGIN,
    )
    yield engine
    engine.close()
    keys.close()


@pytest.fixture
def other(tmp_path: Path, written: LogEngine) -> Iterator[Connection]:
    written.writer.record(login())
    written.publication.publish()
    ours, theirs = multiprocessing.Pipe()
    arguments = (theirs, tmp_path, SEALING_KEY.value)
    process = multiprocessing.get_context("spawn").Process(target=read_for, args=arguments, daemon=True)
    process.start()
    yield ours
    ours.send(None)
    process.join(30)
    assert process.exitcode == 0


def ask(other: Connection, first: int) -> tuple[int, int]:
    other.send(first)
    assert other.poll(60), "the other process does not answer"
    answer: tuple[int, int] = other.recv()
    return answer


def test_what_one_process_writes_another_reads(written: LogEngine, other: Connection) -> None:
    seen = 1
    for count in (1, 255, 700, 3):
        written.writer.submit([login(user % 7) for user in range(count)]).wait()
        seen += count
        written.publication.publish()
        assert ask(other, 0) == (seen, 0)
        assert ask(other, seen - 1) == (1, 0)


def test_a_reader_sees_whole_entries_only_while_they_are_written(written: LogEngine, other: Connection) -> None:
    ticket = None
    for _ in range(30):
        ticket = written.writer.submit([login()] * 50)
        other.send(0)
        ticket.wait()
        written.publication.publish()
        assert other.poll(60)
        count, erased = other.recv()
        assert 1 <= count <= written.writer.size()
        assert erased == 0
    assert ask(other, 0) == (1501, 0)


def test_what_was_erased_in_one_process_is_gone_in_the_other(
    written: LogEngine, other: Connection, tmp_path: Path
) -> None:
    """Though the other has had the key in its hands before."""
    written.writer.submit([login(5)] * 3).wait()
    assert ask(other, 0) == (4, 0)
    keys = SqlSubjectKeys(tmp_path / "keys", SEALING_KEY)
    assert keys.destroy([written.store.entries(1, 1)[0].key]) == 1
    keys.close()
    assert ask(other, 0) == (4, 3)


def test_a_log_has_one_writer(written: LogEngine, tmp_path: Path) -> None:
    with pytest.raises(LogInUse):
        open_log_store(tmp_path / "entries", write=True)
    written.writer.record(login())
    written.close()
    open_log_store(tmp_path / "entries", write=True).close()
