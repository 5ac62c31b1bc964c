"""The table of roles and functions, and the contracts that it is about."""

import pytest

from certchain.errors import MalformedValue, NoApprovalsRequired
from certchain.ledger.chain.abi import artifact
from certchain.ledger.deployment import CONTRACTS, source
from certchain.ledger.memory import MemoryNetwork
from certchain.ledger.permission import permission_table
from certchain.models.log import LogMode
from tests.industry import TestClock
from tests.world import refused


def test_every_function_of_the_table_is_one_of_its_contract() -> None:
    """Of a log's, in one mode or the other."""
    for contract, functions in permission_table().functions.items():
        known = {name for mode in LogMode for name in artifact(source(contract, mode)).functions}
        assert functions.keys() <= known


@pytest.mark.parametrize("contract", [name for name in CONTRACTS if name != "Permissions"])
@pytest.mark.parametrize("mode", LogMode)
def test_every_function_that_changes_something_asks_for_a_role(contract: str, mode: LogMode) -> None:
    """What is not in the table can be called by anyone, and so may only look."""
    table = permission_table()
    for function in artifact(source(contract, mode)).functions.values():
        assert (table.role_of(contract, function.name) is None) == function.looks_only, function.name


def test_roles_have_numbers_and_the_admin_is_number_0() -> None:
    table = permission_table()

    assert table.number("admin") == 0
    assert sorted(table.roles.values()) == [1, 2, 3, 4]
    with pytest.raises(MalformedValue, match="king"):
        table.number("king")


def test_a_network_in_memory_asks_for_an_approval_too() -> None:
    with refused(NoApprovalsRequired()):
        MemoryNetwork(TestClock(), 0)
