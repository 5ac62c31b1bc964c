"""Every log store keeps these promises: the segment files on the disk and their in-memory twin alike."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.tile import parse_bundle
from certchain.errors import MalformedValue, SizeMismatch, UnknownTile
from certchain.merkle import CompactRange, inclusion_proof, tree_root, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.log import LogLeaf, SealedEntry
from certchain.storage import LogStore, MemoryLogStore, SegmentLogStore, open_log_store
from tests.log_entries import group, leaf_hashes, sealed_entry, tile_rows

Opener = Callable[[], LogStore]


def memory_opener(_: Path) -> Opener:
    store = MemoryLogStore()
    return lambda: store


MAKERS: dict[str, Callable[[Path], Opener]] = {
    "memory": memory_opener,
    "segments": lambda folder: lambda: open_log_store(folder, write=True),
    "short-segments": lambda folder: lambda: SegmentLogStore(folder, write=True, segment_bytes=20_000, mark_every=100),
}


@pytest.fixture(params=MAKERS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens one log for writing, again and again."""
    return MAKERS[request.param](tmp_path / "log")


@pytest.fixture
def store(opener: Opener) -> Iterator[LogStore]:
    with closing(opener()) as opened:
        yield opened


def put(store: LogStore, entries: list[SealedEntry]) -> list[SealedEntry]:
    store.append(entries, leaf_hashes(entries))
    return entries


def test_a_new_log_is_empty(store: LogStore) -> None:
    assert store.size() == 0
    assert store.entries(0, 10) == ()


def test_entries_come_back_as_they_were_appended(store: LogStore) -> None:
    entries = put(store, group(0, 3)) + put(store, [sealed_entry(3, length=0)]) + put(store, group(4, 2, 70_000))

    assert store.size() == 6
    assert store.entries(0, 6) == tuple(entries)
    assert store.entries(2, 3) == tuple(entries[2:5])


def test_entries_end_where_the_log_ends(store: LogStore) -> None:
    entries = put(store, group(0, 5))

    assert store.entries(3, 100) == tuple(entries[3:])
    assert store.entries(5, 1) == ()
    assert store.entries(2**40, 1) == ()
    assert store.entries(0, 0) == ()


@pytest.mark.parametrize(("first", "limit"), [(-1, 1), (0, -1)])
def test_a_range_that_no_log_has_is_refused(store: LogStore, first: int, limit: int) -> None:
    put(store, group(0, 2))

    with pytest.raises(MalformedValue):
        store.entries(first, limit)


def test_an_empty_group_changes_nothing(store: LogStore) -> None:
    put(store, [])

    assert store.size() == 0


@pytest.mark.parametrize("first", [1, 2, 4, 5])
def test_a_group_that_does_not_continue_the_log_is_refused(store: LogStore, first: int) -> None:
    entries = put(store, group(0, 3))

    with pytest.raises(SizeMismatch) as refusal:
        put(store, group(first, 2))
    assert refusal.value.values() == {"expected_size": first, "actual_size": 3}
    assert store.entries(0, 9) == tuple(entries)


def test_a_group_with_a_gap_is_refused_as_a_whole(store: LogStore) -> None:
    with pytest.raises(SizeMismatch):
        put(store, [sealed_entry(0), sealed_entry(2)])
    assert store.size() == 0


@pytest.mark.parametrize(
    "entry",
    [
        SealedEntry(LogLeaf(0, -1, Digest(bytes(32))), 0, b""),
        SealedEntry(LogLeaf(0, 2**63, Digest(bytes(32))), 0, b""),
        SealedEntry(LogLeaf(0, 0, Digest(bytes(32))), -1, b""),
        SealedEntry(LogLeaf(0, 0, Digest(bytes(32))), 2**63, b""),
        SealedEntry(LogLeaf(0, 0, Digest(bytes(32))), 0, bytes(2**20 + 1)),
    ],
)
def test_an_entry_that_no_store_could_keep_is_refused(store: LogStore, entry: SealedEntry) -> None:
    with pytest.raises(MalformedValue):
        store.append([entry], [bytes(32)])
    assert store.size() == 0


def test_the_extremes_of_an_entry_are_kept(store: LogStore) -> None:
    entries = [
        SealedEntry(LogLeaf(0, 0, Digest(bytes(32))), 0, b""),
        SealedEntry(LogLeaf(1, 2**63 - 1, Digest(b"\xff" * 32)), 2**63 - 1, bytes(2**20)),
    ]
    put(store, entries)
    assert store.entries(0, 2) == tuple(entries)


@pytest.mark.parametrize("hashes", [[], [bytes(32)], [bytes(32)] * 3, [bytes(32), bytes(31)], [bytes(33), bytes(31)]])
def test_leaf_hashes_that_are_not_the_entries_are_refused(store: LogStore, hashes: list[bytes]) -> None:
    with pytest.raises(MalformedValue):
        store.append(group(0, 2), hashes)
    assert store.size() == 0


def test_tiles_hold_the_hashes_of_their_level(store: LogStore) -> None:
    entries = put(store, group(0, 200)) + put(store, group(200, 113)) + put(store, group(313, 700))
    hashes = leaf_hashes(entries)

    for level, index, width in [(0, 0, 256), (0, 3, 245), (0, 3, 1), (0, 2, 7), (1, 0, 3), (1, 0, 1)]:
        expected = tile_rows(hashes, level)[256 * index : 256 * index + width]
        assert store.tile(level, index, width) == b"".join(expected)
    assert store.tile(0, 2) == b"".join(hashes[512:768])


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(0, 1, 5), (0, 2, 1), (1, 0, 2), (2, 0, 1), (0, 0, 0), (0, 0, 257), (-1, 0, 1), (0, -1, 256), (99, 0, 1)],
)
def test_a_tile_that_the_log_has_not_got_is_refused(store: LogStore, level: int, index: int, width: int) -> None:
    put(store, group(0, 260))

    assert len(store.tile(0, 1, 4)) == 128
    with pytest.raises(UnknownTile) as refusal:
        store.tile(level, index, width)
    assert refusal.value.values() == {"level": str(level), "index": index, "width": width}


def test_bundles_hold_the_leaves(store: LogStore) -> None:
    leaves = [leaf_bytes(entry.leaf) for entry in put(store, group(0, 300))]

    assert list(parse_bundle(store.bundle(0))) == leaves[:256]
    assert list(parse_bundle(store.bundle(1, 44))) == leaves[256:]
    assert list(parse_bundle(store.bundle(1, 3))) == leaves[256:259]


@pytest.mark.parametrize(("index", "width"), [(1, 45), (2, 1), (0, 0), (0, 257), (-1, 1)])
def test_a_bundle_that_the_log_has_not_got_is_refused(store: LogStore, index: int, width: int) -> None:
    put(store, group(0, 300))

    with pytest.raises(UnknownTile) as refusal:
        store.bundle(index, width)
    assert refusal.value.values() == {"level": "entries", "index": index, "width": width}


def test_the_tree_reaches_two_levels_up(store: LogStore) -> None:
    """65,536 leaves fill a tile of level 1; the group that fills it goes on beyond it."""
    entries = put(store, group(0, 65_000, length=8)) + put(store, group(65_000, 800, length=8))
    hashes = leaf_hashes(entries)

    assert store.tile(2, 0, 1) == tile_rows(hashes, 2)[0]
    assert store.tile(1, 0) == b"".join(tile_rows(hashes, 1)[:256])
    assert tree_root(store, 65_800) == CompactRange(map(Digest, hashes)).root()


def test_every_entry_is_proven_from_the_tiles(store: LogStore) -> None:
    hashes = leaf_hashes(put(store, group(0, 300)) + put(store, group(300, 17)))
    root = CompactRange(map(Digest, hashes)).root()

    for index in (0, 255, 256, 299, 300, 316):
        verify_inclusion(Digest(hashes[index]), inclusion_proof(store, index, 317), root)


def test_a_closed_log_is_opened_again_as_it_was(opener: Opener) -> None:
    with closing(opener()) as store:
        entries = put(store, group(0, 300))
    with closing(opener()) as store:
        assert store.entries(0, 400) == tuple(entries)
        entries += put(store, group(300, 1))
    with closing(opener()) as store:
        assert store.entries(0, 400) == tuple(entries)
        assert tree_root(store, 301) == CompactRange(map(Digest, leaf_hashes(entries))).root()


def test_readers_see_whole_groups_while_the_log_grows(store: LogStore) -> None:
    """What a reader finds is durable and in the tree: the size is never ahead of entries and tiles."""
    failures: list[BaseException] = []
    ended = threading.Event()

    def follow() -> None:
        try:
            while not ended.is_set():
                size = store.size()
                assert size % 5 == 0
                assert len(store.entries(max(0, size - 10), min(10, size))) == min(10, size)
                tree_root(store, size)
        except BaseException as failure:
            failures.append(failure)

    reader = threading.Thread(target=follow)
    reader.start()
    for first in range(0, 1500, 5):
        put(store, group(first, 5))
    ended.set()
    reader.join()
    assert not failures


HISTORY = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(0, 300), st.integers(0, 90)),
        st.tuples(st.just("reopen"), st.just(0), st.just(0)),
        st.tuples(st.just("read"), st.integers(0, 900), st.integers(0, 900)),
    ),
    max_size=12,
)


@pytest.mark.parametrize("kind", MAKERS)
@settings(max_examples=60, deadline=None)
@given(history=HISTORY)
def test_any_history_of_a_log_is_that_of_a_list(kind: str, history: list[tuple[str, int, int]]) -> None:
    """Appending, reopening and reading in any order: the store says what a list of the entries would."""
    with tempfile.TemporaryDirectory() as folder:
        opener = MAKERS[kind](Path(folder) / "log")
        store, known = opener(), []
        for step, one, two in history:
            if step == "append":
                known += put(store, group(len(known), one, two))
            elif step == "reopen":
                store.close()
                store = opener()
            else:
                assert store.entries(one, two) == tuple(known[one : one + two])
        assert store.entries(0, store.size()) == tuple(known)
        assert tree_root(store, store.size()) == CompactRange(map(Digest, leaf_hashes(known))).root()
        store.close()
