"""Legal holds, erasures and retention: what the log says about them counts, in its order, and is carried out whatever happens."""

from collections.abc import Callable
from contextlib import suppress
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certchain.errors import (
    CertchainError,
    HoldExists,
    LogBusy,
    MalformedValue,
    SubjectOnHold,
    UnknownHold,
)
from certchain.log.retention import DAY, LONGEST_RETENTION
from certchain.models.entry import (
    THE_LOG,
    ErasureEntry,
    HoldEntry,
    LoginEntry,
    ReleaseEntry,
    RetentionEntry,
    Subject,
    SubjectKind,
)
from certchain.models.log import KEY_PERIOD, key_period
from certchain.models.query import EntryFilter, Hold, RowKind
from tests.faults import PowerCut
from tests.industry import NOON
from tests.keeping import Keeping
from tests.logged import ALICE, BORIS, PHONE, login

PERIOD_DAYS = KEY_PERIOD // DAY


def kept(*logins: LoginEntry) -> Keeping:
    """A log with a login of Alice, one of Boris, and those that are given."""
    keeping = Keeping()
    keeping.record(login(user=1), login(user=2), *logins)
    return keeping


def erased_rows(keeping: Keeping) -> list[int]:
    """What a query shows as erased."""
    page = keeping.query.page(EntryFilter(kind=RowKind.ERASED), limit=1000)
    assert all(row.entry.body is None for row in page.rows)
    return [row.entry.leaf.index for row in page.rows]


# ---------------------------------------------------------------------------------------------------------------- holds


def test_a_hold_is_an_entry_and_in_force_until_its_release_is_one() -> None:
    keeping = kept()
    index = keeping.retention.hold(ALICE, "case 7", "court order 12/26")
    assert keeping.everything()[index].body.entry == HoldEntry(ALICE, "case 7", "court order 12/26")
    assert (
        keeping.retention.holds() == keeping.retention.holds(ALICE) == (Hold(ALICE, "case 7", "court order 12/26", 2),)
    )
    assert keeping.retention.holds(BORIS) == ()

    index = keeping.retention.release(ALICE, "case 7", "closed")
    assert keeping.everything()[index].body.entry == ReleaseEntry(ALICE, "case 7", "closed")
    assert keeping.retention.holds() == ()


def test_a_hold_that_is_there_and_one_that_is_not_are_refused_and_not_logged() -> None:
    keeping = kept()
    keeping.retention.hold(ALICE, "case 7", "court")
    size = keeping.book.store.size()

    with pytest.raises(HoldExists):
        keeping.retention.hold(ALICE, "case 7", "once more")
    for subject, name in ((ALICE, "case 8"), (BORIS, "case 7")):
        with pytest.raises(UnknownHold):
            keeping.retention.release(subject, name, "closed")
    assert keeping.book.store.size() == size


@pytest.mark.parametrize("text", ["", "x" * 201, "two\nlines", "\ud800"])
def test_records_are_for_people_to_read(text: str) -> None:
    keeping = kept()
    for refused in (
        lambda: keeping.retention.hold(ALICE, text, "court"),
        lambda: keeping.retention.hold(ALICE, "case 7", text),
        lambda: keeping.retention.erase(ALICE, text),
        lambda: keeping.retention.set_retention(30, text),
    ):
        with pytest.raises(MalformedValue):
            refused()
    assert keeping.book.store.size() == 2


def test_the_log_itself_is_neither_held_nor_erased() -> None:
    keeping = kept()
    for refused in (
        lambda: keeping.retention.hold(THE_LOG, "case 7", "court"),
        lambda: keeping.retention.erase(THE_LOG, "request"),
    ):
        with pytest.raises(MalformedValue):
            refused()


# -------------------------------------------------------------------------------------------------------------- erasure


def test_an_erasure_takes_what_was_logged_about_its_subject_and_nothing_else() -> None:
    keeping = kept(login(user=None), login(user=1), login(user=2))
    before = keeping.everything()
    index = keeping.retention.erase(ALICE, "request of 3 May")

    after = keeping.everything()
    assert [entry.leaf for entry in after[:5]] == [entry.leaf for entry in before]
    assert [entry.leaf.index for entry in after if entry.body is None] == [0, 3]
    assert after[1:3] == before[1:3]
    assert after[index].body.entry == ErasureEntry(ALICE, NOON + 1, "request of 3 May")
    assert erased_rows(keeping) == [0, 3]


def test_what_is_logged_after_an_erasure_can_be_read() -> None:
    keeping = kept()
    keeping.retention.erase(ALICE, "request")
    keeping.record(login(user=1))
    assert keeping.readable(ALICE) == [3]

    keeping.restart()
    assert keeping.readable(ALICE) == [3]
    keeping.retention.erase(ALICE, "request")
    assert keeping.readable(ALICE) == []


def test_all_periods_go_also_those_that_the_clock_has_left_behind() -> None:
    """The log's times do not go back when the clock does."""
    keeping = Keeping()
    for period in (0, 1, 2):
        keeping.book.clock.seconds = NOON + period * KEY_PERIOD
        keeping.record(login())
    keeping.book.clock.seconds = NOON
    keeping.retention.erase(ALICE, "request")

    assert keeping.readable(ALICE) == []
    assert erased_rows(keeping) == [0, 1, 2]


def test_a_hold_stops_an_erasure_until_it_is_released() -> None:
    keeping = kept()
    keeping.retention.hold(ALICE, "case 7", "court")
    keeping.retention.hold(ALICE, "case 8", "court")
    keeping.retention.release(ALICE, "case 7", "closed")
    size = keeping.book.store.size()

    with pytest.raises(SubjectOnHold) as refusal:
        keeping.retention.erase(ALICE, "request")
    assert refusal.value.values() == {"subject": "user 1", "hold": "case 8"}
    assert keeping.book.store.size() == size
    assert keeping.readable(ALICE) == [0]
    keeping.retention.erase(BORIS, "request")
    assert keeping.readable(BORIS) == []

    keeping.retention.release(ALICE, "case 8", "closed")
    keeping.retention.erase(ALICE, "request")
    assert keeping.readable(ALICE) == []


def test_a_hold_on_the_phone_is_not_one_on_its_owner() -> None:
    keeping = kept(login(user=None))
    keeping.retention.hold(PHONE, "case 7", "court")

    keeping.retention.erase(ALICE, "request")
    with pytest.raises(SubjectOnHold):
        keeping.retention.erase(PHONE, "request")
    assert (keeping.readable(ALICE), keeping.readable(PHONE)) == ([], [2])


def test_an_erasure_that_was_logged_under_a_hold_counts_for_nothing_ever() -> None:
    """Someone else who has the writer logs the erasure while the hold is in force: no start, and no release, carries it out."""
    keeping = kept()
    keeping.retention.hold(ALICE, "case 7", "court")
    keeping.record(ErasureEntry(ALICE, NOON + 1, "in a hurry"))
    keeping.restart()
    assert keeping.readable(ALICE) == [0]

    keeping.retention.release(ALICE, "case 7", "closed")
    assert keeping.retention.finish() == 0
    assert keeping.readable(ALICE) == [0]
    assert erased_rows(keeping) == []

    keeping.retention.erase(ALICE, "request")
    assert keeping.readable(ALICE) == []


def test_a_hold_that_comes_into_the_log_first_wins_over_an_erasure_that_is_under_way() -> None:
    keeping = kept()
    recording = keeping.book.engine.writer.record

    class Overtaken:
        """Another process's hold is logged between the check and the erasure."""

        def record(self, entry: ErasureEntry) -> int:
            recording(HoldEntry(ALICE, "case 7", "court"))
            return recording(entry)

    object.__setattr__(keeping.retention, "writer", Overtaken())
    with pytest.raises(SubjectOnHold):
        keeping.retention.erase(ALICE, "request")
    assert keeping.readable(ALICE) == [0]
    assert erased_rows(keeping) == []


def test_of_a_hold_and_an_erasure_at_the_same_time_one_wins_cleanly() -> None:
    for _ in range(20):
        keeping, together, refused = kept(), Barrier(2), list[CertchainError]()

        def at_once(
            act: Callable[[], object], together: Barrier = together, refused: list[CertchainError] = refused
        ) -> None:
            together.wait()
            try:
                act()
            except SubjectOnHold as refusal:
                refused.append(refusal)

        retention = keeping.retention
        acts = (lambda r=retention: r.hold(ALICE, "case 7", "court"), lambda r=retention: r.erase(ALICE, "request"))
        threads = [Thread(target=at_once, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(retention.holds(ALICE)) == 1
        assert keeping.readable(ALICE) == ([0] if refused else [])
        assert erased_rows(keeping) == ([] if refused else [0])


def test_an_erasure_of_someone_unknown_is_logged_and_takes_nothing() -> None:
    keeping = kept()
    keeping.retention.erase(Subject(SubjectKind.USER, 99), "request")

    assert (keeping.readable(ALICE), keeping.readable(BORIS)) == ([0], [1])


def test_a_log_that_takes_no_entry_erases_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = kept()

    def busy(_: object, entry: object) -> int:
        raise LogBusy(9, 9)

    monkeypatch.setattr(type(keeping.book.engine.writer), "record", busy)
    with pytest.raises(LogBusy):
        keeping.retention.erase(ALICE, "request")
    assert keeping.readable(ALICE) == [0]


# -------------------------------------------------------------------------------------------------------------- crashes


def erased_with_a_cut_at(burns_at: int) -> tuple[Keeping, bool]:
    """Alice is erased, and the power fails at the n-th thing that is done for it; then the process starts again."""
    keeping = kept()
    keeping.book.fuse.arm(burns_at)
    try:
        keeping.retention.erase(ALICE, "request")
    except PowerCut:
        keeping.book.fuse.disarm()
        keeping.restart()
        return keeping, True
    keeping.book.fuse.disarm()
    return keeping, False


def test_a_crash_at_any_point_leaves_an_erasure_done_or_not_begun() -> None:
    outcomes, burns_at = set[bool](), 1
    while True:
        keeping, burnt = erased_with_a_cut_at(burns_at)
        recorded = any(
            logged.body is not None and isinstance(logged.body.entry, ErasureEntry) for logged in keeping.everything()
        )
        assert keeping.readable(ALICE) == ([] if recorded else [0]), burns_at
        assert erased_rows(keeping) == ([0] if recorded else []), burns_at
        assert not (recorded and keeping.book.keys.retired()), burns_at
        assert keeping.readable(BORIS) == [1]
        keeping.record(login(user=1))
        assert keeping.readable(ALICE)[-1] == keeping.book.store.size() - 1
        keeping.retention.erase(ALICE, "request")
        assert keeping.readable(ALICE) == []
        outcomes.add(recorded)
        if not burnt:
            break
        burns_at += 1
    assert outcomes == {True, False}
    assert burns_at > 10


def test_finishing_again_does_nothing() -> None:
    keeping = kept()
    keeping.retention.erase(ALICE, "request")
    keeping.record(login(user=1))

    assert keeping.retention.finish() == 0
    assert keeping.readable(ALICE) == [3]


def test_an_erasure_that_a_crash_left_undone_is_carried_out_with_an_index_built_anew() -> None:
    keeping = kept()
    keeping.record(ErasureEntry(ALICE, NOON + 1, "request"))
    assert keeping.readable(ALICE) == [0]
    keeping.rebuild_index()

    assert keeping.retention.finish() == 1
    assert keeping.readable(ALICE) == []
    assert erased_rows(keeping) == [0]


def test_a_key_that_was_retired_for_an_erasure_that_never_was_logged_is_kept() -> None:
    keeping = kept()
    keeping.retention.erase(ALICE, "first request")
    keeping.record(login(user=1))
    keeping.book.keys.retire(ALICE, key_period(NOON) + 1, keeping.book.store.size())
    keeping.restart()
    assert keeping.readable(ALICE) == [3]

    keeping.retention.erase(ALICE, "second request")
    assert keeping.readable(ALICE) == []


# ------------------------------------------------------------------------------------------------------------ retention


def three_months() -> Keeping:
    """A login of Alice and one of Boris in each of three periods; then it is the start of the fourth."""
    keeping = Keeping()
    for period in range(3):
        keeping.book.clock.seconds = (key_period(NOON) + period) * KEY_PERIOD + DAY
        keeping.record(login(user=1), login(user=2))
    keeping.book.clock.seconds = (key_period(NOON) + 3) * KEY_PERIOD
    return keeping


def test_what_is_older_than_the_retention_goes_by_whole_periods() -> None:
    keeping = three_months()
    index = keeping.retention.set_retention(PERIOD_DAYS, "privacy policy 4")
    assert keeping.everything()[index].body.entry == RetentionEntry(PERIOD_DAYS, "privacy policy 4")
    assert keeping.retention.retention() == PERIOD_DAYS

    assert set(keeping.retention.expire()) == {ALICE, BORIS}
    assert (keeping.readable(ALICE), keeping.readable(BORIS)) == ([4], [5])
    assert erased_rows(keeping) == [0, 1, 2, 3]
    said = keeping.everything()[-1].body.entry
    assert said == ErasureEntry(BORIS, (key_period(NOON) + 2) * KEY_PERIOD, "retention of 30 days")


def test_a_period_stays_until_all_of_it_is_old_enough() -> None:
    keeping = three_months()
    keeping.retention.set_retention(PERIOD_DAYS, "policy")
    start = (key_period(NOON) + 2) * KEY_PERIOD

    assert set(keeping.retention.expire(now=start - 1)) == set()
    assert set(keeping.retention.expire(now=start)) == {ALICE, BORIS}
    assert keeping.readable(ALICE) == [2, 4]


def test_without_a_retention_nothing_expires() -> None:
    keeping = three_months()
    assert keeping.retention.expire(now=NOON * 2) == ()

    keeping.retention.set_retention(PERIOD_DAYS, "policy")
    keeping.retention.set_retention(0, "policy withdrawn")
    assert keeping.retention.expire(now=NOON * 2) == ()
    assert keeping.readable(ALICE) == [0, 2, 4]


def test_expiring_again_says_nothing_more() -> None:
    keeping = three_months()
    keeping.retention.set_retention(PERIOD_DAYS, "policy")
    keeping.retention.expire()
    size = keeping.book.store.size()

    assert keeping.retention.expire() == ()
    assert keeping.book.store.size() == size


def test_a_hold_stops_what_would_expire_and_its_release_lets_it() -> None:
    keeping = three_months()
    keeping.retention.set_retention(PERIOD_DAYS, "policy")
    keeping.retention.hold(ALICE, "case 7", "court")
    assert keeping.retention.expire() == (BORIS,)
    assert keeping.readable(ALICE) == [0, 2, 4]

    keeping.retention.release(ALICE, "case 7", "closed")
    assert keeping.retention.expire() == (ALICE,)
    assert keeping.readable(ALICE) == [4]


def test_what_expires_takes_no_younger_key_with_it_that_an_erasure_under_hold_has_retired() -> None:
    keeping = three_months()
    keeping.retention.set_retention(PERIOD_DAYS, "policy")
    keeping.retention.hold(ALICE, "case 7", "court")
    keeping.record(ErasureEntry(ALICE, keeping.book.clock.seconds, "in a hurry"))
    keeping.retention.release(ALICE, "case 7", "closed")
    assert {key.subject for key in keeping.book.keys.retired()} == {ALICE}

    keeping.retention.expire()
    assert keeping.readable(ALICE) == [4]


def test_the_log_s_own_records_do_not_expire() -> None:
    keeping = three_months()
    keeping.retention.set_retention(PERIOD_DAYS, "policy")
    keeping.retention.expire(now=NOON * 2)

    own = [logged for logged in keeping.everything() if logged.leaf.index >= 6]
    assert all(logged.body is not None for logged in own)


@pytest.mark.parametrize("days", [-1, LONGEST_RETENTION + 1])
def test_a_retention_has_its_bounds(days: int) -> None:
    with pytest.raises(MalformedValue):
        kept().retention.set_retention(days, "policy")


def test_a_crash_at_any_point_of_expiring_is_made_up_for() -> None:
    burns_at, burnt = 1, True
    while burnt:
        keeping = three_months()
        keeping.retention.set_retention(PERIOD_DAYS, "policy")
        keeping.book.fuse.arm(burns_at)
        with suppress(PowerCut):
            keeping.retention.expire()
        burnt = keeping.book.fuse.disarm()
        keeping.restart()
        keeping.retention.expire()
        assert (keeping.readable(ALICE), keeping.readable(BORIS)) == ([4], [5]), burns_at
        assert erased_rows(keeping) == [0, 1, 2, 3]
        burns_at += 1
    assert burns_at > 15


# -------------------------------------------------------------------------------------------------------------- history

SUBJECTS = (ALICE, BORIS)
ACTS = st.one_of(
    st.tuples(st.just("login"), st.integers(0, 1)),
    st.tuples(st.just("hold"), st.integers(0, 1)),
    st.tuples(st.just("release"), st.integers(0, 1)),
    st.tuples(st.just("erase"), st.integers(0, 1)),
    st.tuples(st.just("expire"), st.integers(0, 30)),
    st.tuples(st.just("pass"), st.integers(1, 40)),
    st.tuples(st.just("rebuild"), st.just(0)),
)


class Model:
    """What should be readable, by the rules alone: a subject's logins with their periods, and who is on hold."""

    def __init__(self) -> None:
        self.logins: dict[Subject, list[tuple[int, int]]] = {subject: [] for subject in SUBJECTS}
        self.held: set[Subject] = set()

    def expire(self, now: int) -> None:
        oldest = key_period(now - 60 * DAY)
        for subject in set(SUBJECTS) - self.held:
            self.logins[subject] = [(index, period) for index, period in self.logins[subject] if period >= oldest]


def play(keeping: Keeping, model: Model, act: str, number: int) -> None:
    """One act on both."""
    clock, subject = keeping.book.clock, SUBJECTS[number % 2]
    match act:
        case "login":
            keeping.record(login(user=subject.number))
            model.logins[subject].append((keeping.book.store.size() - 1, key_period(clock.seconds)))
        case "pass":
            clock.seconds += number * DAY
        case "rebuild":
            keeping.rebuild_index()
        case "expire":
            expire_with_a_cut(keeping, number)
            model.expire(clock.seconds)
        case _:
            decide(keeping, model, act, subject)


def decide(keeping: Keeping, model: Model, act: str, subject: Subject) -> None:
    """A hold, its release or an erasure, which both refuse alike."""
    retention, held = keeping.retention, subject in model.held
    if act == "hold":
        refused_or(HoldExists, held, lambda: retention.hold(subject, "case", "court"))
        model.held.add(subject)
    elif act == "release":
        refused_or(UnknownHold, not held, lambda: retention.release(subject, "case", "closed"))
        model.held.discard(subject)
    else:
        refused_or(SubjectOnHold, held, lambda: retention.erase(subject, "request"))
        model.logins[subject] = model.logins[subject] if held else []


def refused_or(refusal: type[CertchainError], refused: bool, act: Callable[[], object]) -> None:
    if refused:
        with pytest.raises(refusal):
            act()
    else:
        act()


def expire_with_a_cut(keeping: Keeping, burns_at: int) -> None:
    """The power fails at the n-th thing that is done; with 0, or late enough, it does not."""
    keeping.book.fuse.arm(burns_at)
    with suppress(PowerCut):
        keeping.retention.expire()
    keeping.book.fuse.disarm()
    keeping.restart()
    keeping.retention.expire()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ACTS, max_size=25))
def test_after_any_history_exactly_what_should_be_readable_is(history: list[tuple[str, int]]) -> None:
    keeping, model = Keeping(), Model()
    keeping.retention.set_retention(60, "policy")
    for act, number in history:
        play(keeping, model, act, number)

        for subject in SUBJECTS:
            expected = [index for index, _ in model.logins[subject]]
            assert keeping.readable(subject) == expected
            wanted = EntryFilter(user=subject.number, kind=RowKind.LOGIN)
            assert [row.entry.leaf.index for row in keeping.query.page(wanted, limit=1000).rows] == expected
        assert {hold.held for hold in keeping.retention.holds()} == model.held
    keeping.index.close()
