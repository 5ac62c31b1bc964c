"""What certification server and custodian believe of each other."""

from dataclasses import replace

import pytest

from certchain.encoding.custody import share_commitment
from certchain.errors import ShareUnknown, ShareWrong
from certchain.models.custody import (
    CommittedShare,
    KeptShare,
    KeyDivision,
    KeyShare,
    ShareAnswer,
    ShareDeposit,
    ShareKept,
    ShareQuestion,
)
from certchain.models.digest import Digest
from certchain.models.identifier import ServiceId
from certchain.sharing import divide
from certchain.verification.custody import (
    outdated,
    share_of,
    verify_answer,
    verify_deposit,
    verify_kept,
    verify_share,
)

REGISTRATION = Digest(bytes(range(32)))
OTHER = Digest(bytes(32))
SHARES = divide(bytes(32), 2, 3)
MINA, NOAH, OLGA, ZOE = (ServiceId(number) for number in (5, 6, 7, 8))
SERVER = ServiceId(1)
QUESTION = ShareQuestion(SERVER, MINA, REGISTRATION, 1, bytes(32))
DEPOSIT = ShareDeposit(SERVER, MINA, REGISTRATION, 1, b"sealed")


def division(number: int = 1) -> KeyDivision:
    committed = [share_commitment(REGISTRATION, number, share) for share in SHARES]
    keepers = zip((MINA, NOAH, OLGA), committed, strict=True)
    return KeyDivision(REGISTRATION, number, 2, tuple(CommittedShare(*keeper) for keeper in keepers), 0)


def kept(number: int, share: KeyShare = SHARES[0]) -> KeptShare:
    return KeptShare(SERVER, REGISTRATION, number, share_commitment(REGISTRATION, number, share), b"sealed")


def test_a_custodians_share_is_found_with_its_index() -> None:
    assert share_of(division(), NOAH) == (2, division().shares[1])
    assert share_of(division(), ZOE) is None


def test_the_share_that_the_chain_has_a_commitment_to_is_taken() -> None:
    assert verify_share(division(), OLGA, SHARES[2]) is SHARES[2]


@pytest.mark.parametrize(
    ("number", "custodian", "share", "reason"),
    [
        (1, ZOE, SHARES[0], "it has no share of division 1"),
        (1, MINA, SHARES[1], "its share has index 2, not 1"),
        (1, MINA, replace(SHARES[1], index=1), "not the one that the chain has a commitment to"),
        (1, MINA, replace(SHARES[0], value=bytes(32)), "not the one that the chain has a commitment to"),
    ],
    ids=["no share", "another index", "another's value", "another value"],
)
def test_any_other_share_is_wrong(number: int, custodian: ServiceId, share: KeyShare, reason: str) -> None:
    with pytest.raises(ShareWrong, match=reason) as refusal:
        verify_share(division(number), custodian, share)
    assert refusal.value.custodian == custodian


def test_a_share_of_another_division_or_registration_is_wrong() -> None:
    """Its commitment names both."""
    for other in (replace(division(), number=2), replace(division(), commitment=OTHER)):
        with pytest.raises(ShareWrong):
            verify_share(other, MINA, SHARES[0])


def test_an_answer_is_to_its_question() -> None:
    answer = ShareAnswer(MINA, REGISTRATION, 1, bytes(32), b"sealed")
    assert verify_answer(answer, QUESTION) is answer
    for other in ({"custodian": NOAH}, {"commitment": OTHER}, {"number": 2}, {"nonce": b"\x01" * 32}):
        with pytest.raises(ShareWrong, match="another question"):
            verify_answer(replace(answer, **other), QUESTION)  # type: ignore[arg-type]


def test_an_acknowledgement_is_of_its_deposit_and_share() -> None:
    word = ShareKept(MINA, REGISTRATION, 1, OTHER)
    assert verify_kept(word, DEPOSIT, OTHER) is word
    for other in ({"custodian": NOAH}, {"commitment": OTHER}, {"number": 2}):
        with pytest.raises(ShareWrong, match="another deposit"):
            verify_kept(replace(word, **other), DEPOSIT, OTHER)  # type: ignore[arg-type]
    with pytest.raises(ShareWrong, match="another share"):
        verify_kept(word, DEPOSIT, REGISTRATION)


def test_a_deposit_is_for_the_next_division_or_as_the_chain_has_it() -> None:
    committed = share_commitment(REGISTRATION, 1, SHARES[0])
    assert verify_deposit(DEPOSIT, SHARES[0], 0, None) == committed
    assert verify_deposit(DEPOSIT, SHARES[0], 3, division()) == committed
    with pytest.raises(ShareUnknown):
        verify_deposit(replace(DEPOSIT, number=2), SHARES[0], 0, None)
    with pytest.raises(ShareWrong):
        verify_deposit(DEPOSIT, SHARES[1], 1, division())


def test_a_custodian_drops_what_the_chain_has_a_newer_division_of() -> None:
    """Its share of the newest stays, and one for the next; what was never committed to goes."""
    never, used = kept(2, SHARES[1]), kept(2)
    assert outdated((kept(1), never, used, kept(3)), division(2), MINA) == (kept(1), never)
    assert outdated((used,), division(2), MINA) == ()
    assert outdated((), division(2), MINA) == ()


def test_a_custodian_without_a_share_of_the_newest_division_drops_all_before_it() -> None:
    assert outdated((kept(1), kept(2), kept(3)), division(2), ZOE) == (kept(1), kept(2))


def test_a_custodian_that_should_have_a_share_of_the_newest_division_and_has_not_drops_nothing() -> None:
    assert outdated((kept(1),), division(2), MINA) == ()
    assert outdated((kept(1), kept(2, SHARES[1])), division(2), MINA) == ()
