"""How a refusal shows itself: the one place that knows Brownie's text for a custom error."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from brownie.exceptions import VirtualMachineError


@contextmanager
def reverts(name: str, *values: object) -> Iterator[None]:
    """The block sends or calls, and is refused with the custom error `name` that carries exactly `values`."""
    with pytest.raises(VirtualMachineError) as refusal:
        yield
    assert refusal.value.revert_msg == f"{name}: {', '.join(_shown(value) for value in values)}"


def refusal_name(error: VirtualMachineError) -> str:
    """The name of the custom error, or the whole text where the refusal is something else."""
    return str(error.revert_msg).partition(":")[0]


def _shown(value: object) -> str:
    """Brownie prints a decoded value with str(): bytes as Python bytes, an address in lower case."""
    if isinstance(value, bytes):
        return str(bytes(value))
    address = getattr(value, "address", value)
    return address.lower() if isinstance(address, str) and address.startswith("0x") else str(address)
