"""What the in-memory contracts of one network have in common: one lock, one clock, and who has which role."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from threading import RLock
from typing import ClassVar, Concatenate, ParamSpec, TypeVar

from eth_typing import ChecksumAddress

from certchain.config.clock import Clock
from certchain.errors import PermissionDenied
from certchain.ledger import argument
from certchain.ledger.permission import ADMIN_NUMBER, PermissionTable, permission_table

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass(slots=True)
class Shared:
    """What every contract of a network looks at. ``members`` has the accounts of each role, by the role's number."""

    clock: Clock
    members: dict[int, set[str]]
    table: PermissionTable = field(default_factory=permission_table)
    lock: RLock = field(default_factory=RLock)


@dataclass(frozen=True, slots=True)
class MemoryContract:
    """A contract as one account sees and calls it."""

    shared: Shared
    account: ChecksumAddress

    contract: ClassVar[str]

    def _require_role(self, function: str) -> None:
        """Raises ``PermissionDenied`` unless the account has the role that the table names for the function."""
        role = self.shared.table.number(self.shared.table.functions[self.contract][function])
        self._require_member(role, function)

    def _require_admin(self, function: str) -> None:
        self._require_member(ADMIN_NUMBER, function)

    def _require_member(self, role: int, function: str) -> None:
        if self.account not in self.shared.members.get(role, ()):
            raise PermissionDenied(self.account, function)

    def _now(self) -> int:
        return self.shared.clock.now()


Contract = TypeVar("Contract", bound=MemoryContract)
Method = Callable[Concatenate[Contract, Arguments], Result]


def whole(
    method: Callable[Concatenate[Contract, Arguments], Result],
) -> Callable[Concatenate[Contract, Arguments], Result]:
    """Lets a method see and make no change by halves: one call at a time on a network, as in a block."""

    @wraps(method)
    def locked(contract: Contract, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with contract.shared.lock:
            return method(contract, *args, **kwargs)

    return locked


def page(items: list[Result], offset: int, limit: int) -> tuple[Result, ...]:
    """At most ``limit`` items from ``offset`` on; none past the end."""
    return tuple(items[offset : offset + limit])


def random_account() -> ChecksumAddress:
    """An address that nobody has the key of."""
    return argument.account("account", "0x" + secrets.token_hex(20))
