"""What certification server and custodian check of each other: shares against commitments, answers against questions."""

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


def share_of(division: KeyDivision, custodian: ServiceId) -> tuple[int, CommittedShare] | None:
    """The index and commitment of a custodian's share in a division, or ``None`` when it has none."""
    places = enumerate(division.shares, start=1)
    return next(((index, share) for index, share in places if share.custodian == custodian), None)


def verify_share(division: KeyDivision, custodian: ServiceId, share: KeyShare) -> KeyShare:
    """The share, when it is the one that the chain's division has a commitment to for this custodian. Raises ``ShareWrong``."""
    place = share_of(division, custodian)
    if place is None:
        raise ShareWrong(custodian, f"it has no share of division {division.number}")
    index, committed = place
    if share.index != index:
        raise ShareWrong(custodian, f"its share has index {share.index}, not {index}")
    if share_commitment(division.commitment, division.number, share) != committed.commitment:
        raise ShareWrong(custodian, "its share is not the one that the chain has a commitment to")
    return share


def verify_answer(answer: ShareAnswer, question: ShareQuestion) -> ShareAnswer:
    """An answer, when it is to this very question. Raises ``ShareWrong``."""
    asked = (question.custodian, question.commitment, question.number, question.nonce)
    if (answer.custodian, answer.commitment, answer.number, answer.nonce) != asked:
        raise ShareWrong(question.custodian, "it answers another question")
    return answer


def verify_kept(kept: ShareKept, deposit: ShareDeposit, expected: Digest) -> ShareKept:
    """An acknowledgement, when it is of this deposit, and of the share that was sealed into it. Raises ``ShareWrong``."""
    if (kept.custodian, kept.commitment, kept.number) != (deposit.custodian, deposit.commitment, deposit.number):
        raise ShareWrong(deposit.custodian, "it acknowledges another deposit")
    if kept.share_commitment != expected:
        raise ShareWrong(deposit.custodian, "it acknowledges another share")
    return kept


def verify_deposit(deposit: ShareDeposit, share: KeyShare, newest: int, division: KeyDivision | None) -> Digest:
    """The share's commitment, when a custodian may keep it: for the next division, or as the chain has it already.

    ``newest`` is the number of the chain's newest division, ``division`` the one that the deposit names, if the chain has it. Raises
    ``ShareUnknown`` for any other number, and ``ShareWrong`` for a share that is not in the chain's division.
    """
    if division is not None:
        verify_share(division, deposit.custodian, share)
    elif deposit.number != newest + 1:
        raise ShareUnknown(str(deposit.commitment), deposit.number)
    return share_commitment(deposit.commitment, deposit.number, share)


def outdated(kept: tuple[KeptShare, ...], newest: KeyDivision, custodian: ServiceId) -> tuple[KeptShare, ...]:
    """The shares that a custodian drops now that the chain has this newest division: all others, but for a next one.

    Nothing is dropped by a custodian that should have a share of the newest division and does not: what it has may still be of use.
    """
    place = share_of(newest, custodian)
    used = [share for share in kept if place and _is(share, newest, place[1])]
    if place is not None and not used:
        return ()
    return tuple(share for share in kept if share.number <= newest.number and share not in used)


def _is(share: KeptShare, division: KeyDivision, committed: CommittedShare) -> bool:
    return (share.number, share.share_commitment) == (division.number, committed.commitment)
