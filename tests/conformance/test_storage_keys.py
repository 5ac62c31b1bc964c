"""Every store of subject keys keeps these promises: SQLite and its in-memory twin alike."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from certchain.errors import MalformedValue, UnknownRecord
from certchain.keys import SealingKey
from certchain.models.entry import THE_LOG, Subject, SubjectKind
from certchain.models.log import KEY_PERIOD, RetiredKey, SubjectKey, key_period
from certchain.storage import MemorySubjectKeys, SqlSubjectKeys, SubjectKeyStore

ALICE, BORIS = Subject(SubjectKind.USER, 1), Subject(SubjectKind.USER, 2)
PHONE = Subject(SubjectKind.USER_DEVICE, 1)
MOST = 2**63 - 1


def memory(_: Path) -> Iterator[SubjectKeyStore]:
    yield MemorySubjectKeys()


def sql(folder: Path) -> Iterator[SubjectKeyStore]:
    keys = SqlSubjectKeys(folder / "keys.sqlite", SealingKey(bytes(32)))
    yield keys
    keys.close()


MAKERS: dict[str, Callable[[Path], Iterator[SubjectKeyStore]]] = {"memory": memory, "sql": sql}


@pytest.fixture(params=MAKERS)
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SubjectKeyStore]:
    yield from MAKERS[request.param](tmp_path)


def issued(keys: SubjectKeyStore, subject: Subject = ALICE, period: int = 7) -> SubjectKey:
    return keys.issue([(subject, period)])[subject, period]


def test_a_period_has_thirty_days() -> None:
    assert [key_period(at) for at in (0, KEY_PERIOD - 1, KEY_PERIOD)] == [0, 0, 1]
    assert KEY_PERIOD == 30 * 86_400


# ---------------------------------------------------------------------------------------------------------------- issue


def test_each_subject_has_a_key_of_its_own_in_each_period(keys: SubjectKeyStore) -> None:
    wanted = [(subject, period) for subject in (ALICE, BORIS, PHONE, THE_LOG) for period in (0, 7)]
    found = keys.issue(wanted)

    assert set(found) == set(wanted)
    assert sorted(key.number for key in found.values()) == list(range(1, 9))
    assert len({key.value for key in found.values()}) == 8
    assert {len(key.value) for key in found.values()} == {32}


def test_a_key_is_issued_again_and_again(keys: SubjectKeyStore) -> None:
    first = issued(keys)

    assert issued(keys) == first
    both = keys.issue([(ALICE, 7), (BORIS, 7), (ALICE, 7)])
    assert both[ALICE, 7] == first
    assert both[BORIS, 7].number == 2
    assert keys.key(1) == first


def test_no_key_is_issued_to_nobody(keys: SubjectKeyStore) -> None:
    assert keys.issue([]) == {}


def test_many_keys_are_issued_at_once(keys: SubjectKeyStore) -> None:
    crowd = [(Subject(SubjectKind.USER, number), 7) for number in range(2500)]
    found = keys.issue(crowd)

    assert sorted(key.number for key in found.values()) == list(range(1, 2501))
    assert keys.issue(crowd) == found


def test_a_number_that_was_never_given_is_unknown(keys: SubjectKeyStore) -> None:
    issued(keys)

    for number in (0, 2, MOST):
        with pytest.raises(UnknownRecord) as refusal:
            keys.key(number)
        assert refusal.value.values() == {"kind": "subject key", "name": str(number)}


@pytest.mark.parametrize("number", [-1, MOST + 1])
def test_a_number_that_no_database_keeps_is_refused(keys: SubjectKeyStore, number: int) -> None:
    for refused in (
        lambda: keys.issue([(Subject(SubjectKind.USER, number), 7)]),
        lambda: keys.issue([(ALICE, number)]),
        lambda: keys.key(number),
        lambda: keys.subjects(number),
        lambda: keys.retire(ALICE, number, 0),
        lambda: keys.retire(ALICE, 0, number),
        lambda: keys.destroy([number]),
    ):
        with pytest.raises(MalformedValue):
            refused()


def test_threads_that_want_the_same_keys_get_the_same(keys: SubjectKeyStore) -> None:
    crowd = [(Subject(SubjectKind.USER, number), 7) for number in range(20)]
    found: list[object] = []
    threads = [Thread(target=lambda: found.append(keys.issue(crowd))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [keys.issue(crowd)] * 8
    with pytest.raises(UnknownRecord):
        keys.key(21)


# --------------------------------------------------------------------------------------------------------------- retire


def test_a_retired_key_can_be_read_and_is_not_issued_again(keys: SubjectKeyStore) -> None:
    old = issued(keys)
    assert keys.retire(ALICE, before=8, index=40) == 1

    assert keys.key(old.number) == old
    new = issued(keys)
    assert (new.number, new.value != old.value) == (2, True)
    assert issued(keys) == new
    assert keys.retired() == (RetiredKey(1, ALICE, 7, 40),)


def test_only_keys_of_the_subject_and_of_the_periods_before_are_retired(keys: SubjectKeyStore) -> None:
    before = keys.issue([(ALICE, 6), (ALICE, 7), (BORIS, 6), (PHONE, 6)])
    assert keys.retire(ALICE, before=7, index=0) == 1

    after = keys.issue(list(before))
    assert {owner for owner in before if before[owner] != after[owner]} == {(ALICE, 6)}


def test_a_key_is_retired_once(keys: SubjectKeyStore) -> None:
    issued(keys)
    keys.retire(ALICE, before=8, index=40)

    assert keys.retire(ALICE, before=8, index=50) == 0
    issued(keys)
    assert keys.retire(ALICE, before=8, index=60) == 1
    assert keys.retired() == (RetiredKey(1, ALICE, 7, 40), RetiredKey(2, ALICE, 7, 60))


def test_the_keys_of_the_log_itself_are_not_retired(keys: SubjectKeyStore) -> None:
    issued(keys, THE_LOG)

    with pytest.raises(MalformedValue):
        keys.retire(THE_LOG, before=8, index=40)
    assert keys.retired() == ()


# -------------------------------------------------------------------------------------------------------------- destroy


def test_a_destroyed_key_is_gone_and_its_number_never_given_again(keys: SubjectKeyStore) -> None:
    old = issued(keys)
    keys.retire(ALICE, before=8, index=40)
    assert keys.destroy([old.number]) == 1

    assert keys.key(old.number) is None
    assert keys.retired() == ()
    assert issued(keys).number == 2


def test_a_key_is_destroyed_without_having_been_retired(keys: SubjectKeyStore) -> None:
    old = issued(keys)
    assert keys.destroy([old.number]) == 1

    assert keys.key(old.number) is None
    assert issued(keys).number == 2


def test_what_is_gone_or_never_was_is_not_destroyed(keys: SubjectKeyStore) -> None:
    old = issued(keys)
    keys.destroy([old.number])

    assert keys.destroy([old.number, 99]) == 0
    assert keys.destroy([]) == 0


def test_the_other_keys_are_unharmed_by_a_destruction(keys: SubjectKeyStore) -> None:
    crowd = keys.issue([(Subject(SubjectKind.USER, number), 7) for number in range(3000)])
    gone = {key.number for key in crowd.values() if key.number % 3 == 0}
    assert keys.destroy(gone) == len(gone)

    for key in crowd.values():
        assert keys.key(key.number) == (None if key.number in gone else key)


def test_no_key_of_the_log_itself_is_destroyed_nor_any_beside_it(keys: SubjectKeyStore) -> None:
    of_alice, of_the_log = issued(keys), issued(keys, THE_LOG)

    with pytest.raises(MalformedValue):
        keys.destroy([of_alice.number, of_the_log.number])
    assert keys.key(of_alice.number) == of_alice
    assert keys.key(of_the_log.number) == of_the_log


# ------------------------------------------------------------------------------------------------------------- subjects


def test_subjects_are_told_by_the_periods_of_their_keys(keys: SubjectKeyStore) -> None:
    keys.issue([(BORIS, 6), (ALICE, 6), (ALICE, 5), (PHONE, 6), (THE_LOG, 6), (Subject(SubjectKind.DEVICE, 9), 7)])

    assert keys.subjects(7) == (THE_LOG, ALICE, BORIS, PHONE)
    assert keys.subjects(6) == (ALICE,)
    assert keys.subjects(5) == ()


def test_a_subject_whose_keys_are_destroyed_is_not_told(keys: SubjectKeyStore) -> None:
    old = issued(keys)
    keys.retire(ALICE, before=8, index=40)
    assert keys.subjects(8) == (ALICE,)

    keys.destroy([old.number])
    assert keys.subjects(8) == ()
