"""Files of a log that were cut, spoiled, removed or put back from an older copy: mended where another file knows better, else told.

What the store cannot know: a folder that is put back whole from an older copy is an older log; the chain finds that.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certchain.errors import LogDamaged, LogInUse, StorageUnavailable
from certchain.merkle import CompactRange, tree_root
from certchain.models.digest import Digest
from certchain.models.log import SealedEntry
from certchain.storage import SegmentLogStore, open_log_store
from certchain.storage.log import mark
from certchain.storage.log.disk import File
from certchain.storage.log.rows import CheckedRows
from tests.log_entries import group, leaf_hashes

COUNTS = (90, 3, 1, 40, 150, 2, 9, 30, 1)
"""Three segments; the last has four groups."""
ROWS = ("leaves", "leaves.crc", "level-0", "level-0.crc", "level-1", "level-1.crc", "positions")


def opened(folder: Path, *, write: bool = True) -> SegmentLogStore:
    return SegmentLogStore(folder, write=write, segment_bytes=12_000, mark_every=100)


def append(store: SegmentLogStore, count: int) -> list[SealedEntry]:
    entries = group(store.size(), count, 100)
    store.append(entries, leaf_hashes(entries))
    return entries


@pytest.fixture(scope="module")
def entries() -> list[SealedEntry]:
    return []


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, entries: list[SealedEntry]) -> Path:
    """A log that was closed, and beside it what it was before its last two groups."""
    folder = tmp_path_factory.mktemp("original") / "log"
    for counts in (COUNTS[:-2], COUNTS[-2:]):
        with closing(opened(folder)) as store:
            for count in counts:
                entries += append(store, count)
        if counts != COUNTS[-2:]:
            shutil.copytree(folder, folder.with_name("older"))
    return folder


@pytest.fixture
def log(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "log"))


@pytest.fixture
def older(original: Path) -> Path:
    return original.with_name("older")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def require(folder: Path, entries: list[SealedEntry]) -> None:
    """The log is whole, for its writer and, afterwards, for a reader; and it can go on."""
    with closing(opened(folder)) as store:
        require_entries(store, entries)
    with closing(opened(folder, write=False)) as store:
        require_entries(store, entries)
    with closing(opened(folder)) as store:
        more = append(store, 2)
        require_entries(store, entries + more)


def require_entries(store: SegmentLogStore, entries: list[SealedEntry]) -> None:
    assert list(store.entries(0, len(entries) + 1)) == entries
    assert tree_root(store, len(entries)) == CompactRange(map(Digest, leaf_hashes(entries))).root()


def read_everything(store: SegmentLogStore) -> None:
    store.entries(0, store.size())
    store.tile(0, 0)
    store.tile(0, 1, store.size() - 256)


def require_damaged(folder: Path) -> LogDamaged:
    """The log is not opened, and nothing is changed."""
    before = content(folder)
    with pytest.raises(LogDamaged) as found:
        opened(folder)
    assert content(folder) == before
    return found.value


def files(folder: Path, kind: str) -> list[Path]:
    return sorted(folder.glob(f"{kind}-*"))


def spoil(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def cut(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])


# -------------------------------------------------------------------------------------------------- the journal's end


@pytest.mark.parametrize("kind", ["journal", "twin"])
def test_a_last_file_that_was_cut_at_any_length_is_mended_from_its_twin(
    log: Path, entries: list[SealedEntry], kind: str
) -> None:
    last = files(log, kind)[-1]
    whole = last.read_bytes()
    for length in [*range(64), *range(64, len(whole), 97), len(whole) - 1]:
        last.write_bytes(whole[:length])
        with closing(opened(log)) as store:
            assert list(store.entries(0, 1000)) == entries
        assert last.read_bytes() == whole
    require(log, entries)


@pytest.mark.parametrize("kind", ["journal", "twin"])
@pytest.mark.parametrize("place", [-2, -1])
def test_a_newer_file_that_is_missing_is_made_from_its_twin(
    log: Path, entries: list[SealedEntry], kind: str, place: int
) -> None:
    files(log, kind)[place].unlink()

    require(log, entries)


def test_a_segment_that_was_cut_after_the_next_began_is_mended_from_its_twin(
    log: Path, entries: list[SealedEntry]
) -> None:
    cut(files(log, "journal")[-2], 5000)

    require(log, entries)


@pytest.mark.parametrize("left", [b"", b"certlog1 and not more", bytes(500)])
@pytest.mark.parametrize("kinds", [("journal",), ("twin",), ("journal", "twin")])
def test_a_segment_that_a_crash_left_without_a_group_is_removed(
    log: Path, entries: list[SealedEntry], left: bytes, kinds: tuple[str, ...]
) -> None:
    for kind in kinds:
        (log / f"{kind}-{len(entries):020d}").write_bytes(left)

    require(log, entries)
    with closing(opened(log)) as store:
        known = list(store.entries(0, store.size()))
        known += append(store, 90) + append(store, 90)  # into another segment
    require(log, known)


def test_both_files_cut_at_their_end_are_damage(log: Path) -> None:
    """Neither has the last group, and it was acknowledged."""
    for kind in ("journal", "twin"):
        last = files(log, kind)[-1]
        cut(last, last.stat().st_size - 1)

    found = require_damaged(log)
    assert found.index == sum(COUNTS) - 1
    assert found.file == files(log, "journal")[-1].name


@pytest.mark.parametrize("proof", ["size", "synced"])
def test_either_of_the_two_sizes_proves_what_was_acknowledged(log: Path, proof: str) -> None:
    for kind in ("journal", "twin"):
        cut(files(log, kind)[-1], 40)
    (log / proof).unlink()

    require_damaged(log)


@pytest.mark.parametrize("proofless", [False, True])
def test_a_group_that_is_spoiled_in_both_files_is_damage(log: Path, proofless: bool) -> None:
    """Also when nothing says how far the log went: a group follows."""
    for kind in ("journal", "twin"):
        spoil(files(log, kind)[-1], 100)
    for name in ("size", "synced") if proofless else ("leaves",):
        (log / name).unlink()

    require_damaged(log)


@pytest.mark.parametrize("kind", ["journal", "twin"])
def test_another_logs_file_beside_the_right_one_is_damage_and_neither_is_written_over(
    tmp_path: Path, kind: str
) -> None:
    """Both have a whole group with the same index in one place, as long as each other or not: nothing here tells whose is right."""
    for name, length in (("log", 100), ("other", 100), ("longer", 200)):
        with closing(opened(tmp_path / name)) as store:
            for count in (2, 1):
                entries = group(store.size(), count, length)
                store.append(entries, leaf_hashes(entries))
    (tmp_path / "log" / "synced").unlink()
    for name in ("other", "longer"):
        shutil.copy(files(tmp_path / name, kind)[0], files(tmp_path / "log", kind)[0])
        assert require_damaged(tmp_path / "log").index == 0


def test_a_group_that_has_another_index_is_not_copied_over_the_right_one(
    log: Path, entries: list[SealedEntry], older: Path
) -> None:
    """Groups of the same length stand in another order in the journal: the twin has the right ones."""
    with closing(opened(log)) as store:
        shutil.copy(log / "synced", log.with_name("synced"))
        known = entries + append(store, 2) + append(store, 2)
    shutil.copy(log.with_name("synced"), log / "synced")
    last = files(log, "journal")[-1]
    whole = last.read_bytes()
    length = 2 * 156 + 24
    last.write_bytes(whole[: -2 * length] + whole[-length:] + whole[-2 * length : -length])

    require(log, known)


def test_a_group_that_is_spoiled_before_the_mark_is_found_before_anything_is_mended(log: Path) -> None:
    """The rows have to be made anew from it, and the end of the journal from its twin."""
    for kind in ("journal", "twin"):
        spoil(files(log, kind)[0], 100)
    cut(files(log, "journal")[-1], 40)
    (log / "leaves").unlink()

    require_damaged(log)


def test_an_older_copy_of_the_journal_is_brought_up_to_date(log: Path, older: Path, entries: list[SealedEntry]) -> None:
    last = files(log, "journal")[-1]
    shutil.copy(older / last.name, last)

    require(log, entries)


def test_an_older_copy_of_the_twin_is_brought_up_to_date(log: Path, older: Path, entries: list[SealedEntry]) -> None:
    last = files(log, "twin")[-1]
    shutil.copy(older / last.name, last)

    require(log, entries)


def test_older_copies_of_both_are_damage(log: Path, older: Path) -> None:
    for kind in ("journal", "twin"):
        last = files(log, kind)[-1]
        shutil.copy(older / last.name, last)

    require_damaged(log)


def test_a_log_that_is_put_back_whole_is_the_older_log(older: Path, entries: list[SealedEntry], tmp_path: Path) -> None:
    """It is the chain, not the store, that finds this."""
    require(Path(shutil.copytree(older, tmp_path / "back")), entries[: sum(COUNTS[:-2])])


# -------------------------------------------------------------------------------------------------- older segments


def test_a_segment_that_is_missing_is_damage(log: Path) -> None:
    first = files(log, "journal")[0]
    first.unlink()

    assert require_damaged(log).file == first.name


def test_a_segment_that_is_missing_between_others_is_damage(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "log")) as store:
        for _ in range(6):
            append(store, 80)
    second = files(tmp_path / "log", "journal")[1]
    second.unlink()

    assert require_damaged(tmp_path / "log").file == second.name


def test_an_old_segment_that_was_cut_is_damage(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "log")) as store:
        for _ in range(6):
            append(store, 80)
    oldest = files(tmp_path / "log", "journal")[0]
    cut(oldest, oldest.stat().st_size - 1)

    assert require_damaged(tmp_path / "log").file == oldest.name


def test_an_old_segments_header_that_was_changed_is_damage(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "log")) as store:
        for _ in range(6):
            append(store, 80)
    oldest = files(tmp_path / "log", "journal")[0]
    spoil(oldest, 12)

    assert require_damaged(tmp_path / "log").file == oldest.name


# -------------------------------------------------------------------------------------------------------- flipped bits


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_is_never_a_wrong_answer(
    original: Path, entries: list[SealedEntry], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever it is: each entry, tile and bundle is as it was, or the log is damaged."""
    log = Path(shutil.copytree(original, tmp_path_factory.mktemp("flipped") / "log"))
    path = data.draw(st.sampled_from(sorted(path for path in log.iterdir() if path.stat().st_size)))
    spoil(path, data.draw(st.integers(0, path.stat().st_size - 1)))

    for write in (False, True):
        try:
            store = opened(log, write=write)
        except LogDamaged:
            continue
        with closing(store):
            require_right_or_damaged(store, entries)
    shutil.rmtree(log.parent)


def require_right_or_damaged(store: SegmentLogStore, entries: list[SealedEntry]) -> None:
    assert store.size() == len(entries)
    hashes = leaf_hashes(entries)
    for index, entry in enumerate(entries):
        right_or_damaged(lambda index=index: store.entries(index, 1), (entry,))
    for tile, width in ((0, 256), (1, len(entries) - 256)):
        right_or_damaged(lambda t=tile, w=width: store.tile(0, t, w), b"".join(hashes[256 * tile :][:width]))
        right_or_damaged(lambda t=tile, w=width: len(store.bundle(t, w)), 87 * width)


def right_or_damaged(ask: Callable[[], object], right: object) -> None:
    try:
        assert ask() == right
    except LogDamaged:
        return


def test_an_entry_that_is_spoiled_in_the_journal_is_read_from_the_twin_and_that_is_told(
    log: Path, entries: list[SealedEntry], caplog: pytest.LogCaptureFixture
) -> None:
    last = files(log, "journal")[-1]
    spoil(last, -1)

    with closing(opened(log, write=False)) as store:
        assert list(store.entries(0, 1000)) == entries
    assert f"entry {len(entries) - 1} is spoiled in {last.name}" in caplog.text


def test_an_entry_that_is_spoiled_in_both_is_damage_and_its_neighbours_are_read(
    log: Path, entries: list[SealedEntry]
) -> None:
    for kind in ("journal", "twin"):
        spoil(files(log, kind)[-1], -1)

    with closing(opened(log, write=False)) as store:
        assert list(store.entries(0, len(entries) - 1)) == entries[:-1]
        with pytest.raises(LogDamaged) as found:
            store.entries(len(entries) - 1, 1)
    assert found.value.index == len(entries) - 1


# ----------------------------------------------------------------------------------------- twins that are let go of


def old_log(folder: Path) -> list[SealedEntry]:
    """A log of two segments."""
    with closing(opened(folder)) as store:
        return append(store, 90) + append(store, 1)


def fill(folder: Path, entries: list[SealedEntry]) -> list[SealedEntry]:
    """Goes on for another two segments, so that the first one's twin is due to go."""
    with closing(opened(folder)) as store:
        for _ in range(4):
            entries = entries + append(store, 80)
        assert list(store.entries(0, 1000)) == entries
    return entries


@pytest.mark.parametrize("places", [(100,), (36 + 24 + 200, -1), (2,), (0, 5000)])
def test_what_is_spoiled_in_the_journal_is_mended_before_the_twin_goes(
    tmp_path: Path, places: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    entries = old_log(tmp_path / "log")
    whole = files(tmp_path / "log", "journal")[0].read_bytes()
    with closing(opened(tmp_path / "log")) as store:
        for place in places:
            spoil(files(tmp_path / "log", "journal")[0], place)
        for _ in range(4):
            entries += append(store, 80)
        assert list(store.entries(0, 1000)) == entries

    assert files(tmp_path / "log", "journal")[0].read_bytes() == whole
    assert len(files(tmp_path / "log", "twin")) == 2
    assert "mended from its twin" in caplog.text
    require(tmp_path / "log", entries)


def test_a_twin_of_a_whole_segment_goes_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entries = fill(tmp_path / "log", old_log(tmp_path / "log"))

    assert len(files(tmp_path / "log", "twin")) == 2
    assert caplog.text == ""
    require(tmp_path / "log", entries)


def test_a_twin_that_is_spoiled_itself_goes(tmp_path: Path) -> None:
    entries = old_log(tmp_path / "log")
    spoil(files(tmp_path / "log", "twin")[0], 300)
    entries = fill(tmp_path / "log", entries)

    assert len(files(tmp_path / "log", "twin")) == 2
    require(tmp_path / "log", entries)


def test_a_twin_is_kept_when_the_next_segment_does_not_say_where_it_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(opened(tmp_path / "log")) as store:
        append(store, 90)
        append(store, 90)
        for kind in ("journal", "twin"):
            spoil(files(tmp_path / "log", kind)[1], 2)
        append(store, 1)

    assert len(files(tmp_path / "log", "twin")) == 3
    assert "its header is not as it was written" in caplog.text


def test_a_twin_is_kept_when_the_two_differ(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entries = old_log(tmp_path / "log")
    old_log(tmp_path / "other")
    journal, twin = (files(tmp_path / "log", kind)[0] for kind in ("journal", "twin"))
    shutil.copy(files(tmp_path / "other", "journal")[0], journal)
    foreign = journal.read_bytes()
    entries = fill(tmp_path / "log", entries)

    assert twin.exists()
    assert journal.read_bytes() == foreign
    assert f"{twin.name} is kept" in caplog.text
    require(tmp_path / "log", entries)


def test_a_twin_is_kept_when_a_group_is_whole_in_neither(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entries = old_log(tmp_path / "log")
    for kind, place in (
        ("journal", 200),
        ("twin", 3000),
    ):  # of one group, in unlike entries: each has what the other lacks
        spoil(files(tmp_path / "log", kind)[0], place)
    entries = fill(tmp_path / "log", entries)

    assert files(tmp_path / "log", "twin")[0].name.endswith("-" + "0" * 20)
    assert "whole in neither" in caplog.text
    require(tmp_path / "log", entries)


# ------------------------------------------------------------------------------------------------------- derived files


@pytest.mark.parametrize("name", [*ROWS, "size", "synced"])
def test_a_derived_file_that_is_missing_is_made_anew(log: Path, entries: list[SealedEntry], name: str) -> None:
    right = (log / name).read_bytes()
    (log / name).unlink()

    require(log, entries)
    assert (log / name).read_bytes()[: len(right)] == right or name in {"size", "synced"}


@pytest.mark.parametrize("name", [*ROWS, "size", "synced"])
def test_a_derived_file_that_was_cut_anywhere_is_made_anew(log: Path, entries: list[SealedEntry], name: str) -> None:
    length = (log / name).stat().st_size
    for end in {0, 1, 3, length // 3, length // 2, length - 5, length - 1}:
        if end >= 0:
            cut(log / name, end)
            with closing(opened(log)) as store:
                require_entries(store, entries)
    require(log, entries)


@pytest.mark.parametrize("name", [*ROWS, "size", "synced"])
def test_an_older_copy_of_a_derived_file_is_brought_up_to_date(
    log: Path, older: Path, entries: list[SealedEntry], name: str
) -> None:
    shutil.copy(older / name, log / name)

    require(log, entries)


@pytest.mark.parametrize("name", ["leaves", "level-0", "positions"])
def test_rows_that_were_spoiled_are_damage_until_they_are_removed(
    log: Path, entries: list[SealedEntry], name: str
) -> None:
    """As the store's manual says: without the file, it is made anew."""
    spoil(log / name, 40)

    with closing(opened(log)) as store, pytest.raises(LogDamaged):
        read_everything(store)
    (log / name).unlink()
    require(log, entries)


# ------------------------------------------------------------------------------------------ writers, readers, permissions


def test_a_log_has_one_writer_and_any_number_of_readers(log: Path, entries: list[SealedEntry]) -> None:
    with closing(opened(log)) as writer, closing(opened(log, write=False)) as reader:
        with pytest.raises(LogInUse) as refusal:
            opened(log)
        assert refusal.value.folder == str(log)
        more = append(writer, 3)
        assert list(reader.entries(0, 1000)) == entries + more
        with pytest.raises(StorageUnavailable, match="reading only"):
            append(reader, 1)
    with closing(opened(log)) as writer:
        assert writer.size() == len(entries) + 3


def test_a_reader_follows_the_writer_into_new_segments_and_levels(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "log")) as writer, closing(opened(tmp_path / "log", write=False)) as reader:
        known: list[SealedEntry] = []
        for _ in range(8):
            known += append(writer, 90)
            require_entries(reader, known)


def test_a_reader_finds_no_log_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no log in"):
        open_log_store(tmp_path, write=False)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_changes_nothing(log: Path, entries: list[SealedEntry]) -> None:
    before = content(log)
    with closing(opened(log, write=False)) as reader:
        require_entries(reader, entries)

    assert content(log) == before


def test_after_the_machine_started_anew_a_reader_relies_on_what_was_synced_until_a_writer_came(
    log: Path, entries: list[SealedEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is past the mark may have been lost with the page cache."""
    with closing(opened(log)) as store:
        shutil.copy(log / "synced", log / "kept")
        more = append(store, 5)
    (log / "kept").replace(log / "synced")
    monkeypatch.setattr(mark, "_boot", lambda: bytes(16))

    with closing(opened(log, write=False)) as reader:
        require_entries(reader, entries)
        with closing(opened(log)):
            require_entries(reader, entries + more)


def test_a_closed_log_answers_nothing(log: Path) -> None:
    store = opened(log)
    store.close()
    store.close()

    for ask in (store.size, lambda: store.entries(0, 1), lambda: store.tile(0, 0, 1), lambda: append(store, 1)):
        with pytest.raises(StorageUnavailable, match="closed"):
            ask()


def test_only_its_owner_can_read_a_log(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "log"
    with closing(opened(folder)) as store:
        append(store, 300)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_folder_that_cannot_be_one_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageUnavailable):
        opened(tmp_path / "file" / "log")


# ------------------------------------------------------------------------------------- rows that fit their checks, and lie


def rewritten(folder: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """Changes the rows of the leaves, and their checks with them, as only someone who means to would."""
    paths = [folder / "leaves", folder / "leaves.crc"]
    data = paths[0].read_bytes()
    rows = [data[begin : begin + 87] for begin in range(0, len(data), 87)]
    with closing(CheckedRows(*(File(path, os.O_RDWR) for path in paths), 87)) as written:
        written.write(0, b"".join(change(rows)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: [*rows[:-2], rows[-1], rows[-2]], "it has entry"),
        (lambda rows: [*rows[:-1], rows[-1][:10] + b"x" + rows[-1][11:]], "not a leaf"),
        (lambda rows: [*rows[:-1], rows[-1][:-1] + b"x"], "not as it was written"),
    ],
    ids=["another order", "no leaf", "another commitment"],
)
def test_leaves_that_are_not_the_journals_are_damage(
    log: Path, change: Callable[[list[bytes]], list[bytes]], reason: str
) -> None:
    rewritten(log, change)

    with closing(opened(log, write=False)) as store, pytest.raises(LogDamaged, match=reason):
        store.entries(0, 1000)


@pytest.mark.parametrize("name", ["leaves", "leaves.crc", "positions", "level-0"])
def test_a_reader_that_finds_rows_missing_finds_damage(log: Path, name: str) -> None:
    cut(log / name, (log / name).stat().st_size // 2)

    with closing(opened(log, write=False)) as store, pytest.raises(LogDamaged, match="rows are missing"):
        read_everything(store)


def test_where_no_start_of_the_machine_is_known_readers_rely_on_what_was_synced(
    log: Path, entries: list[SealedEntry], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mark, "_BOOT", tmp_path / "nothing")
    with closing(opened(log)) as store:
        append(store, 5)
        with closing(opened(log, write=False)) as reader:
            require_entries(reader, entries)


def test_many_rows_are_made_anew_some_thousand_at_a_time(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "log")) as store:
        known = append(store, 3000) + append(store, 3000) + append(store, 1)
    for name in (*ROWS, "synced"):
        (tmp_path / "log" / name).unlink()

    require(tmp_path / "log", known)
