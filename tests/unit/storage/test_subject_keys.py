"""The file of the subject keys: durable, private, sealed, and without a trace of what was destroyed."""

import random
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from certchain.encoding.subject_key import subject_key_context
from certchain.errors import SealInvalid, StorageUnavailable
from certchain.keys import SealingKey
from certchain.models.entry import Subject, SubjectKind
from certchain.models.log import SubjectKey
from certchain.storage import SqlSubjectKeys, engine, subject_keys

SEALING_KEY = SealingKey(bytes(range(32)))
ALICE, BORIS = Subject(SubjectKind.USER, 1), Subject(SubjectKind.USER, 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log" / "keys.sqlite"


@pytest.fixture
def keys(path: Path) -> Iterator[SqlSubjectKeys]:
    keys = SqlSubjectKeys(path, SEALING_KEY)
    yield keys
    keys.close()


def issued(keys: SqlSubjectKeys, subject: Subject = ALICE, period: int = 7) -> SubjectKey:
    return keys.issue([(subject, period)])[subject, period]


def on_disk(path: Path) -> bytes:
    """Every byte of every file of the database."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))


def sealed(path: Path) -> dict[int, bytes]:
    """What the file has of each key."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT number, sealed FROM keys"))


def test_keys_are_there_after_closing_and_opening_again(path: Path) -> None:
    first = SqlSubjectKeys(path, SEALING_KEY)
    kept, retired, gone = issued(first), issued(first, BORIS), issued(first, BORIS, 8)
    first.retire(BORIS, before=8, index=3)
    first.destroy([gone.number])
    first.close()

    again = SqlSubjectKeys(path, SEALING_KEY)
    assert issued(again) == again.key(kept.number) == kept
    assert again.key(retired.number) == retired
    assert again.key(gone.number) is None
    assert [key.number for key in again.retired()] == [retired.number]
    assert issued(again, BORIS, 8).number == 4
    again.close()


def test_a_number_is_not_given_again_when_the_last_key_was_destroyed(path: Path) -> None:
    first = SqlSubjectKeys(path, SEALING_KEY)
    first.destroy([issued(first).number])
    first.close()

    again = SqlSubjectKeys(path, SEALING_KEY)
    assert issued(again).number == 2
    assert again.key(1) is None
    again.close()


def test_the_file_has_keys_only_sealed_to_subject_period_and_number(keys: SqlSubjectKeys, path: Path) -> None:
    key = issued(keys)

    assert key.value not in on_disk(path)
    in_file = sealed(path)[key.number]
    assert SEALING_KEY.open(subject_key_context(ALICE, 7, 1), in_file) == key.value
    for context in ((BORIS, 7, 1), (ALICE, 8, 1), (ALICE, 7, 2)):
        with pytest.raises(SealInvalid):
            SEALING_KEY.open(subject_key_context(*context), in_file)


def test_only_the_owner_can_read_the_files(keys: SqlSubjectKeys, path: Path) -> None:
    issued(keys)

    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_another_sealing_key_is_refused_before_anything_is_sealed_under_it(keys: SqlSubjectKeys, path: Path) -> None:
    issued(keys)

    with pytest.raises(SealInvalid):
        SqlSubjectKeys(path, SealingKey(bytes(32)))
    assert len(sealed(path)) == 1


# -------------------------------------------------------------------------------------------------------------- a trace


def test_not_a_byte_of_a_destroyed_key_is_left_in_any_file(keys: SqlSubjectKeys, path: Path) -> None:
    gone, kept = issued(keys), issued(keys, BORIS)
    before = sealed(path)
    assert before[gone.number] in on_disk(path)

    keys.destroy([gone.number])
    assert before[gone.number] not in on_disk(path)
    assert before[kept.number] in on_disk(path)


@pytest.mark.parametrize("seed", range(3))
def test_no_trace_is_left_however_long_the_file_has_lived(path: Path, seed: int) -> None:
    """Pages fill, split, are checkpointed and moved about; each key's sealed bytes go with it all the same."""
    chance, keys, ever = random.Random(seed), SqlSubjectKeys(path, SEALING_KEY), dict[int, bytes]()
    for period in range(12):
        crowd = [Subject(SubjectKind.USER, chance.randrange(1000)) for _ in range(150)]
        drawn = keys.issue([(subject, period) for subject in crowd])
        ever |= {number: content for number, content in sealed(path).items() if any(content)}
        keys.retire(crowd[0], period, index=period)
        keys.destroy(chance.sample(sorted(key.number for key in drawn.values()), 30))
        keys.destroy(chance.sample(sorted(ever), 30))
    gone = {number for number in ever if keys.key(number) is None}
    content = on_disk(path)

    assert len(gone) > 300
    for number, was in ever.items():
        assert (was[:16] in content, was[-16:] in content) == ((number not in gone,) * 2)
    keys.close()


def test_a_destruction_that_a_reader_keeps_from_the_file_is_told_and_can_be_done_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "LOCK_PATIENCE", 0.05)
    keys = SqlSubjectKeys(path, SEALING_KEY)
    gone = issued(keys)
    before = sealed(path)[gone.number]
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM keys").fetchall()
        with pytest.raises(StorageUnavailable, match="reading"):
            keys.destroy([gone.number])
        assert keys.key(gone.number) is None
        assert before in on_disk(path)

    keys.destroy([])
    assert before not in on_disk(path)
    keys.close()


# --------------------------------------------------------------------------------------------------------- two processes


def test_what_another_process_retires_or_destroys_is_seen_at_once(keys: SqlSubjectKeys, path: Path) -> None:
    other = SqlSubjectKeys(path, SEALING_KEY)
    first = issued(keys)
    assert issued(other) == other.key(first.number) == first

    keys.retire(ALICE, before=8, index=0)
    second = issued(other)
    assert second.number == 2
    assert issued(keys) == second

    other.destroy([first.number])
    assert keys.key(first.number) is None
    other.close()


def test_known_keys_are_issued_and_read_without_asking_the_file(
    keys: SqlSubjectKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = issued(keys)
    keys.key(first.number)
    monkeypatch.delattr(subject_keys, "reading")
    monkeypatch.delattr(subject_keys, "writing")

    assert issued(keys) == keys.key(first.number) == first


def test_what_is_remembered_is_bounded(keys: SqlSubjectKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject_keys, "_CACHE", 10)
    found = [issued(keys, Subject(SubjectKind.USER, number)) for number in range(30)]

    assert len(keys._issued) <= 11
    assert [keys.key(key.number) for key in found] == found
    assert len(keys._opened) <= 11


# --------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    "damage", ["UPDATE owners SET kind = 'cat'", "UPDATE owners SET subject = 'x'", "UPDATE owners SET period = -1"]
)
def test_a_record_that_could_not_have_been_written_is_told(keys: SqlSubjectKeys, path: Path, damage: str) -> None:
    issued(keys)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)

    with pytest.raises(StorageUnavailable, match="a record of the subject key is damaged"):
        keys.key(1)


def test_a_key_that_somebody_put_in_another_place_is_not_used(keys: SqlSubjectKeys, path: Path) -> None:
    keys.issue([(ALICE, 7), (BORIS, 7)])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE keys SET sealed = (SELECT sealed FROM keys WHERE number = 1)")

    with pytest.raises(SealInvalid):
        keys.key(2)


def test_a_full_disk_is_told_and_no_key_is_issued_that_is_not_kept(keys: SqlSubjectKeys) -> None:
    first = issued(keys)
    with engine.bare(keys._engine) as driver:
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StorageUnavailable, match="full"):
        keys.issue([(Subject(SubjectKind.USER, number), 7) for number in range(2000)])
    assert issued(keys) == first


def test_a_store_that_was_closed_gives_no_keys(path: Path) -> None:
    keys = SqlSubjectKeys(path, SEALING_KEY)
    issued(keys)
    keys.close()

    with pytest.raises(StorageUnavailable):
        keys.key(1)
