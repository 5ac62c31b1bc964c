"""Divisions of key data, in memory: the rules of ``contracts/KeyCustody.sol``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from certchain.errors import (
    DivisionNumberMismatch,
    EmptyKeyCommitment,
    EmptyShareCommitment,
    MalformedDivision,
    RepeatedCustodian,
    UnknownDivision,
    UnknownService,
)
from certchain.ledger import argument
from certchain.ledger.memory.contract import MemoryContract, whole
from certchain.ledger.memory.enrolment import EnrolmentState
from certchain.models.custody import CommittedShare, KeyDivision
from certchain.models.digest import Digest
from certchain.models.identifier import PartyKind

MOST_SHARES = 255


@dataclass(slots=True)
class CustodyState:
    """The divisions behind each commitment, in their order."""

    divisions: dict[Digest, list[KeyDivision]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryKeyCustody(MemoryContract):
    """The KeyCustody contract as one account sees and calls it; it asks the Registration contract who is enrolled."""

    enrolled: EnrolmentState
    custody: CustodyState

    contract = "KeyCustody"

    @whole
    def divide(self, commitment: Digest, number: int, threshold: int, shares: Sequence[CommittedShare]) -> None:
        argument.division(number, threshold, shares)
        self._require_role("divide")
        if not any(commitment.value):
            raise EmptyKeyCommitment
        following = self.division_count(commitment) + 1
        if number != following:
            raise DivisionNumberMismatch(commitment.value, number, following)
        if not 1 <= threshold <= len(shares) <= MOST_SHARES:
            raise MalformedDivision(threshold, len(shares))
        self._require_shares(shares)
        division = KeyDivision(commitment, number, threshold, tuple(shares), self._now())
        self.custody.divisions.setdefault(commitment, []).append(division)

    @whole
    def division_count(self, commitment: Digest) -> int:
        return len(self.custody.divisions.get(commitment, ()))

    @whole
    def division(self, commitment: Digest, number: int) -> KeyDivision:
        if not 1 <= argument.division_number(number) <= self.division_count(commitment):
            raise UnknownDivision(commitment.value, number)
        return self.custody.divisions[commitment][number - 1]

    def _require_shares(self, shares: Sequence[CommittedShare]) -> None:
        services = len(self.enrolled.keys[PartyKind.SERVICE])
        seen: set[int] = set()
        for share in shares:
            if not 1 <= share.custodian <= services:
                raise UnknownService(share.custodian)
            if share.custodian in seen:
                raise RepeatedCustodian(share.custodian)
            if not any(share.commitment.value):
                raise EmptyShareCommitment(share.custodian)
            seen.add(share.custodian)
