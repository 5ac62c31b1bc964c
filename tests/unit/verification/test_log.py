"""Leaves in their places and times, and what the first difference between two views of a log looks like."""

from dataclasses import replace

import pytest

from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.tile import bundle
from certchain.errors import (
    EntriesReordered,
    EntryBackdated,
    EntryChanged,
    EntryInserted,
    EntryRemoved,
    LogGap,
    WrongIndex,
)
from certchain.errors.audit import LogFinding
from certchain.merkle import leaf_hash
from certchain.models.digest import Digest
from certchain.models.log import LogLeaf
from certchain.verification.log import (
    find_difference,
    first_difference,
    verify_bundle,
    verify_not_after,
    verify_not_before,
)


def leaves(first: int, count: int) -> list[LogLeaf]:
    return [LogLeaf(index, 1000 + index, Digest(bytes([index]) * 32)) for index in range(first, first + count)]


def served(found: list[LogLeaf]) -> bytes:
    return bundle(leaf_bytes(leaf) for leaf in found)


def test_a_bundle_s_leaves_are_hashed_in_their_places_and_times() -> None:
    found = leaves(3, 4)
    run = verify_bundle(served(found), 3, 4, 1003)
    assert run.hashes == b"".join(leaf_hash(leaf_bytes(leaf)).value for leaf in found)
    assert (list(run.times), run.first, len(run)) == ([1003, 1004, 1005, 1006], 3, 4)


@pytest.mark.parametrize(
    ("found", "index", "kind"),
    [
        (leaves(3, 3), 3, LogGap),
        (leaves(3, 5), 3, LogGap),
        (leaves(4, 4), 3, WrongIndex),
        ([*leaves(3, 2), *leaves(6, 2)], 5, WrongIndex),
        ([*leaves(3, 3), replace(leaves(6, 1)[0], at=1004)], 6, EntryBackdated),
        ([replace(leaves(3, 1)[0], at=1002), *leaves(4, 3)], 3, EntryBackdated),
    ],
)
def test_leaves_out_of_place_or_time_are_refused(found: list[LogLeaf], index: int, kind: type[LogFinding]) -> None:
    with pytest.raises(kind) as caught:
        verify_bundle(served(found), 3, 4, 1003)
    assert caught.value.index == index


@pytest.mark.parametrize("broken", [b"\0", b"\0U" + bytes(85), served(leaves(3, 4))[:-1]])
def test_what_is_no_bundle_of_leaves_is_a_gap(broken: bytes) -> None:
    with pytest.raises(LogGap):
        verify_bundle(broken, 3, 4, 0)


def test_a_time_may_be_off_by_the_tolerance_and_no_more() -> None:
    assert verify_not_before(7, 90, 100, 10) == 90
    with pytest.raises(EntryBackdated):
        verify_not_before(7, 89, 100, 10)
    assert verify_not_after(7, 110, 100, 10) == 110
    with pytest.raises(EntryBackdated):
        verify_not_after(7, 111, 100, 10)


def row(text: str) -> bytes:
    return b"".join(letter.encode() * 32 for letter in text)


@pytest.mark.parametrize(("one", "other", "place"), [("ab", "ab", None), ("ab", "ac", 1), ("ab", "a", 1), ("", "a", 0)])
def test_rows_differ_where_their_hashes_do(one: str, other: str, place: int | None) -> None:
    assert first_difference(row(one), row(other)) == place


@pytest.mark.parametrize("offered", ["abcd", "abcde"])
def test_there_is_no_difference_where_the_same_leaves_come_first(offered: str) -> None:
    assert find_difference(0, row("abcd"), row(offered)) is None


@pytest.mark.parametrize(
    ("offered", "index", "kind"),
    [
        ("abxd", 12, EntryChanged),
        ("abd", 12, EntryRemoved),
        ("abde", 12, EntryRemoved),
        ("abxcd", 12, EntryInserted),
        ("bacd", 10, EntriesReordered),
        ("abdc", 12, EntriesReordered),
        ("ab", 12, LogGap),
        ("", 10, LogGap),
        ("xyzw", 10, EntryChanged),
        ("bcd", 10, EntryRemoved),
        ("xabcd", 10, EntryInserted),
    ],
)
def test_the_first_difference_is_named(offered: str, index: int, kind: type[LogFinding]) -> None:
    found = find_difference(10, row("abcd"), row(offered))
    assert (type(found), found.index if found else None) == (kind, index)
