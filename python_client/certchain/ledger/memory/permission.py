"""The network's permissions, in memory: what the client layer uses of OpenZeppelin's AccessManager."""

from dataclasses import dataclass

from certchain.ledger import argument
from certchain.ledger.memory.contract import MemoryContract, whole


@dataclass(frozen=True, slots=True)
class MemoryPermissions(MemoryContract):
    """The Permissions contract as one account sees and calls it."""

    contract = "Permissions"

    @whole
    def grant(self, role: str, account: str) -> None:
        number, member = self.shared.table.number(role), argument.account("account", account)
        self._require_admin("grantRole")
        self.shared.members.setdefault(number, set()).add(member)

    @whole
    def withdraw_role(self, role: str, account: str) -> None:
        number, member = self.shared.table.number(role), argument.account("account", account)
        self._require_admin("revokeRole")
        self.shared.members.setdefault(number, set()).discard(member)

    @whole
    def has_role(self, role: str, account: str) -> bool:
        number, member = self.shared.table.number(role), argument.account("account", account)
        return member in self.shared.members.get(number, ())
