"""Questions to a log: each row with its proof, and never one that was erased."""

import pytest

from certchain.errors import MalformedValue
from certchain.log.publication import read_checkpoint
from certchain.merkle import verify_inclusion
from certchain.models.entry import HoldEntry, LoginOutcome
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.log import LoggedEntry
from certchain.models.query import EntryFilter, QueryPage, RowKind
from tests.industry import NOON
from tests.keeping import Keeping
from tests.logbook import entry_leaf_hash
from tests.logged import ALICE, BORIS, login


def kept(count: int = 6) -> Keeping:
    """Logins of Alice and Boris in turn, a minute apart; every third is refused; published."""
    keeping = Keeping()
    for place in range(count):
        outcome = LoginOutcome.REFUSED if place % 3 == 2 else LoginOutcome.CERTIFIED
        keeping.record(login(user=1 + place % 2, user_device=2 + place % 2, outcome=outcome))
        keeping.book.clock.seconds += 60
    keeping.book.engine.publication.publish()
    return keeping


def shown(page: QueryPage) -> list[int]:
    return [row.entry.leaf.index for row in page.rows]


def require_proven(page: QueryPage) -> None:
    """Every row leads to the root of the page's checkpoint."""
    assert page.checkpoint is not None
    root = read_checkpoint(page.checkpoint).root
    for row in page.rows:
        assert row.proof is not None
        verify_inclusion(entry_leaf_hash(row.entry.leaf), row.proof, root)


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [
        (EntryFilter(), [0, 1, 2, 3, 4, 5]),
        (EntryFilter(user=UserId(1)), [0, 2, 4]),
        (EntryFilter(user_device=UserDeviceId(3)), [1, 3, 5]),
        (EntryFilter(device=DeviceId(9)), []),
        (EntryFilter(outcome=LoginOutcome.REFUSED), [2, 5]),
        (EntryFilter(since=NOON + 60, until=NOON + 180), [1, 2]),
        (EntryFilter(user=UserId(2), since=NOON + 120), [3, 5]),
    ],
)
def test_every_row_is_what_was_asked_for_with_its_body_and_its_proof(wanted: EntryFilter, indices: list[int]) -> None:
    keeping = kept()
    page = keeping.query.page(wanted)
    everything = keeping.everything()

    assert [row.entry for row in page.rows] == [everything[index] for index in indices]
    require_proven(page)
    assert page.cursor is None


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_lead_through_all_that_fits_in_either_order(newest_first: bool) -> None:
    keeping, seen, cursor = kept(20), list[int](), None
    while True:
        page = keeping.query.page(EntryFilter(user=UserId(1)), cursor, limit=3, newest_first=newest_first)
        require_proven(page)
        seen += shown(page)
        if (cursor := page.cursor) is None:
            break

    assert seen == sorted(range(0, 20, 2), reverse=newest_first)


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_has_its_bounds(limit: int) -> None:
    with pytest.raises(MalformedValue):
        kept().query.page(EntryFilter(), limit=limit)


def test_entries_that_no_checkpoint_covers_yet_are_said_to_be_so() -> None:
    keeping = kept()
    keeping.record(login(user=1))
    page = keeping.query.page(EntryFilter(user=UserId(1)))
    assert [row.proof is None for row in page.rows] == [False, False, False, True]

    keeping.book.engine.publication.publish()
    require_proven(keeping.query.page(EntryFilter(user=UserId(1))))


def test_before_the_first_checkpoint_nothing_is_proven() -> None:
    keeping = Keeping()
    keeping.record(login())
    page = keeping.query.page(EntryFilter())

    assert (page.checkpoint, [row.proof for row in page.rows]) == (None, [None])


def test_later_pages_are_proven_against_the_checkpoint_of_the_first_when_asked() -> None:
    keeping = kept()
    first = keeping.query.page(EntryFilter(), limit=3)
    keeping.record(login())
    keeping.book.engine.publication.publish()

    second = keeping.query.page(EntryFilter(), first.cursor, checkpoint=first.checkpoint)
    assert second.checkpoint == first.checkpoint
    assert [row.proof is None for row in second.rows] == [False, False, False, True]


# -------------------------------------------------------------------------------------------------------------- erasure


def test_erased_entries_are_shown_as_such_by_time_only() -> None:
    keeping = kept()
    keeping.retention.erase(ALICE, "request")
    by_time = keeping.query.page(EntryFilter(since=NOON, until=NOON + 181))

    assert [(row.entry.leaf.index, row.entry.body is None) for row in by_time.rows] == [
        (0, True),
        (1, False),
        (2, True),
        (3, False),
    ]
    assert shown(keeping.query.page(EntryFilter(kind=RowKind.ERASED))) == [0, 2, 4]
    require_proven(by_time)
    for wanted in (
        EntryFilter(user=UserId(1), kind=RowKind.LOGIN),
        EntryFilter(user_device=UserDeviceId(2)),
        EntryFilter(outcome=LoginOutcome.REFUSED, until=NOON + 121),
    ):
        assert shown(keeping.query.page(wanted)) == []


def test_the_record_of_an_erasure_is_found_by_whom_it_is_about() -> None:
    keeping = kept()
    keeping.retention.hold(BORIS, "case 7", "court")
    index = keeping.retention.erase(ALICE, "request")

    assert shown(keeping.query.page(EntryFilter(user=UserId(1)))) == [index]
    of_boris = keeping.query.page(EntryFilter(user=UserId(2), kind=RowKind.HOLD))
    assert [row.entry.body.entry for row in of_boris.rows] == [HoldEntry(BORIS, "case 7", "court")]


def test_what_is_erased_is_not_shown_although_its_keys_are_still_there() -> None:
    """The log says so, and another process is about to destroy them."""
    keeping = kept()
    object.__setattr__(keeping.retention, "keys", _Undestroyed(keeping.book.keys))
    keeping.retention.erase(ALICE, "request")
    assert keeping.readable(ALICE) == [0, 2, 4]

    assert shown(keeping.query.page(EntryFilter(user=UserId(1), kind=RowKind.LOGIN))) == []
    assert [row.entry.body for row in keeping.query.page(EntryFilter(kind=RowKind.ERASED)).rows] == [None] * 3


class _Undestroyed:
    """Keys that somebody else will destroy."""

    def __init__(self, keys: object) -> None:
        self._keys = keys

    def __getattr__(self, name: str) -> object:
        return getattr(self._keys, name)

    def destroy(self, _: object) -> int:
        return 0


def test_what_is_erased_between_finding_and_reading_is_not_shown_as_found() -> None:
    """That it was found would tell whom it was about."""
    keeping = kept()
    reader = keeping.query.reader

    class Late:
        """The keys go when the index has answered."""

        def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
            if first < keeping.book.store.size():
                keeping.book.keys.destroy([1])
            return reader.entries(first, limit)

    keeping.query.page(EntryFilter())
    object.__setattr__(keeping.query, "reader", Late())
    assert shown(keeping.query.page(EntryFilter(user=UserId(1)))) == []
    assert shown(keeping.query.page(EntryFilter(until=NOON + 61))) == [0, 1]


def test_no_query_shows_erased_data_after_the_index_was_built_anew() -> None:
    keeping = kept()
    keeping.retention.erase(ALICE, "request")
    before = keeping.query.page(EntryFilter())
    keeping.rebuild_index()

    assert keeping.query.page(EntryFilter()) == before
    assert shown(keeping.query.page(EntryFilter(user=UserId(1), kind=RowKind.LOGIN))) == []


def test_a_reader_with_small_pages_gives_the_same() -> None:
    """As at the end of a channel."""
    keeping = kept(20)
    reader, whole = keeping.query.reader, keeping.query.page(EntryFilter())

    class Narrow:
        def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
            return reader.entries(first, min(limit, 3))

    object.__setattr__(keeping.query, "reader", Narrow())
    keeping.rebuild_index()
    object.__setattr__(keeping.query, "reader", Narrow())
    assert keeping.query.page(EntryFilter()) == whole
