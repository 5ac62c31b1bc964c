"""Every store of shares keeps these promises: in memory, in a file and on a server alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from certchain.errors import MalformedValue, StorageUnavailable
from certchain.models.custody import KeptShare
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId
from certchain.storage import MemoryShareStore, ShareStore, SqlShareStore
from certchain.storage.engine import writing
from certchain.storage.shares import kept_shares

SERVER, OTHER_SERVER = ServiceId(3), ServiceId(11)
REGISTRATION, OTHER = Digest(bytes(range(32))), Digest(bytes(32))
SHARE = KeptShare(SERVER, REGISTRATION, 1, Digest(b"\x01" * 32), b"sealed")


@pytest.fixture
def store(place: Path | str | None) -> Iterator[ShareStore]:
    if place is None:
        yield MemoryShareStore()
        return
    opened = SqlShareStore(place)
    yield opened
    opened.close()


def test_what_is_put_is_kept(store: ShareStore) -> None:
    store.put(SHARE)
    assert store.shares(SERVER, REGISTRATION) == (SHARE,)


def test_nothing_is_kept_of_what_nobody_put(store: ShareStore) -> None:
    store.put(SHARE)
    assert store.shares(SERVER, OTHER) == ()
    assert store.shares(OTHER_SERVER, REGISTRATION) == ()


def test_shares_of_several_divisions_stand_in_their_order(store: ShareStore) -> None:
    """Two of one number beside each other, when their commitments differ."""
    alternative = replace(SHARE, share_commitment=Digest(b"\x02" * 32))
    shares = (SHARE, alternative, replace(SHARE, number=2), replace(SHARE, number=10))
    for share in reversed(shares):
        store.put(share)
    assert store.shares(SERVER, REGISTRATION) == shares


def test_the_same_share_put_again_replaces_the_one_before(store: ShareStore) -> None:
    store.put(SHARE)
    store.put(replace(SHARE, sealed=b"sealed anew"))
    assert store.shares(SERVER, REGISTRATION) == (replace(SHARE, sealed=b"sealed anew"),)


def test_for_whom_and_of_what_there_are_shares_is_told_once_each(store: ShareStore) -> None:
    assert store.kept() == ()
    elsewhere = replace(SHARE, server=OTHER_SERVER, commitment=OTHER)
    for share in (elsewhere, SHARE, replace(SHARE, number=2), replace(SHARE, commitment=OTHER)):
        store.put(share)
    assert store.kept() == ((SERVER, OTHER), (SERVER, REGISTRATION), (OTHER_SERVER, OTHER))


def test_what_is_dropped_is_gone_and_nothing_else(store: ShareStore) -> None:
    second = replace(SHARE, number=2)
    elsewhere = replace(SHARE, server=OTHER_SERVER)
    for share in (SHARE, second, elsewhere):
        store.put(share)
    assert store.drop([SHARE, second, replace(SHARE, number=3)]) == 2
    assert store.shares(SERVER, REGISTRATION) == ()
    assert store.shares(OTHER_SERVER, REGISTRATION) == (elsewhere,)
    assert store.drop([]) == 0


def test_numbers_that_no_database_keeps_are_refused(store: ShareStore) -> None:
    for wrong in (replace(SHARE, number=2**63), replace(SHARE, number=-1), replace(SHARE, server=ServiceId(2**63))):
        with pytest.raises(MalformedValue):
            store.put(wrong)
    with pytest.raises(MalformedValue):
        store.shares(ServiceId(-1), REGISTRATION)
    assert store.kept() == ()


def test_shares_are_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    """Beside the management database's tables, and for their owner only."""
    file = tmp_path / "shares.sqlite"
    for expected in ((), (SHARE,)):
        opened = SqlShareStore(file)
        assert opened.shares(SERVER, REGISTRATION) == expected
        opened.put(SHARE)
        opened.close()
    assert file.stat().st_mode & 0o077 == 0


def test_a_damaged_row_is_noticed(tmp_path: Path) -> None:
    opened = SqlShareStore(tmp_path / "shares.sqlite")
    opened.put(SHARE)
    with writing(opened._engine) as connection:
        connection.execute(update(kept_shares).values(share_commitment="nothing"))
    with pytest.raises(StorageUnavailable, match="damaged"):
        opened.shares(SERVER, REGISTRATION)
    opened.close()


def test_of_many_who_put_and_drop_at_once_each_is_heard(store: ShareStore) -> None:
    many = [replace(SHARE, number=number) for number in range(1, 33)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store.put, many))
        dropped = list(threads.map(lambda share: store.drop([share]), many * 2))
    assert sum(dropped) == 32
    assert store.kept() == ()
