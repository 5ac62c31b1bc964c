"""Post-verification: a window of the log is answered whole, and whoever leaves out, exchanges or hides something is found out."""

import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.document import from_line, to_line
from certchain.errors import (
    CertchainError,
    CosignaturesMissing,
    MalformedMessage,
    MalformedValue,
    ProofInvalid,
    UnknownRecord,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.log.answer import Question, answer
from certchain.log.publication import read_checkpoint
from certchain.models.answer import AnswerHead, AnswerLine, AnswerTail, Standing
from certchain.models.digest import Digest
from certchain.models.entry import LoginEntry
from certchain.models.identifier import DeviceId
from certchain.models.log import LogLeaf
from certchain.verification.answer import answer_statement, is_answer, verify_answer
from tests.industry import NOON
from tests.keeping import Keeping
from tests.logged import ALICE, login

LOCK, HOUR = DeviceId(3), 3600


def kept(erase: bool = False) -> Keeping:
    """A login an hour, at the lock and at two other devices in turn: Alice and Boris in turn; on the chain."""
    keeping = Keeping()
    for hour in range(24):
        keeping.book.clock.seconds = NOON + hour * HOUR
        keeping.record(login(user=1 + hour % 2, device=3 + hour % 3))
    if erase:
        keeping.retention.erase(ALICE, "request")
    keeping.book.flush()
    return keeping


def question(first: int = 6, end: int = 18, *, whole: bool = False, device: int = LOCK) -> Question:
    """About the hours from the first on, and before the end."""
    return Question(DeviceId(device), NOON + first * HOUR, NOON + end * HOUR, whole)


def answered(keeping: Keeping, asked: Question) -> list[bytes]:
    return list(answer(keeping.query, keeping.book.server, asked))


def logins(lines: list[bytes]) -> list[int]:
    found = list[int]()
    verify_answer(lines, take=lambda leaf, said: found.append(leaf.index))
    return found


# ----------------------------------------------------------------------------------------------------------------- honest


def test_all_logins_at_the_device_in_the_window_are_answered_and_the_windows_ends_are_shown() -> None:
    keeping = kept()
    lines = answered(keeping, question())
    proven = verify_answer(lines, key_thumbprint(keeping.book.server.keys.public))
    assert logins(lines) == [6, 9, 12, 15]
    assert (proven.entries, proven.logins, proven.others, proven.withheld, proven.erased) == (12, 4, 0, 8, 0)
    assert (proven.whole, proven.ended, proven.device, proven.checkpoint.size) == (False, True, LOCK, 24)
    assert len(lines) == 1 + 14 + 1
    assert is_answer(b"".join(lines))


def test_a_court_sees_everything_of_the_window_and_has_nobodys_word_to_believe() -> None:
    proven = verify_answer(answered(kept(), question(whole=True)))
    assert (proven.whole, proven.logins, proven.others, proven.withheld) == (True, 4, 8, 0)


@pytest.mark.parametrize(
    ("first", "end"), [(0, 24), (0, 1), (23, 24), (5, 6), (0, 99), (30, 40), (7, 7 + 12), (23, 99)]
)
def test_any_window_is_answered_at_the_logs_ends_too(first: int, end: int) -> None:
    lines = answered(kept(), question(first, end))
    proven = verify_answer(lines)
    assert logins(lines) == [index for index in range(0, 24, 3) if first <= index < end]
    assert proven.entries == max(min(end, 24) - first, 0)
    assert proven.ended == (end < 24)  # else entries of the window may still come


def test_that_there_was_nothing_is_proven_too() -> None:
    lines = answered(kept(), Question(LOCK, NOON + 1, NOON + HOUR, True))
    proven = verify_answer(lines)
    assert (proven.entries, proven.ended, len(lines)) == (0, True, 4)


@pytest.mark.parametrize("whole", [False, True])
def test_what_was_erased_is_shown_as_erased_with_the_record_that_accounts_for_it(whole: bool) -> None:
    lines = answered(kept(erase=True), question(whole=whole))
    proven = verify_answer(lines)
    assert (proven.erased, proven.records) == (6, (24,))
    assert logins(lines) == [9, 15]


def test_an_entry_that_is_gone_without_a_record_is_not_answered_and_not_believed() -> None:
    keeping = kept()
    keys = keeping.book.keys
    keys.retire(ALICE, 10**9, 24)
    keys.destroy([key.number for key in keys.retired()])
    with pytest.raises(ProofInvalid, match="no record"):
        answered(keeping, question())


def test_there_is_no_answer_before_the_chain_has_something() -> None:
    keeping = Keeping()
    keeping.record(login())
    with pytest.raises(UnknownRecord):
        answered(keeping, question())


@pytest.mark.parametrize(("since", "until"), [(5, 5), (6, 5), (-1, 5)])
def test_a_window_that_ends_before_it_begins_is_none(since: int, until: int) -> None:
    with pytest.raises(MalformedValue):
        Question(LOCK, since, until, False)


def test_a_long_window_is_answered_and_checked_a_line_at_a_time() -> None:
    keeping = Keeping()
    keeping.record(*(login(device=3) for _ in range(2000)))
    keeping.book.flush()
    asked = Question(LOCK, NOON - 1, NOON + 1, True)
    tracemalloc.start()
    proven = verify_answer(answer(keeping.query, keeping.book.server, asked))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert proven.logins == 2000
    assert peak < 8 * 1024 * 1024


# ---------------------------------------------------------------------------------------------------------------- forged


def forged(lines: list[bytes], keys: KeyPair) -> list[bytes]:
    """The lines, signed anew: a server that lies signs whatever it says."""
    head, tail = from_line(AnswerHead, lines[0]), from_line(AnswerTail, lines[-1])
    signer = read_checkpoint(head.checkpoint).signer
    said = answer_statement(head.network, signer, sha256(b"".join(lines[:-1])).digest())
    return [*lines[:-1], to_line(replace(tail, signature=keys.sign(said)))]


def with_line(place: int, change: Callable[[AnswerLine], AnswerLine | None]) -> Callable[[list[bytes]], list[bytes]]:
    """One line changed, or left out."""

    def changed(lines: list[bytes]) -> list[bytes]:
        line = change(from_line(AnswerLine, lines[place]))
        return [*lines[:place], *([] if line is None else [to_line(line)]), *lines[place + 1 :]]

    return changed


def with_head(**given: object) -> Callable[[list[bytes]], list[bytes]]:
    def changed(lines: list[bytes]) -> list[bytes]:
        return [to_line(replace(from_line(AnswerHead, lines[0]), **given)), *lines[1:]]

    return changed


def cut(lines: list[bytes]) -> list[bytes]:
    """The window's last entries are left out, and the head says so."""
    head = from_line(AnswerHead, lines[0])
    return [to_line(replace(head, stop=head.stop - 3)), *lines[1:-4], lines[-1]]


def hidden(line: AnswerLine) -> AnswerLine:
    return replace(line, standing=Standing.WITHHELD, body=None)


def moved(line: AnswerLine) -> AnswerLine:
    return replace(line, leaf=replace(line.leaf, at=line.leaf.at + 1))


FORGERIES = {
    "a line left out": with_line(3, lambda line: None),
    "a time moved": with_line(3, moved),
    "another's body": with_line(2, lambda line: replace(line, body=replace(line.body, salt=bytes(32)))),
    "another index": with_line(2, lambda line: replace(line, leaf=LogLeaf(9, line.leaf.at, line.leaf.commitment))),
    "another commitment": with_line(
        3, lambda line: replace(line, leaf=replace(line.leaf, commitment=Digest(bytes(32))))
    ),
    "an edge in the window": with_line(3, lambda line: replace(line, standing=Standing.EDGE, body=None)),
    "an entry beyond it": with_line(1, lambda line: replace(line, standing=Standing.WITHHELD)),
    "a shown one without a body": with_line(2, lambda line: replace(line, body=None)),
    "a hidden body": with_line(2, lambda line: replace(line, standing=Standing.WITHHELD)),
    "an erasure that nothing accounts for": with_line(
        2, lambda line: replace(line, standing=Standing.ERASED, body=None)
    ),
    "the end cut": cut,
    "another window": with_head(since=NOON + 5 * HOUR),
    "a narrower window": with_head(until=NOON + 12 * HOUR),
    "another device": with_head(device=DeviceId(4)),
    "another frontier": with_head(frontier=(Digest(bytes(32)), Digest(bytes(32)))),
    "a short frontier": with_head(frontier=()),
    "another path": with_head(consistency=()),
    "another network": with_head(network=bytes(32)),
    "another format": with_head(format="certchain-log-answer/v2"),
    "beyond the log": with_head(stop=99),
    "before its beginning": with_head(begin=-1),
    "an end before the beginning": with_head(stop=2),
    "more lines": lambda lines: [*lines, lines[-1]],
    "no lines": lambda lines: [],
    "no end": lambda lines: lines[:-1],
    "half a line": lambda lines: [*lines[:-1], lines[-1][:-1]],
    "a line too long": lambda lines: [lines[0], b" " * 2_000_000 + b"\n", *lines[2:]],
    "other lines": lambda lines: [lines[0], *lines[2:1:-1], *lines[1:]],
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_what_the_log_did_not_say_is_not_proven_even_when_the_server_signs_it(
    forgery: Callable[[list[bytes]], list[bytes]],
) -> None:
    keeping = kept()
    lines = forgery(answered(keeping, question()))
    with pytest.raises(ProofInvalid):
        verify_answer(lines)
    if len(lines) > 2 and lines[-1].endswith(b"\n"):
        try:
            again = forged(lines, keeping.book.server.keys)
        except MalformedMessage:
            return
        with pytest.raises(ProofInvalid):
            verify_answer(again)


def test_a_login_that_is_withheld_is_proven_to_be_there_and_the_word_on_it_is_the_servers_own() -> None:
    """What the file cannot show, the server has signed: the entry, once opened, proves the lie."""
    keeping = kept()
    lines = with_line(2, hidden)(answered(keeping, question()))
    with pytest.raises(ProofInvalid):
        verify_answer(lines)  # the lines are not those that were signed
    lying = forged(lines, keeping.book.server.keys)
    proven = verify_answer(lying)
    assert (proven.logins, proven.withheld) == (3, 9)

    court = with_line(2, hidden)(answered(keeping, question(whole=True)))
    with pytest.raises(ProofInvalid, match="withheld"):
        verify_answer(forged(court, keeping.book.server.keys))


def test_who_did_not_log_in_at_the_device_is_not_shown_unless_all_are() -> None:
    keeping = kept()
    lines, whole = answered(keeping, question()), answered(keeping, question(whole=True))
    lines[3] = whole[3]
    with pytest.raises(ProofInvalid, match="no login at the device"):
        verify_answer(forged(lines, keeping.book.server.keys))


def test_records_of_erasures_are_proven_too() -> None:
    keeping = kept(erase=True)
    lines = answered(keeping, question())
    tail = from_line(AnswerTail, lines[-1])
    (record,) = tail.records
    someone = from_line(AnswerLine, answered(keeping, question())[5])
    assert isinstance(someone.body.entry if someone.body else None, LoginEntry)
    others = (
        replace(tail, records=()),
        replace(tail, records=(replace(record, path=()),)),
        replace(tail, records=(replace(record, body=None),)),
        replace(tail, records=(replace(record, leaf=someone.leaf, body=someone.body),)),
    )
    for other in others:
        with pytest.raises(ProofInvalid):
            verify_answer([*lines[:-1], to_line(other)])


def test_signers_and_witnesses_can_be_asked_for() -> None:
    lines = answered(kept(), question())
    with pytest.raises(WrongSigner):
        verify_answer(lines, key_thumbprint(KeyPair.generate().public))
    with pytest.raises(CosignaturesMissing):
        verify_answer(lines, witnesses={"anne.example": bytes(32)}, quorum=1)


def test_every_byte_counts() -> None:
    lines = answered(kept(), question(9, 11))
    data = b"".join(lines)
    for place in range(0, len(data), 11):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        with pytest.raises(CertchainError) as caught:
            verify_answer(changed.splitlines(keepends=True))
        assert caught.value.exit_code in {65, 76}, place
