"""The index of a log says what the log says, in a file and in memory alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certchain.errors import MalformedValue, SizeMismatch
from certchain.models.entry import (
    THE_LOG,
    ErasureEntry,
    HoldEntry,
    LogEntry,
    LoginOutcome,
    LostKeyEntry,
    ReleaseEntry,
    RetentionEntry,
    Subject,
    SubjectKind,
    UnlockEntry,
)
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.log import KEY_PERIOD
from certchain.models.query import PAGE_LIMIT, EntryFilter, Erasure, Hold, RowKind
from certchain.storage import SqlLogIndex
from tests.logged import ALICE, BORIS, LOCK, PHONE, logged, login

MOST = 2**63 - 1
REFUSED = LoginOutcome.REFUSED


def memory(_: Path) -> Iterator[SqlLogIndex]:
    index = SqlLogIndex()
    yield index
    index.close()


def sql(folder: Path) -> Iterator[SqlLogIndex]:
    index = SqlLogIndex(folder / "index.sqlite")
    yield index
    index.close()


MAKERS: dict[str, Callable[[Path], Iterator[SqlLogIndex]]] = {"memory": memory, "sql": sql}


@pytest.fixture(params=MAKERS)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlLogIndex]:
    yield from MAKERS[request.param](tmp_path)


def take(index: SqlLogIndex, *entries: LogEntry | None, at: int | None = None) -> None:
    """Each entry a minute after the one before, or all at one time."""
    size = index.size()
    index.add([logged(place, 60 * place if at is None else at, entry) for place, entry in enumerate(entries, size)])


def found(index: SqlLogIndex, wanted: EntryFilter | None = None) -> list[int]:
    return [row.index for row in index.find(wanted or EntryFilter())]


# -------------------------------------------------------------------------------------------------------------- reading


def test_it_knows_how_far_it_has_read(index: SqlLogIndex) -> None:
    assert (index.size(), index.latest(), found(index)) == (0, 0, [])

    take(index, login(), login(), login())
    assert (index.size(), index.latest(), found(index)) == (3, 120, [0, 1, 2])
    take(index)
    assert (index.size(), index.latest()) == (3, 120)


@pytest.mark.parametrize("indices", [[1], [0], [2, 4], [2, 2], [3, 2]])
def test_entries_that_do_not_continue_it_are_refused_whole(index: SqlLogIndex, indices: list[int]) -> None:
    take(index, login(), login())

    with pytest.raises(SizeMismatch):
        index.add([logged(place, 600, login()) for place in indices])
    assert (index.size(), index.latest(), found(index)) == (2, 60, [0, 1])


# ------------------------------------------------------------------------------------------------------------ searching


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [
        (EntryFilter(), [0, 1, 2, 3, 4, 5, 6]),
        (EntryFilter(user=UserId(1)), [0, 2, 5]),
        (EntryFilter(user=UserId(9)), []),
        (EntryFilter(user_device=UserDeviceId(2)), [0, 2, 3]),
        (EntryFilter(device=DeviceId(3)), [0, 1, 2, 3]),
        (EntryFilter(outcome=REFUSED), [2, 3, 4]),
        (EntryFilter(user=UserId(1), outcome=REFUSED), [2]),
        (EntryFilter(kind=RowKind.LOGIN), [0, 1, 2, 3, 4]),
        (EntryFilter(kind=RowKind.HOLD), [5]),
        (EntryFilter(kind=RowKind.ERASED), [6]),
        (EntryFilter(since=60), [1, 2, 3, 4, 5, 6]),
        (EntryFilter(since=61, until=240), [2, 3]),
        (EntryFilter(since=361), []),
        (EntryFilter(until=0), []),
        (EntryFilter(until=MOST), [0, 1, 2, 3, 4, 5, 6]),
        (EntryFilter(user=UserId(1), since=60, until=180), [2]),
    ],
)
def test_what_fits_everything_that_is_asked_for_is_found(
    index: SqlLogIndex, wanted: EntryFilter, indices: list[int]
) -> None:
    take(index, login(), login(user=2, user_device=5), login(outcome=REFUSED), login(user=None, outcome=REFUSED))
    take(
        index, login(user=None, user_device=None, device=8, outcome=REFUSED), HoldEntry(ALICE, "case 7", "court"), None
    )

    assert found(index, wanted) == indices


def test_entries_of_one_time_are_found_together(index: SqlLogIndex) -> None:
    take(index, login(), login(), login(), at=60)
    take(index, login(), at=61)

    assert found(index, EntryFilter(since=60, until=61)) == [0, 1, 2]
    assert found(index, EntryFilter(since=61)) == [3]


def test_pages_go_on_where_the_one_before_ended_in_both_directions(index: SqlLogIndex) -> None:
    take(index, *(login(user=1 + place % 2) for place in range(10)))
    of_alice = EntryFilter(user=UserId(1))

    assert [row.index for row in index.find(of_alice, limit=2)] == [0, 2]
    assert [row.index for row in index.find(of_alice, after=2, limit=2)] == [4, 6]
    assert [row.index for row in index.find(of_alice, after=8)] == []
    assert [row.index for row in index.find(of_alice, limit=2, newest_first=True)] == [8, 6]
    assert [row.index for row in index.find(of_alice, after=2, limit=2, newest_first=True)] == [0]


@pytest.mark.parametrize("limit", [0, -1, PAGE_LIMIT + 1])
def test_a_page_has_its_bounds(index: SqlLogIndex, limit: int) -> None:
    with pytest.raises(MalformedValue):
        index.find(EntryFilter(), limit=limit)


@pytest.mark.parametrize("number", [-1, MOST + 1])
def test_what_no_database_keeps_cannot_be_asked_for(index: SqlLogIndex, number: int) -> None:
    for refused in (
        lambda: index.find(EntryFilter(user=UserId(number))),
        lambda: index.find(EntryFilter(user_device=UserDeviceId(number))),
        lambda: index.find(EntryFilter(device=DeviceId(number))),
        lambda: index.find(EntryFilter(since=number)),
        lambda: index.find(EntryFilter(until=number)),
        lambda: index.find(EntryFilter(), after=number),
    ):
        with pytest.raises(MalformedValue):
            refused()


def test_a_number_that_nobody_has_does_not_stop_the_index(index: SqlLogIndex) -> None:
    """A login claims what it likes, and what it claims was never verified."""
    monster = Subject(SubjectKind.USER, 2**64)
    take(index, login(user_device=2**64), login(device=-1), HoldEntry(monster, "x", ""), ErasureEntry(monster, 10, ""))
    take(index, ErasureEntry(THE_LOG, 2**80, ""), ErasureEntry(ALICE, 2**80, ""), RetentionEntry(2**80, ""), login())

    assert found(index, EntryFilter(user=UserId(1), kind=RowKind.LOGIN)) == [7]
    assert index.holds() == ()


# ---------------------------------------------------------------------------------------------------- holds, retention


def test_a_hold_is_in_force_until_it_is_released(index: SqlLogIndex) -> None:
    take(index, HoldEntry(ALICE, "case 7", "court"), HoldEntry(ALICE, "case 8", ""), HoldEntry(BORIS, "case 7", ""))
    assert index.holds(ALICE) == (Hold(ALICE, "case 7", "court", 0), Hold(ALICE, "case 8", "", 1))
    assert index.holds(LOCK) == ()

    take(index, ReleaseEntry(ALICE, "case 7", "closed"))
    assert index.holds() == (Hold(ALICE, "case 8", "", 1), Hold(BORIS, "case 7", "", 2))


def test_a_hold_again_and_a_release_of_nothing_change_nothing(index: SqlLogIndex) -> None:
    take(index, HoldEntry(ALICE, "case 7", "court"), HoldEntry(ALICE, "case 7", "once more"))
    take(index, ReleaseEntry(ALICE, "case 9", ""), ReleaseEntry(PHONE, "case 7", ""))

    assert index.holds() == (Hold(ALICE, "case 7", "court", 0),)


def test_the_last_retention_counts(index: SqlLogIndex) -> None:
    assert index.retention() == 0

    take(index, RetentionEntry(365, "law"), RetentionEntry(90, "new law"))
    assert index.retention() == 90


# -------------------------------------------------------------------------------------------------------------- erasure


def test_an_erasure_empties_the_rows_of_its_subject_that_came_before(index: SqlLogIndex) -> None:
    take(index, login(), login(user=2), login(outcome=REFUSED), ErasureEntry(ALICE, 181, "request"), login())

    assert found(index, EntryFilter(user=UserId(1))) == [3, 4]
    assert found(index, EntryFilter(user_device=UserDeviceId(2))) == [1, 4]
    assert found(index, EntryFilter(outcome=REFUSED)) == []
    assert found(index, EntryFilter(kind=RowKind.ERASED)) == [0, 2]
    assert found(index, EntryFilter(since=0, until=121)) == [0, 1, 2]
    assert index.erasures(ALICE) == (Erasure(3, ALICE, 1),)


@pytest.mark.parametrize(
    ("subject", "gone"), [(ALICE, [0]), (PHONE, [2]), (LOCK, [3]), (Subject(SubjectKind.DEVICE, 9), [])]
)
def test_an_entry_goes_with_its_own_subject_only(index: SqlLogIndex, subject: Subject, gone: list[int]) -> None:
    """The person, where one was named; else the user device; else the IoT device."""
    take(index, login(), login(user=2), login(user=None), login(user=None, user_device=None))
    take(index, ErasureEntry(subject, 1000, ""))

    assert found(index, EntryFilter(kind=RowKind.ERASED)) == gone


def test_what_an_operator_did_for_somebody_goes_with_them(index: SqlLogIndex) -> None:
    """An unlocking names a user, a report of a loss a user device: neither outlives an erasure, nor goes with another's."""
    take(index, UnlockEntry(ALICE, "Olga", ""), UnlockEntry(BORIS, "Olga", ""), UnlockEntry(LOCK, "Olga", ""))
    take(index, LostKeyEntry(UserDeviceId(PHONE.number), "Olga", "stolen"))
    assert found(index, EntryFilter(kind=RowKind.UNLOCK)) == [0, 1, 2]
    assert found(index, EntryFilter(user_device=UserDeviceId(PHONE.number))) == [3]

    take(index, ErasureEntry(ALICE, 1000, ""))
    assert found(index, EntryFilter(kind=RowKind.UNLOCK)) == [1, 2]
    take(index, ErasureEntry(PHONE, 1000, ""))
    assert found(index, EntryFilter(kind=RowKind.LOST_KEY)) == []
    assert found(index, EntryFilter(kind=RowKind.ERASED)) == [0, 3]


def test_an_erasure_takes_whole_periods_only(index: SqlLogIndex) -> None:
    index.add([logged(place, place * KEY_PERIOD + 5, login()) for place in range(3)])
    index.add([logged(3, 3 * KEY_PERIOD, ErasureEntry(ALICE, 2 * KEY_PERIOD, "retention"))])
    assert found(index, EntryFilter(kind=RowKind.ERASED)) == [0, 1]

    index.add([logged(4, 3 * KEY_PERIOD, ErasureEntry(ALICE, 2 * KEY_PERIOD + 1, "request"))])
    assert found(index, EntryFilter(kind=RowKind.ERASED)) == [0, 1, 2]
    assert index.erasures(ALICE) == (Erasure(3, ALICE, 2), Erasure(4, ALICE, 3))


def test_an_erasure_under_hold_does_not_count_even_when_the_hold_is_released(index: SqlLogIndex) -> None:
    take(index, login(), HoldEntry(ALICE, "case 7", ""), ErasureEntry(ALICE, 1000, ""))
    take(index, ReleaseEntry(ALICE, "case 7", ""))

    assert found(index, EntryFilter(user=UserId(1), kind=RowKind.LOGIN)) == [0]
    assert index.erasures(ALICE) == ()


def test_an_erasure_before_a_hold_counts(index: SqlLogIndex) -> None:
    take(index, login(), ErasureEntry(ALICE, 1000, ""), HoldEntry(ALICE, "case 7", ""))

    assert found(index, EntryFilter(kind=RowKind.ERASED)) == [0]
    assert index.erasures(ALICE) == (Erasure(1, ALICE, 1),)


def test_it_is_the_same_however_the_log_is_read(index: SqlLogIndex) -> None:
    """In one page or many, before the keys were destroyed or after."""
    history: list[LogEntry | None] = [login(), login(user=2), HoldEntry(BORIS, "x", ""), ErasureEntry(ALICE, 1000, "")]
    history += [ErasureEntry(BORIS, 1000, ""), login(), RetentionEntry(30, "")]
    take(index, *history)
    later = SqlLogIndex()
    for entry in [None, *history[1:]]:
        take(later, entry)

    assert index.find(EntryFilter()) == later.find(EntryFilter())
    assert index.find(EntryFilter(user=UserId(1))) == later.find(EntryFilter(user=UserId(1)))
    assert (index.holds(), index.retention()) == (later.holds(), later.retention())
    later.close()


def test_scrubbing_changes_nothing_that_can_be_found(index: SqlLogIndex) -> None:
    index.scrub()
    take(index, login(), login(user=2), ErasureEntry(ALICE, 1000, ""))
    before = index.find(EntryFilter())
    index.scrub()

    assert index.find(EntryFilter()) == before
    assert index.size() == 3
