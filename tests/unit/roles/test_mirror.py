"""A mirror has all of a log or what it had before: of a bad source it keeps nothing, and a crash costs it nothing."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from certchain.config import SystemClock
from certchain.config.lock import held
from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.tile import ENTRIES, TileLevel, tile_path
from certchain.errors import (
    CertchainError,
    CheckpointInvalid,
    CheckpointOutdated,
    CosignaturesMissing,
    IndexOutOfRange,
    LogDamaged,
    LogInUse,
    NotConsistent,
    NotIncluded,
    PeerUnavailable,
    StorageUnavailable,
    TileInvalid,
    UnknownRecord,
    UnknownTile,
)
from certchain.keys import KeyPair
from certchain.log.publication import read_checkpoint
from certchain.merkle import leaf_hash, tree_root, verify_inclusion
from certchain.models.log import TILE_WIDTH
from certchain.roles.mirror import Mirror
from certchain.roles.witness import Witness
from certchain.storage import MemoryFileStore
from certchain.storage.tiles import DirectoryLogSource, TileFolder
from tests.audited import Watch
from tests.faults import Fuse, PowerCut
from tests.published import PublishedLog, quorum

Change = Callable[[bytes], bytes]


@dataclass
class Source:
    """A log as a server shows it, which counts what it is asked for, and may show some rows as they are not."""

    log: PublishedLog
    changes: dict[tuple[TileLevel, int], Change] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    away_after: int | None = None

    def checkpoint(self) -> str:
        return self.log.checkpoint()

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._shown(level, index, width, self.log.tile(level, index, width))

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._shown(ENTRIES, index, width, self.log.bundle(index, width))

    def _shown(self, level: TileLevel, index: int, width: int, row: bytes) -> bytes:
        if self.away_after is not None and len(self.asked) >= self.away_after:
            raise PeerUnavailable("the log", "it is gone")
        self.asked.append(tile_path(level, index, width))
        return self.changes.get((level, index), bytes)(row)


@dataclass
class Mirrored:
    folder: Path
    log: PublishedLog
    source: Source

    def mirror(self) -> Mirror:
        return Mirror(self.source, self.folder, self.log.verify)

    def sync(self, size: int | None = None) -> None:
        self.log.publish(size)
        assert self.mirror().sync().size == self.log.verify(self.log.note).size

    def files(self) -> dict[str, bytes]:
        """What a file server would serve."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths if path.name != ".lock"}

    def require_all(self, size: int) -> None:
        """Every entry up to ``size`` is proven from the folder alone."""
        mirror = self.mirror()
        for index in {0, 1, 255, 256, size // 2, size - 2, size - 1} & set(range(size)):
            leaf, proof, note = mirror.prove(index)
            assert (leaf.index, proof.size) == (index, size)
            verify_inclusion(leaf_hash(leaf_bytes(leaf)), proof, self.log.verify(note).root)


@pytest.fixture
def mirrored(tmp_path: Path) -> Mirrored:
    log = PublishedLog()
    return Mirrored(tmp_path / "mirror", log, Source(log))


SIZES = (0, 1, 2, 255, 256, 257, 300, 511, 512, 700, 2000)


def test_a_mirror_follows_a_log_from_its_first_entry(mirrored: Mirrored) -> None:
    """At every size it has exactly the checkpoint, and the tiles and leaves of its tree."""
    for size in SIZES:
        mirrored.log.append(size - mirrored.log.store.size())
        mirrored.sync()
        assert mirrored.mirror().checkpoint() == mirrored.log.note
        mirrored.require_all(size)


def test_a_row_is_asked_for_once(mirrored: Mirrored) -> None:
    """Only what is new is fetched: full rows never again, partial ones when they have grown."""
    mirrored.log.append(700)
    for size in (300, 700):
        mirrored.sync(size)
    asked = mirrored.source.asked
    assert len(set(asked)) == len(asked)
    assert asked == [
        *("tile/0/001.p/44", "tile/1/000.p/1", "tile/0/000", "tile/entries/000", "tile/entries/001.p/44"),
        *("tile/0/002.p/188", "tile/1/000.p/2", "tile/0/001", "tile/entries/001", "tile/entries/002.p/188"),
    ]


def test_nothing_new_costs_one_question(mirrored: Mirrored) -> None:
    mirrored.log.append(300)
    mirrored.sync()
    mirrored.source.asked.clear()
    before = mirrored.files()
    mirrored.sync()
    assert (mirrored.source.asked, mirrored.files()) == ([], before)


def test_a_checkpoint_of_the_same_tree_replaces_the_one_before(mirrored: Mirrored) -> None:
    """As one with more cosignatures does."""
    mirrored.log.append(300)
    mirrored.sync()
    keys = KeyPair.generate()
    witness = Witness("w", keys, {mirrored.log.origin: [mirrored.log.key]}, MemoryFileStore(), SystemClock())
    lines = witness.add_checkpoint(mirrored.log.request(0, 300))
    cosigned = mirrored.log.cosigned(lines, {"w": keys.public.signing})
    mirrored.mirror().sync()
    assert mirrored.mirror().checkpoint() == cosigned != mirrored.log.signed(300)


def test_the_folder_is_laid_out_as_the_specification_says(mirrored: Mirrored) -> None:
    """C2SP tlog-tiles; the partial tiles of a checkpoint stay until their place is full."""
    mirrored.log.append(600)
    for size in (10, 20):
        mirrored.sync(size)
    assert {"tile/0/000.p/10", "tile/0/000.p/20", "tile/entries/000.p/10"} <= set(mirrored.files())
    mirrored.sync(600)
    assert set(mirrored.files()) == {
        *("checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"),
        *("tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"),
    }


# -------------------------------------------------------------------------------------------------------- bad sources


@contextmanager
def unchanged(mirrored: Mirrored, error: type[CertchainError] | tuple[type[CertchainError], ...]) -> Iterator[None]:
    """What is tried fails, and the log of the checkpoint before is there as it was."""
    before = mirrored.files()
    with pytest.raises(error):
        yield
    after = mirrored.files()
    assert before.items() <= after.items()
    if "checkpoint" in before:
        mirrored.require_all(Mirror(mirrored.source, mirrored.folder, mirrored.log.verify)._mirrored().size)  # type: ignore[union-attr]
    assert ("checkpoint" in before) == ("checkpoint" in after)


def flipped(row: bytes) -> bytes:
    return row[:-1] + bytes([row[-1] ^ 1])


def exchanged(row: bytes) -> bytes:
    half = len(row) // 2
    return row[half:] + row[:half]


CHANGES: tuple[Change, ...] = (flipped, exchanged, lambda row: row[:-1], lambda row: b"", lambda row: row + row)


@pytest.mark.parametrize("place", [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (ENTRIES, 0), (ENTRIES, 1), (ENTRIES, 3)])
@pytest.mark.parametrize("before", [0, 300])
def test_a_source_with_other_content_changes_nothing(
    mirrored: Mirrored, before: int, place: tuple[TileLevel, int]
) -> None:
    """A changed, exchanged, cut or doubled tile or bundle, in a new mirror and in one that goes on."""
    mirrored.log.append(900)
    if before:
        mirrored.sync(before)
    mirrored.log.publish()
    has_it = before == 300 and place in {(0, 0), (ENTRIES, 0)}  # and does not ask for it again
    for change in () if has_it else CHANGES:
        mirrored.source.changes[place] = change
        with unchanged(mirrored, CertchainError):
            mirrored.mirror().sync()
    if not has_it:
        mirrored.source.changes.clear()
    mirrored.mirror().sync()
    mirrored.require_all(900)


def test_a_fork_is_refused(mirrored: Mirrored) -> None:
    """Signed by the log's own key, with all its tiles in order: it does not continue what the mirror has."""
    mirrored.log.append(600)
    mirrored.sync()
    mirrored.source.log = mirrored.log.twin(500).append(400)
    mirrored.source.log.publish()
    with unchanged(mirrored, NotConsistent):
        mirrored.mirror().sync()
    mirrored.source.log = mirrored.log.twin(599).append(1)
    mirrored.source.log.publish()
    with unchanged(mirrored, NotConsistent):
        mirrored.mirror().sync()


def test_the_log_as_it_was_is_refused_and_told_from_a_fork(mirrored: Mirrored) -> None:
    """A replayed checkpoint is of the same log; a smaller one of another log is evidence against it."""
    mirrored.log.append(600)
    mirrored.sync()
    for size in (0, 1, 256, 599):
        mirrored.log.publish(size)
        with unchanged(mirrored, CheckpointOutdated):
            mirrored.mirror().sync()
    mirrored.source.log = mirrored.log.twin(300).append(5)
    mirrored.source.log.publish()
    with unchanged(mirrored, NotConsistent):
        mirrored.mirror().sync()


def test_a_checkpoint_that_the_log_has_not_signed_is_refused(mirrored: Mirrored) -> None:
    mirrored.log.append(300)
    mirrored.source.log = PublishedLog().append(300)
    mirrored.source.log.publish()
    with unchanged(mirrored, CheckpointInvalid):
        mirrored.mirror().sync()


def test_a_checkpoint_without_its_quorum_is_refused(mirrored: Mirrored) -> None:
    mirrored.log.append(300).publish()
    witnesses = {"w": KeyPair.generate().public.signing}
    mirror = Mirror(mirrored.source, mirrored.folder, quorum(mirrored.log, witnesses, 1))
    with unchanged(mirrored, CosignaturesMissing):
        mirror.sync()


def test_a_checkpoint_whose_tiles_are_not_there_is_refused(mirrored: Mirrored) -> None:
    """The log signs for more than it shows."""
    mirrored.log.append(300)
    mirrored.source.log = mirrored.log.twin(200)
    mirrored.source.log.note = mirrored.log.publish()
    with unchanged(mirrored, UnknownTile):
        mirrored.mirror().sync()


# ------------------------------------------------------------------------------------------------------------- crashes


def test_a_copy_that_was_cut_off_goes_on_where_it_was(mirrored: Mirrored) -> None:
    """After each of its questions in turn; nothing that was kept is asked for again."""
    mirrored.log.append(700).publish()
    for answered in range(1, 20):
        mirrored.source.asked.clear()
        mirrored.source.away_after = answered
        try:
            mirrored.mirror().sync()
            break
        except PeerUnavailable:
            assert "checkpoint" not in mirrored.files()
    mirrored.require_all(700)
    assert len(mirrored.source.asked) < 10


@pytest.mark.parametrize("method", ["keep", "publish", "drop_partials", "_put", "_sync"])
def test_a_power_cut_at_any_moment_leaves_a_whole_log(
    mirrored: Mirrored, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before or after each thing that is done to the folder: the old log or the new one is there, and the next copy ends well."""
    mirrored.log.append(700)
    mirrored.sync(300)
    fuse, done = Fuse(), getattr(TileFolder, method)

    def touching(*arguments: object, **named: object) -> object:
        fuse.touch()
        result = done(*arguments, **named)
        fuse.touch()
        return result

    monkeypatch.setattr(TileFolder, method, touching)
    mirrored.log.publish(700)
    burnt, moment = True, 0
    while burnt:
        moment += 1
        fuse.arm(moment)
        try:
            mirrored.mirror().sync()
        except PowerCut:
            shown = Mirror(mirrored.source, mirrored.folder, mirrored.log.verify)._mirrored()
            assert shown is not None
            mirrored.require_all(shown.size)
            assert shown.size in {300, 700}
        burnt = fuse.disarm()
    assert moment > 1
    mirrored.require_all(700)
    assert not list((mirrored.folder / ".partial").iterdir())


def test_what_a_crash_left_half_written_is_removed(mirrored: Mirrored) -> None:
    mirrored.log.append(5)
    mirrored.sync()
    (mirrored.folder / ".partial" / "half").write_bytes(b"half")
    mirrored.sync()
    assert not list((mirrored.folder / ".partial").iterdir())


def test_a_row_that_a_crash_left_wrong_is_fetched_again(mirrored: Mirrored) -> None:
    """Whatever lies in the folder beyond the checkpoint is checked as if a stranger had sent it."""
    mirrored.log.append(700).publish()
    for path in ("tile/0/000", "tile/entries/000", "tile/0/002.p/188"):
        place = mirrored.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(bytes(8192) if path.endswith("000") else b"")
    mirrored.sync()
    mirrored.require_all(700)


@pytest.mark.parametrize("torn", [b"", bytes(100), b"\xff\xfe", "cut"], ids=["empty", "zeros", "no text", "cut"])
def test_a_mirror_whose_checkpoint_cannot_be_read_begins_again_from_its_tiles(
    mirrored: Mirrored, torn: bytes | str, caplog: pytest.LogCaptureFixture
) -> None:
    """It does not stay behind for ever, and asks for nothing that it has."""
    mirrored.log.append(700)
    mirrored.sync(300)
    place = mirrored.folder / "checkpoint"
    place.write_bytes(place.read_bytes()[:-30] if isinstance(torn, str) else torn)
    mirrored.source.asked.clear()
    mirrored.sync(700)
    mirrored.require_all(700)
    assert "tile/0/000" not in mirrored.source.asked
    assert "cannot be read" in caplog.text


def test_a_checkpoint_is_on_the_disk_before_it_has_its_name(
    mirrored: Mirrored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the folder is synced after: a power cut leaves one checkpoint or the other."""
    mirrored.log.append(700)
    mirrored.sync(300)
    mirrored.log.publish(700)
    place, fsync = mirrored.folder / "checkpoint", os.fsync
    before, synced = place.read_bytes(), list[tuple[str, bool]]()

    def noted(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        synced.append((name.rstrip("0123456789abcdef"), place.read_bytes() == before))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    mirrored.mirror().sync()
    assert synced[-2:] == [(".partial-", True), (mirrored.folder.name, False)]
    assert place.stat().st_mode & 0o044


def test_a_draft_of_a_checkpoint_that_a_crash_left_is_removed(mirrored: Mirrored) -> None:
    mirrored.log.append(5)
    mirrored.sync()
    (mirrored.folder / ".partial-00").write_bytes(b"half")
    mirrored.sync()
    assert not list(mirrored.folder.glob(".partial-*"))


def test_one_process_at_a_time_writes_a_mirror(mirrored: Mirrored) -> None:
    mirrored.log.append(5)
    mirrored.sync()
    with held(mirrored.folder / ".lock", 1), pytest.raises(LogInUse):
        mirrored.sync()


def test_a_lock_that_cannot_be_taken_is_said_to_be_so(mirrored: Mirrored) -> None:
    (mirrored.folder / ".lock").mkdir(parents=True)
    mirrored.log.append(5).publish()
    with pytest.raises(StorageUnavailable):
        mirrored.mirror().sync()


def test_a_folder_that_cannot_be_written_is_said_to_be_so(mirrored: Mirrored) -> None:
    mirrored.folder.parent.mkdir(exist_ok=True)
    mirrored.folder.write_text("a file")
    mirrored.log.append(5).publish()
    with pytest.raises(StorageUnavailable):
        mirrored.mirror().sync()


# -------------------------------------------------------------------------------------------------------------- proofs


def test_proofs_are_made_when_the_log_is_gone(mirrored: Mirrored) -> None:
    mirrored.log.append(700)
    mirrored.sync()
    mirrored.source.away_after = 0
    mirrored.require_all(700)
    with pytest.raises(IndexOutOfRange):
        mirrored.mirror().prove(700)
    with pytest.raises(IndexOutOfRange):
        mirrored.mirror().prove(-1)


def test_a_mirror_without_a_checkpoint_proves_nothing(mirrored: Mirrored) -> None:
    with pytest.raises(UnknownRecord):
        mirrored.mirror().prove(0)


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/000", "tile/1/000.p/2"])
def test_a_mirror_whose_files_were_changed_proves_nothing_wrong(mirrored: Mirrored, path: str) -> None:
    mirrored.log.append(700)
    mirrored.sync()
    place = mirrored.folder / path
    place.write_bytes(exchanged(place.read_bytes()))
    with pytest.raises(NotIncluded):
        mirrored.mirror().prove(255)
    place.write_bytes(b"short")
    with pytest.raises(LogDamaged):
        mirrored.mirror().prove(255)
    place.unlink()
    with pytest.raises(UnknownTile):
        mirrored.mirror().prove(255)


def test_a_full_tile_serves_for_a_partial_one(mirrored: Mirrored) -> None:
    mirrored.log.append(700)
    mirrored.sync()
    source = DirectoryLogSource(mirrored.folder)
    assert source.tile(0, 0, 10) == mirrored.log.tile(0, 0, 10)
    assert source.bundle(0, 10) == mirrored.log.bundle(0, 10)
    with pytest.raises(UnknownTile):
        source.tile(0, 2, 189)


def test_a_wider_partial_tile_serves_for_a_narrower_one(mirrored: Mirrored) -> None:
    """Someone may be at a checkpoint that the mirror never had: its tiles are the beginnings of those that it has."""
    mirrored.log.append(700)
    mirrored.sync(600)
    mirrored.sync(690)
    source = DirectoryLogSource(mirrored.folder)
    for width in (1, 87, 88, 100, 178):
        assert source.tile(0, 2, width) == mirrored.log.tile(0, 2, width)
        assert source.bundle(2, width) == mirrored.log.bundle(2, width)
    for size in (0, 1, 256, 513, 650, 690):
        assert tree_root(source, size) == tree_root(mirrored.log, size)
    for refused in (lambda: source.tile(0, 2, 179), lambda: source.bundle(2, 256), lambda: tree_root(source, 691)):
        with pytest.raises(UnknownTile):
            refused()
    (mirrored.folder / "tile/0/002.p/88").write_bytes(b"torn")
    assert source.tile(0, 2, 88) == mirrored.log.tile(0, 2, 88)
    (mirrored.folder / "tile/0/002.p/178").unlink()
    with pytest.raises(LogDamaged):
        source.tile(0, 2, 80)


def test_a_checkpoint_that_a_mirror_never_had_is_no_gap_in_it(tmp_path: Path) -> None:
    """An auditor who was shown one between two of the mirror's compares it with the mirror's alone."""
    watch = Watch().grow(300)
    between = watch.honest.note
    watch.book.record(50)
    watch.book.engine.publication.publish()
    mirror = Mirror(watch.book.engine.published, tmp_path, read_checkpoint)
    assert mirror.sync().size == 350
    assert watch.auditor.compare(watch.followed(mirror), between).size == 350


def test_a_mirror_of_a_mirror_is_the_same(mirrored: Mirrored, tmp_path: Path) -> None:
    mirrored.log.append(700)
    mirrored.sync()
    second = Mirror(mirrored.mirror(), tmp_path / "second", mirrored.log.verify)
    second.sync()
    assert second.checkpoint() == mirrored.log.note
    assert second.prove(5)[0] == mirrored.mirror().prove(5)[0]
    with pytest.raises(TileInvalid):
        Mirror(Source(mirrored.log, {(0, 1): flipped}), tmp_path / "third", mirrored.log.verify).sync()
