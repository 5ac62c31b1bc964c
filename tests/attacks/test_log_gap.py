"""Attack: something of the log is withheld, or what entries said is lost or replaced without a record."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from certchain.encoding.leaf import leaf_bytes
from certchain.errors import (
    BodyNotCommitted,
    ErasedWithoutRecord,
    KeyNotInForce,
    LedgerMisbehaved,
    LogGap,
    PeerUnavailable,
    UnknownTile,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.models.entry import ErasureEntry, HoldEntry, ReleaseEntry, Subject, SubjectKind
from certchain.models.log import TILE_WIDTH, LogBatch, LoggedEntry, LogMode
from certchain.roles.auditor import ServerEntries
from tests.audited import RawLog, Served, Watch
from tests.faults import Fuse, Fused
from tests.industry import NOON
from tests.keeping import Keeping
from tests.logbook import enrol, login


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


# --------------------------------------------------------------------------------------------------- tiles and bundles


@dataclass(frozen=True)
class Without:
    """A log whose source has lost, or withholds, some of its tiles or bundles."""

    inner: Any
    tile_at: tuple[int, int] | None = None
    bundle_at: int | None = None
    problem: Exception | None = None

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        if self.tile_at == (level, index):
            raise self.problem or UnknownTile(str(level), index, width)
        row: bytes = self.inner.tile(level, index, width)
        return row

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        if self.bundle_at == index:
            raise self.problem or UnknownTile("entries", index, width)
        row: bytes = self.inner.bundle(index, width)
        return row


def shown(watch: Watch, source: Without) -> Served:
    return Served(watch.honest.note, source, source)


@pytest.mark.parametrize("index", [0, 1])
def test_a_bundle_that_is_withheld_is_a_gap_and_the_log_is_whole_again_when_it_comes_back(
    watch: Watch, index: int
) -> None:
    log = watch.followed(shown(watch, Without(watch.book.store, bundle_at=index)))
    with pytest.raises(LogGap) as caught:
        watch.auditor.audit(log)
    assert caught.value.index == index * 256
    assert watch.proven(caught.value).relies_on == ("auditor",)
    assert watch.auditor.audit(watch.followed()).size == 300


def test_tiles_that_are_withheld_are_a_gap_for_the_light_audit(watch: Watch) -> None:
    log = watch.followed(shown(watch, Without(watch.book.store, tile_at=(0, 1))))
    with pytest.raises(LogGap) as caught:
        watch.auditor.follow(log)
    watch.proven(caught.value)
    assert watch.auditor.follow(watch.followed()).size == 300


def test_a_source_that_is_away_is_no_finding(watch: Watch) -> None:
    """Nobody is accused while the line is down; nothing is kept."""
    problem = PeerUnavailable("the log", "nobody is there")
    for source in (Without(watch.book.store, bundle_at=1, problem=problem),):
        with pytest.raises(PeerUnavailable):
            watch.auditor.audit(watch.followed(shown(watch, source)))
    with pytest.raises(PeerUnavailable):
        watch.auditor.follow(watch.followed(shown(watch, Without(watch.book.store, tile_at=(0, 1), problem=problem))))
    assert watch.store.names() == ()


@pytest.mark.parametrize(
    "leaves",
    [
        pytest.param(lambda raw: [*raw[:9], b"no leaf", *raw[10:]], id="something else"),
        pytest.param(lambda raw: [*raw[:9], raw[9] + b"\0", *raw[10:]], id="longer"),
        pytest.param(lambda raw: [*raw[:9], b"\1" + raw[9][1:], *raw[10:]], id="another frame"),
        pytest.param(lambda raw: [*raw[:9], b"", *raw[10:]], id="empty"),
    ],
)
def test_what_is_no_leaf_is_found_even_when_it_is_signed_for(watch: Watch, leaves: Any) -> None:
    source = watch.signed(leaves([leaf_bytes(leaf) for leaf in watch.leaves()]))
    with pytest.raises(LogGap) as caught:
        watch.auditor.audit(watch.followed(source, chain=Watch(watch.mode).book.chain, anchored=None))
    assert caught.value.index == 0
    watch.proven(caught.value)


def test_a_signed_root_that_no_leaves_lead_to_is_a_gap(watch: Watch) -> None:
    """The server signs for a tree of which it shows nothing."""
    raw = RawLog(tuple(leaf_bytes(replace(leaf, at=leaf.at - 1)) for leaf in watch.leaves()))
    log = watch.followed(
        Served(watch.sign(raw, 300), watch.book.store, watch.book.store),
        chain=Watch(watch.mode).book.chain,
        anchored=None,
    )
    for deed in (watch.auditor.audit, watch.auditor.follow):
        with pytest.raises(LogGap) as caught:
            deed(log)
        watch.proven(caught.value)


# --------------------------------------------------------------------------------------------------------------- nodes


def test_a_node_that_leaves_batches_out_or_changes_them_is_not_believed(watch: Watch) -> None:
    """The chain computes or checks its roots itself: then it is the node that lies."""

    class Forgetful(Fused):
        def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
            return ()

    class Shifted(Fused):
        def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
            return tuple(replace(batch, first_index=start + 1) for batch in self._inner.batches(start, limit))

    class Emptied(Fused):
        def batches(self, start: int, limit: int) -> tuple[LogBatch, ...]:
            hashes = () if watch.mode is LogMode.RECORDED else (watch.book.chain.root(),)
            return tuple(replace(batch, leaf_hashes=hashes) for batch in self._inner.batches(start, limit))

    for kind in (Forgetful, Shifted, Emptied):
        with pytest.raises(LedgerMisbehaved):
            watch.auditor.audit(watch.followed(chain=kind(watch.book.chain, Fuse(), ())))
    assert watch.auditor.audit(watch.followed()).on_chain == 300


# -------------------------------------------------------------------------------------------------------------- bodies


@dataclass(frozen=True)
class Entries:
    """An ``EntrySource`` that gives what a test says, in pages of any size."""

    logged: tuple[LoggedEntry, ...]
    page: int = 77

    def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
        return self.logged[first : first + min(limit, self.page)]


def everything(watch: Watch) -> list[LoggedEntry]:
    return list(watch.book.everything())


def erased(logged: LoggedEntry) -> LoggedEntry:
    return replace(logged, body=None)


def test_a_body_that_was_replaced_is_found(watch: Watch) -> None:
    log = everything(watch)
    for index in (0, 255, 299):
        lie = replace(log[index], body=log[index - 1].body)
        with pytest.raises(BodyNotCommitted) as caught:
            watch.auditor.audit(watch.followed(entries=Entries((*log[:index], lie, *log[index + 1 :]))), whole=True)
        assert caught.value.index == index
        assert watch.proven(caught.value).relies_on == ("auditor",)
    report = watch.auditor.audit(watch.followed(entries=Entries(tuple(log))), whole=True)
    assert (report.bodies, report.erased) == (300, 0)


def test_an_entry_with_another_leaf_is_found(watch: Watch) -> None:
    """What it says fits its leaf; its leaf is not the one that was signed for."""
    log = everything(watch)
    for lie in (log[10], erased(log[10])):
        with pytest.raises(BodyNotCommitted) as caught:
            watch.auditor.audit(watch.followed(entries=Entries((*log[:9], lie, *log[10:]))), whole=True)
        assert caught.value.index == 9
        watch.proven(caught.value)


def test_entries_that_the_server_does_not_give_are_a_gap(watch: Watch) -> None:
    with pytest.raises(LogGap) as caught:
        watch.auditor.audit(watch.followed(entries=Entries(tuple(everything(watch)[:200]))))
    assert caught.value.index == 200
    watch.proven(caught.value)


def test_a_body_that_is_gone_without_a_record_is_found(watch: Watch) -> None:
    log = everything(watch)
    with pytest.raises(ErasedWithoutRecord) as caught:
        watch.auditor.audit(watch.followed(entries=Entries((*log[:9], erased(log[9]), *log[10:]))))
    assert caught.value.index == 9
    assert watch.proven(caught.value).relies_on == ("auditor",)


def test_a_body_that_was_erased_by_a_record_of_the_log_is_no_finding() -> None:
    """Alice asks to be forgotten; Boris' entries are still read."""
    keeping = Keeping()
    watch = Watch()
    watch.book = keeping.book
    keeping.book.record(5, user=1)
    keeping.book.record(5, user=2)
    keeping.retention.erase(Subject(SubjectKind.USER, 1), "her request")
    keeping.book.record(3, user=2)
    keeping.book.flush()

    report = watch.auditor.audit(watch.followed(entries=keeping.book.engine.reader))

    assert (report.bodies, report.erased) == (9, 5)


def test_a_body_that_was_erased_a_moment_ago_is_awaited_in_the_next_checkpoint(watch: Watch) -> None:
    """Its record is in the log, and not signed for yet."""
    record = ErasureEntry(Subject(SubjectKind.USER, 1), NOON + 1, "her request")
    watch.book.engine.writer.record(record)
    log = [erased(logged) if logged.leaf.index == 9 else logged for logged in everything(watch)]
    assert watch.auditor.audit(watch.followed(entries=Entries(tuple(log)))).erased == 1

    with pytest.raises(ErasedWithoutRecord) as caught:  # it was shown once, and never signed for
        watch.auditor.audit(watch.followed(entries=Entries(tuple(log[:300]))))
    assert caught.value.index == 9

    watch.book.flush()
    assert watch.auditor.audit(watch.followed(entries=Entries(tuple(log)))).size == 301


@pytest.mark.parametrize("before", [0, NOON - 40 * 86_400])
def test_a_record_explains_no_entry_that_is_younger_than_it_reaches(watch: Watch, before: int) -> None:
    watch.book.engine.writer.record(ErasureEntry(Subject(SubjectKind.USER, 1), before, "retention"))
    watch.book.flush()
    log = [erased(logged) if logged.leaf.index == 9 else logged for logged in everything(watch)]
    with pytest.raises(ErasedWithoutRecord):
        watch.auditor.audit(watch.followed(entries=Entries(tuple(log))))


def test_a_record_explains_nothing_that_was_logged_after_it(watch: Watch) -> None:
    watch.book.engine.writer.record(ErasureEntry(Subject(SubjectKind.USER, 1), NOON + 1, "her request"))
    watch.book.engine.writer.record(login())
    watch.book.flush()
    log = [erased(logged) if logged.leaf.index == 301 else logged for logged in everything(watch)]
    with pytest.raises(ErasedWithoutRecord) as caught:
        watch.auditor.audit(watch.followed(entries=Entries(tuple(log))))
    assert caught.value.index == 301


def test_an_erasure_under_a_hold_explains_nothing(watch: Watch) -> None:
    """What was held is gone all the same; the hold may be of an audit before."""
    alice = Subject(SubjectKind.USER, 1)
    watch.book.engine.writer.record(HoldEntry(alice, "court", "case 7"))
    watch.book.flush()
    watch.auditor.audit(watch.followed(entries=Entries(tuple(everything(watch)))))
    watch.book.record()
    watch.book.engine.writer.record(ErasureEntry(alice, NOON + 1, "retention"))
    watch.book.flush()
    log = [erased(logged) if logged.leaf.index == 301 else logged for logged in everything(watch)]
    with pytest.raises(ErasedWithoutRecord):
        watch.auditor.audit(watch.followed(entries=Entries(tuple(log))))

    watch.book.engine.writer.record(ReleaseEntry(alice, "court", "the case is closed"))
    watch.book.engine.writer.record(ErasureEntry(alice, NOON + 1, "her request"))
    watch.book.flush()
    log += watch.book.everything()[303:]
    assert watch.auditor.audit(watch.followed(entries=Entries(tuple(log))), whole=True).erased == 1


def test_only_an_auditor_gets_entries() -> None:
    """They tell who controls what, and when."""
    book = Watch().grow(100).book
    assert len(ServerEntries(book.channel(), book.auditor_identity).entries(0, 3)) == 3
    with pytest.raises(WrongSigner, match="auditor"):
        ServerEntries(book.channel(), enrol(book.accounts, KeyPair.generate())).entries(0, 1)
    thief = replace(book.auditor_identity, keys=KeyPair.generate())
    with pytest.raises(KeyNotInForce):
        ServerEntries(book.channel(), thief).entries(0, 1)
