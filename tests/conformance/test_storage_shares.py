"""Every store of shares keeps these promises: SQLite, PostgreSQL and their in-memory twin alike."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from certchain.errors import MalformedValue
from certchain.models.custody import KeptShare
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId
from certchain.storage import MemoryShareStore, ShareStore, SqlShareStore

SERVER, OTHER_SERVER = ServiceId(1), ServiceId(2)
LOCK, LAMP = Digest(bytes(32)), Digest(bytes(range(32)))
SHARE = KeptShare(SERVER, LOCK, 1, Digest(b"\x01" * 32), b"sealed")
LATER = replace(SHARE, number=2, share_commitment=Digest(b"\x02" * 32))
MOST = 2**63 - 1


@pytest.fixture
def store(place: Path | str | None) -> Iterator[ShareStore]:
    if place is None:
        yield MemoryShareStore()
        return
    kept = SqlShareStore(place)
    yield kept
    kept.close()


def test_shares_come_back_in_the_order_of_their_divisions(store: ShareStore) -> None:
    store.put(LATER)
    store.put(SHARE)

    assert store.shares(SERVER, LOCK) == (SHARE, LATER)


def test_a_share_is_for_who_deposited_it_and_for_one_key(store: ShareStore) -> None:
    store.put(SHARE)

    assert store.shares(OTHER_SERVER, LOCK) == store.shares(SERVER, LAMP) == ()


def test_a_share_that_is_put_again_is_replaced_and_another_of_its_number_stays_beside_it(store: ShareStore) -> None:
    never_committed = replace(SHARE, share_commitment=Digest(b"\x00" * 32))
    store.put(SHARE)
    store.put(never_committed)
    store.put(replace(SHARE, sealed=b"sealed anew"))

    assert store.shares(SERVER, LOCK) == (never_committed, replace(SHARE, sealed=b"sealed anew"))


def test_it_is_known_for_whom_there_are_shares(store: ShareStore) -> None:
    assert store.kept() == ()
    for share in (LATER, SHARE, replace(SHARE, commitment=LAMP), replace(SHARE, server=OTHER_SERVER)):
        store.put(share)

    assert store.kept() == ((SERVER, LOCK), (SERVER, LAMP), (OTHER_SERVER, LOCK))


def test_shares_are_dropped_and_counted_and_the_others_stay(store: ShareStore) -> None:
    store.put(SHARE)
    store.put(LATER)

    assert store.drop([SHARE, replace(SHARE, commitment=LAMP)]) == 1
    assert store.shares(SERVER, LOCK) == (LATER,)
    assert store.drop([]) == 0


@pytest.mark.parametrize("number", [-1, MOST + 1])
def test_a_number_that_no_database_keeps_is_refused(store: ShareStore, number: int) -> None:
    for refused in (
        lambda: store.put(replace(SHARE, server=ServiceId(number))),
        lambda: store.put(replace(SHARE, number=number)),
        lambda: store.shares(ServiceId(number), LOCK),
    ):
        with pytest.raises(MalformedValue):
            refused()


def test_of_many_who_put_and_drop_at_once_each_is_heard(store: ShareStore) -> None:
    many = [replace(SHARE, number=number) for number in range(1, 33)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store.put, many))
        dropped = list(threads.map(lambda share: store.drop([share]), many * 2))

    assert sum(dropped) == 32
    assert store.kept() == ()
