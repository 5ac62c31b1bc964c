"""The table of roles and functions, as ``permissions.toml`` has it."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from certchain.errors import MalformedValue

ADMIN = "admin"
ADMIN_NUMBER = 0


@dataclass(frozen=True, slots=True)
class PermissionTable:
    """Which role each function asks for.

    ``roles`` has the AccessManager's number of each role but its admin's; ``functions`` the role's name by contract and
    function. A function that is not named can be called by anyone.
    """

    roles: Mapping[str, int]
    functions: Mapping[str, Mapping[str, str]]

    def number(self, role: str) -> int:
        """A role's number in the AccessManager; ``admin`` is one too. Raises ``MalformedValue`` for an unknown role."""
        if role == ADMIN:
            return ADMIN_NUMBER
        if role not in self.roles:
            raise MalformedValue("role", f"there is none named {role!r}; there are {', '.join(self.roles)}")
        return self.roles[role]

    def role_of(self, contract: str, function: str) -> str | None:
        """The role that a contract's function asks for, or ``None`` if anyone may call it."""
        return self.functions[contract].get(function)

    def functions_of(self, contract: str, role: str) -> tuple[str, ...]:
        """The functions of a contract that ask for a role."""
        return tuple(function for function, wanted in self.functions[contract].items() if wanted == role)


@cache
def permission_table() -> PermissionTable:
    """The table that this package ships."""
    table = tomllib.loads((files("certchain.ledger") / "permissions.toml").read_text())
    return PermissionTable(table["roles"], table["functions"])
