"""The Permissions contract over web3."""

from dataclasses import dataclass

from certchain.ledger import argument
from certchain.ledger.chain.bound import BoundContract
from certchain.ledger.permission import PermissionTable

_NO_DELAY = 0


@dataclass(frozen=True, slots=True)
class ChainPermissions:
    """``PermissionLedger`` on the contract."""

    contract: BoundContract
    table: PermissionTable

    def grant(self, role: str, account: str) -> None:
        number, member = self.table.number(role), argument.account("account", account)
        self.contract.change("grantRole", number, member, _NO_DELAY)

    def withdraw_role(self, role: str, account: str) -> None:
        number, member = self.table.number(role), argument.account("account", account)
        self.contract.change("revokeRole", number, member)

    def has_role(self, role: str, account: str) -> bool:
        number, member = self.table.number(role), argument.account("account", account)
        return bool(self.contract.read("hasRole", number, member))
