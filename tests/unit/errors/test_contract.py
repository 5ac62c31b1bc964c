"""The Python counterparts of the contracts' errors take the same values, in the same order."""

import json
import re
from dataclasses import fields
from importlib.resources import files
from typing import Any

import pytest

from certchain.errors import CertchainError, error_classes

COUNTERPARTS = {cls.contract_error: cls for cls in error_classes().values() if cls.contract_error}
CONTRACTS = ("Registration", "RecordedLog", "AnchoredLog", "UpdateRegistry", "KeyCustody", "Alerts")
TYPES = {"uint": "int", "bytes": "bytes", "address": "str", "string": "str"}

# Where Python has another word: a name that it keeps for itself, or one that says more to a caller.
OTHER_WORDS = {
    ("ForbiddenTransition", "from"): "before",
    ("ForbiddenTransition", "to"): "after",
    ("PermissionDenied", "caller"): "account",
    ("PermissionDenied", "selector"): "function",
    ("AlreadyRegistered", "current"): "registration",
    ("DivisionNumberMismatch", "next"): "next_number",
}


def declared() -> dict[str, list[dict[str, Any]]]:
    """The values of each error that our contracts declare."""
    abis = [
        json.loads((files("certchain.ledger") / "artifact" / f"{name}.json").read_text())["abi"] for name in CONTRACTS
    ]
    return {entry["name"]: entry["inputs"] for abi in abis for entry in abi if entry["type"] == "error"}


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@pytest.mark.parametrize("name", sorted(declared()))
def test_an_error_of_a_contract_has_a_counterpart_with_its_values_in_order(name: str) -> None:
    cls: type[CertchainError] = COUNTERPARTS[name]
    expected = [OTHER_WORDS.get((cls.__name__, value["name"]), snake_case(value["name"])) for value in declared()[name]]

    assert [field.name for field in fields(cls)] == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(set(declared()) - {"Permissioned_NotAuthorised"}))
def test_the_values_have_the_types_that_the_chain_gives(name: str) -> None:
    """Numbers and enumerations are ``int``, words ``bytes``, accounts and names ``str``."""
    given = [TYPES[re.match("[a-z]+", value["type"])[0]] for value in declared()[name]]  # type: ignore[index]

    assert [getattr(field.type, "__name__", field.type) for field in fields(COUNTERPARTS[name])] == given  # type: ignore[arg-type]


def test_no_counterpart_is_of_an_error_that_no_contract_has() -> None:
    assert COUNTERPARTS.keys() == declared().keys()
