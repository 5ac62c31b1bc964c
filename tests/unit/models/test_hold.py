"""Legal holds: what is under one is not erased, whoever reads the log."""

from functools import reduce

import pytest

from certchain.models.entry import (
    ErasureEntry,
    HoldEntry,
    LogEntry,
    ReleaseEntry,
    RetentionEntry,
    Subject,
    SubjectKind,
)
from certchain.models.hold import Holds, holds_after, is_in_force

ALICE, BOB = Subject(SubjectKind.USER, 1), Subject(SubjectKind.USER, 2)
CASE = HoldEntry(ALICE, "case-7", "order 7")


def holds(*entries: LogEntry) -> Holds:
    start: Holds = ()
    return reduce(holds_after, entries, start)


def test_a_hold_is_in_force_until_it_is_released_by_its_name_on_its_subject() -> None:
    other = HoldEntry(ALICE, "case-8", "order 8")
    assert holds(CASE, other) == (CASE, other)
    assert holds(CASE, ReleaseEntry(ALICE, "case-8", ""), ReleaseEntry(BOB, "case-7", "")) == (CASE,)
    assert holds(CASE, other, ReleaseEntry(ALICE, "case-7", "over")) == (other,)


def test_a_second_hold_of_the_same_name_says_nothing_new() -> None:
    again = HoldEntry(ALICE, "case-7", "order 7, again")
    assert holds(CASE, again) == (CASE,)
    assert holds(CASE, again, ReleaseEntry(ALICE, "case-7", "over")) == ()


@pytest.mark.parametrize("entry", [ErasureEntry(ALICE, 9, "request"), RetentionEntry(30, "policy")])
def test_no_other_entry_changes_the_holds(entry: LogEntry) -> None:
    assert holds(CASE, entry) == (CASE,)


def test_an_erasure_counts_unless_its_subject_was_under_a_hold() -> None:
    assert is_in_force(ErasureEntry(BOB, 9, "request"), holds(CASE))
    assert is_in_force(ErasureEntry(ALICE, 9, "request"), holds(CASE, ReleaseEntry(ALICE, "case-7", "over")))
    assert not is_in_force(ErasureEntry(ALICE, 9, "request"), holds(CASE))
