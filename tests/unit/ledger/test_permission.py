"""The table of roles and functions, and the contracts that it is about."""

import pytest

from certchain.errors import MalformedValue, NoApprovalsRequired
from certchain.ledger.chain.abi import artifact
from certchain.ledger.memory import MemoryNetwork
from certchain.ledger.permission import permission_table
from tests.industry import TestClock
from tests.world import refused


def test_every_function_of_the_table_is_one_of_its_contract() -> None:
    for contract, functions in permission_table().functions.items():
        assert functions.keys() <= artifact(contract).functions.keys()


@pytest.mark.parametrize("contract", ["Registration", "LoginLog", "UpdateRegistry"])
def test_every_function_that_changes_something_asks_for_a_role(contract: str) -> None:
    """What is not in the table can be called by anyone, and so may only look."""
    table = permission_table()
    for function in artifact(contract).functions.values():
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
