"""The whole engine, whatever is done to it in whatever order: what it has said stays true."""

import contextlib
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from certchain.errors import LedgerUnavailable, StorageUnavailable
from certchain.log.publication import read_checkpoint
from certchain.merkle import consistency_proof, root, tree_root, verify_consistency
from certchain.models.entry import LogEntry
from certchain.models.log import Checkpoint, LogMode
from certchain.verification.checkpoint import verify_checkpoint
from tests.faults import Fuse, PowerCut
from tests.logbook import Logbook, leaf_hashes, login

FAULTS = (PowerCut, lambda: StorageUnavailable("full"), lambda: LedgerUnavailable("away"))


@dataclass
class History:
    """A log, and everything that it has ever said."""

    book: Logbook
    acknowledged: dict[int, LogEntry] = field(default_factory=dict)
    checkpoints: list[Checkpoint] = field(default_factory=list)
    anchored: int = -1

    def record(self, count: int) -> None:
        entries = [login(number % 3) for number in range(count)]
        self.acknowledged |= zip(self.book.engine.writer.submit(entries).wait(), entries, strict=True)

    def publish(self, _: int) -> None:
        self.book.engine.publication.publish()

    def anchor(self, _: int) -> None:
        self.book.engine.anchor.flush()

    def turn(self, _: int) -> None:
        self.book.flush()

    def restart(self, _: int) -> None:
        self.book.restart()

    def break_down(self, moment: int) -> None:
        self.book.fuse.fault = FAULTS[moment % 3]
        self.book.fuse.arm(moment)

    def go_back(self, seconds: int) -> None:
        self.book.clock.seconds -= seconds

    def do(self, deed: str, number: int) -> None:
        try:
            getattr(self, deed)(number)
        except PowerCut:
            self.book.restart()
        except (StorageUnavailable, LedgerUnavailable):
            pass
        self.require_truth()

    def require_truth(self) -> None:
        book = self.book
        size, chain = book.store.size(), book.chain.size()
        assert (book.chain.root(), chain <= size) == (tree_root(book.store, chain), True)
        note, anchored = book.engine.publication.newest(), book.engine.publication.anchored()
        if note is not None:
            self.require_continuation(verify_checkpoint(note, book.server.keys.public))
        if anchored is not None:
            assert self.anchored <= read_checkpoint(anchored).size <= chain
            self.anchored = read_checkpoint(anchored).size
        assert book.engine.anchor.lacking(size) >= size - chain, "never said to be nearer than it is"

    def require_continuation(self, checkpoint: Checkpoint) -> None:
        last = self.checkpoints[-1] if self.checkpoints else checkpoint
        assert last.size <= checkpoint.size <= self.book.store.size()
        proof = consistency_proof(self.book.store, last.size, checkpoint.size)
        assert verify_consistency(proof, last.root, checkpoint.root) == checkpoint.root
        self.checkpoints.append(checkpoint)

    def require_everything(self) -> None:
        """In the end, with nothing broken, everything that was ever answered is there, in order, and on the chain."""
        self.book.fuse.disarm()
        self.book.restart()
        self.book.flush()
        self.require_truth()
        logged = self.book.everything()
        said: dict[int, Any] = {kept.leaf.index: kept.body and kept.body.entry for kept in logged}
        assert self.acknowledged.items() <= said.items()
        assert list(said) == list(range(self.book.chain.size()))
        assert sorted(kept.leaf.at for kept in logged) == [kept.leaf.at for kept in logged]
        assert self.book.chain.root() == root(leaf_hashes(self.book.store))


DEEDS = st.one_of(
    st.tuples(st.just("record"), st.integers(1, 9)),
    st.tuples(st.sampled_from(["publish", "anchor", "turn", "restart"]), st.just(0)),
    st.tuples(st.just("break_down"), st.integers(1, 14)),
    st.tuples(st.just("go_back"), st.integers(-100, 100)),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(LogMode), st.integers(1, 5), st.lists(DEEDS, max_size=25))
def test_whatever_happens_in_whatever_order_what_the_log_has_said_stays_true(
    mode: LogMode, batch_limit: int, deeds: list[tuple[str, int]]
) -> None:
    history = History(Logbook(mode=mode, batch_limit=batch_limit, fuse=Fuse()))
    for deed, number in deeds:
        history.do(deed, number)
    history.require_everything()


def test_the_engine_closes_in_the_middle_of_its_work() -> None:
    book = Logbook()
    book.engine.keeper.start()
    ticket = book.engine.writer.submit([login()])
    book.engine.close()
    with contextlib.suppress(StorageUnavailable):
        ticket.wait()
    book.restart()
    book.record()
    assert book.flush() == book.store.size()
