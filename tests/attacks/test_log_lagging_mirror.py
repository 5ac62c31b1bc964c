"""Attack, and none: a source other than the log's server shows fewer entries than were seen. It may be a mirror that lags."""

from dataclasses import replace

import pytest

from certchain.errors import (
    CheckpointOutdated,
    DatabaseRolledBack,
    EntryChanged,
    GarbageOnChain,
    LogGap,
    SplitView,
    UnknownTile,
)
from certchain.merkle import tile_width
from certchain.models.log import LogMode
from tests.audited import RawLog, Served, Watch, changed


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


class Stopped(RawLog):
    """It has the tiles of its own size, and none that is narrower."""

    def tile(self, level: int, index: int, width: int = 256) -> bytes:
        if width != tile_width(level, index, len(self.leaves)):
            raise UnknownTile(str(level), index, width)
        return super().tile(level, index, width)


def mirror(watch: Watch, size: int) -> RawLog:
    """What an honest mirror has that has stopped there: those leaves, their tiles and no others."""
    raw = watch.signed(watch.leaves()[:size])
    return Stopped(raw.leaves, raw.note)


@pytest.mark.parametrize("size", [0, 100, 150, 256])
def test_a_mirror_that_lags_accuses_nobody(watch: Watch, size: int) -> None:
    """Not at the first audit, and not behind what was seen; what was seen is not forgotten for it."""
    log = watch.followed(mirror(watch, size), anchored=None)
    for deed in (watch.auditor.audit, watch.auditor.follow):
        with pytest.raises(CheckpointOutdated) as caught:
            deed(log)
        assert (caught.value.size, caught.value.seen_size) == (size, 300)
    assert watch.store.names() == ()
    watch.auditor.audit(watch.followed())
    names = watch.store.names()
    for deed in (watch.auditor.audit, watch.auditor.follow):
        with pytest.raises(CheckpointOutdated):
            deed(log)
    assert watch.store.names() == names
    assert watch.auditor.audit(watch.followed(anchored=None)).size == 300


def test_a_mirror_behind_what_the_chain_has_not_got_yet_accuses_nobody(watch: Watch) -> None:
    watch.book.record(50)
    watch.book.engine.publication.publish()
    watch.auditor.audit(watch.followed())
    with pytest.raises(CheckpointOutdated):
        watch.auditor.audit(watch.followed(mirror(watch, 320), anchored=None))


def test_a_smaller_log_that_the_chain_contradicts_is_not_taken_for_a_mirror_that_lags(watch: Watch) -> None:
    leaves = watch.leaves()[:200]
    forged = watch.signed([*leaves[:150], changed(leaves[150]), *leaves[151:]])
    with pytest.raises((EntryChanged, GarbageOnChain)) as caught:
        watch.auditor.audit(watch.followed(forged, anchored=None))
    assert watch.proven(caught.value).relies_on == ()


@pytest.mark.parametrize(
    ("later", "kind"), [(1, DatabaseRolledBack), (0, CheckpointOutdated), (-1, CheckpointOutdated)]
)
def test_a_witness_s_times_tell_a_rollback_from_a_lag(watch: Watch, later: int, kind: type[Exception]) -> None:
    """It cosigned the smaller log after the larger: then the log did show it again."""
    at = 1_700_000_100
    newer = Served(watch.wanda.cosign(watch.honest.note, at), watch.book.store, watch.book.store)
    watch.auditor.audit(watch.followed(newer, quorum=1))
    older = mirror(watch, 200)
    older = replace(older, note=watch.wanda.cosign(older.note, at + later))
    with pytest.raises(kind):
        watch.auditor.audit(watch.followed(older, anchored=None, quorum=1))


def test_a_mirror_that_passed_over_the_size_that_was_seen_is_followed(watch: Watch) -> None:
    """It has the tiles of its own size only; they begin as those of every smaller one do."""
    watch.book.record(50)
    watch.book.engine.publication.publish()
    watch.auditor.follow(watch.followed())
    early = watch.honest.note
    watch.book.record(50)
    watch.book.flush()
    passed = mirror(watch, 400)
    assert watch.auditor.follow(watch.followed(passed, anchored=None)).size == 400
    smaller = watch.sign(watch.book.store, 120)
    assert watch.auditor.compare(watch.followed(passed), early, smaller).size == 400


class Withholds(RawLog):
    """Without the third tile of leaf hashes."""

    def tile(self, level: int, index: int, width: int = 256) -> bytes:
        return RawLog(()).tile(level, index, width) if (level, index) == (0, 2) else super().tile(level, index, width)


@pytest.mark.parametrize("anchored", [True, False])
def test_a_fork_whose_tiles_are_withheld_is_not_followed(watch: Watch, anchored: bool) -> None:
    """No leaf is read by the light audit: what does not show that the log was continued is a gap, and nothing is kept of it."""
    watch.book.record(250)
    watch.book.engine.publication.publish()
    word = {} if anchored else {"anchored": None}
    watch.auditor.follow(watch.followed(**word))
    (state,) = watch.store.names()
    before = b"".join(watch.store.read(state))
    leaves = watch.leaves()
    rest = [replace(changed(leaves[520]), index=index) for index in range(520, 900)]
    forged = watch.signed([*leaves[:520], *rest])
    with pytest.raises(LogGap) as caught:
        watch.auditor.follow(watch.followed(Withholds(forged.leaves, forged.note), **word))
    assert watch.proven(caught.value).relies_on == ("auditor",)
    assert b"".join(watch.store.read(state)) == before
    with pytest.raises(SplitView):
        watch.auditor.follow(watch.followed(forged, **word))
    assert watch.auditor.follow(watch.followed(**word)).size == 550


def test_a_fork_of_what_the_server_has_anchored_is_not_followed_without_its_tiles(watch: Watch) -> None:
    """Nothing was seen before; the server's own word on the chain is what the log has to continue."""
    watch.grow(250)
    anchored = watch.anchored
    shorter = Watch(watch.mode)
    leaves = watch.leaves()
    forged = watch.signed([*leaves[:520], *(replace(changed(leaves[520]), index=i) for i in range(520, 900))])
    log = watch.followed(Withholds(forged.leaves, forged.note), chain=shorter.book.chain, anchored=lambda: anchored)
    with pytest.raises(LogGap):
        watch.auditor.follow(log)
