"""Every outbox keeps these promises: the folder on the disk and its in-memory twin alike."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from certchain.errors import LedgerUnavailable, StorageUnavailable
from certchain.ledger.chain import FileOutbox, MemoryOutbox, Outbox
from certchain.ledger.chain.transaction import SignedTransaction

MAKERS: dict[str, Callable[[Path], Outbox]] = {
    "memory": lambda _: MemoryOutbox(),
    "files": lambda folder: FileOutbox(folder / "deep" / "outbox"),
}


@pytest.fixture(params=MAKERS)
def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> Outbox:
    return MAKERS[request.param](tmp_path)


def transaction(nonce: int) -> SignedTransaction:
    return SignedTransaction(
        chain_id=31337,
        account="0x52908400098527886E0F7030069857D2E4169EE7",
        nonce=nonce,
        operation="enrolDevice",
        intent=bytes(32),
        hash=bytes([nonce]) * 32,
        raw=b"\x02\x00signed",
    )


def test_what_is_put_waits_by_its_nonce_until_it_is_removed(outbox: Outbox) -> None:
    with outbox.locked():
        assert outbox.waiting() == ()
        for nonce in (9, 2, 5):
            outbox.put(transaction(nonce))

        assert outbox.waiting() == (transaction(2), transaction(5), transaction(9))
        outbox.remove(transaction(5))
        outbox.remove(transaction(5))
        assert outbox.waiting() == (transaction(2), transaction(9))


def test_what_becomes_known_of_a_transaction_replaces_it(outbox: Outbox) -> None:
    with outbox.locked():
        outbox.put(transaction(1))
        settled = replace(transaction(1), settled=True)
        outbox.put(settled)

        assert outbox.waiting() == (settled,)


def test_only_one_sender_is_in_at_a_time(outbox: Outbox) -> None:
    inside, most = 0, 0

    def send() -> None:
        nonlocal inside, most
        for _ in range(20):
            with outbox.locked():
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1


def test_files_survive_the_process_that_wrote_them(tmp_path: Path) -> None:
    with FileOutbox(tmp_path).locked():
        FileOutbox(tmp_path).put(transaction(1))

    assert FileOutbox(tmp_path).waiting() == (transaction(1),)


def test_a_draft_that_a_crash_left_is_not_taken_for_a_transaction(tmp_path: Path) -> None:
    (tmp_path / "00.draft").write_text('{"chain_id": 1')

    assert FileOutbox(tmp_path).waiting() == ()


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"intent": "zz"}', '{"chain_id": 1'])
def test_a_damaged_file_is_not_passed_over(tmp_path: Path, damage: str) -> None:
    (tmp_path / "00.json").write_text(damage)

    with pytest.raises(StorageUnavailable, match="outbox"):
        FileOutbox(tmp_path).waiting()


def test_a_folder_that_cannot_be_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outbox = FileOutbox(tmp_path / "file")

    with pytest.raises(StorageUnavailable), outbox.locked():
        pytest.fail("nobody gets in")
    with pytest.raises(StorageUnavailable):
        outbox.put(transaction(1))


def test_who_waits_too_long_for_another_process_is_told_so(tmp_path: Path) -> None:
    impatient, too_long = FileOutbox(tmp_path, patience=0.1), pytest.raises(LedgerUnavailable, match="another process")

    with FileOutbox(tmp_path).locked(), too_long, impatient.locked():
        pytest.fail("nobody gets in")
