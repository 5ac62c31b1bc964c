"""The KeyCustody contract over web3."""

from collections.abc import Sequence
from dataclasses import dataclass

from certchain.ledger import argument
from certchain.ledger.chain import value
from certchain.ledger.chain.bound import BoundContract
from certchain.models.custody import CommittedShare, KeyDivision
from certchain.models.digest import Digest


@dataclass(frozen=True, slots=True)
class ChainKeyCustody:
    """``CustodyLedger`` on the contract."""

    contract: BoundContract

    def divide(self, commitment: Digest, number: int, threshold: int, shares: Sequence[CommittedShare]) -> None:
        wanted = [(share.custodian, share.commitment.value) for share in argument.division(number, threshold, shares)]
        self.contract.change("divide", commitment.value, number, threshold, wanted)

    def division_count(self, commitment: Digest) -> int:
        return int(self.contract.read("divisionCount", commitment.value))

    def division(self, commitment: Digest, number: int) -> KeyDivision:
        found = self.contract.read("divisionByNumber", commitment.value, argument.division_number(number))
        return value.division(commitment, number, found)
