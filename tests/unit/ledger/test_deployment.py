"""The deployment file: written whole, read back, and refused when it is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from certchain.errors import ConfigurationInvalid
from certchain.ledger import argument
from certchain.ledger.deployment import CONTRACTS, Deployment

DEPLOYMENT = Deployment(
    31337, 7, {name: argument.account(name, f"0x{place:040x}") for place, name in enumerate(CONTRACTS, 1)}
)


def test_a_deployment_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    DEPLOYMENT.save(tmp_path / "new" / "local.json")

    assert Deployment.load(tmp_path / "new" / "local.json") == DEPLOYMENT
    assert Deployment.from_json(DEPLOYMENT.to_json()) == DEPLOYMENT


def test_the_file_has_what_the_scripts_write_and_read() -> None:
    values = json.loads(DEPLOYMENT.to_json())

    assert values == {"chain_id": 31337, "block": 7, "contracts": dict(DEPLOYMENT.contracts)}


def test_a_network_is_told_from_every_other_by_its_chain_and_its_contracts() -> None:
    elsewhere = Deployment(1, 7, DEPLOYMENT.contracts)
    another = Deployment(31337, 7, dict(zip(CONTRACTS, reversed(list(DEPLOYMENT.contracts.values())), strict=True)))

    assert len({DEPLOYMENT.identity, elsewhere.identity, another.identity}) == 3
    assert Deployment(31337, 99, DEPLOYMENT.contracts).identity == DEPLOYMENT.identity
    assert len(DEPLOYMENT.identity) == 32


def without(name: str) -> dict[str, Any]:
    contracts = {other: address for other, address in DEPLOYMENT.contracts.items() if other != name}
    return {"chain_id": 1, "block": 1, "contracts": contracts}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(without("LoginLog")),
        json.dumps(without("") | {"chain_id": "one"}),
        json.dumps({"chain_id": 1, "block": 1, "contracts": dict.fromkeys(CONTRACTS, "0x12")}),
        json.dumps({"chain_id": 1, "block": 1, "contracts": dict.fromkeys(CONTRACTS, 12)}),
    ],
)
def test_what_is_no_deployment_is_refused_with_its_path(tmp_path: Path, text: str) -> None:
    file = tmp_path / "local.json"
    file.write_text(text)

    with pytest.raises(ConfigurationInvalid, match=r"local\.json"):
        Deployment.load(file)


def test_a_partial_deployment_may_lack_contracts() -> None:
    text = json.dumps(without("LoginLog"))

    assert "LoginLog" not in Deployment.from_json(text, partial=True).contracts
    with pytest.raises(ConfigurationInvalid):
        Deployment.from_json(text)


def test_a_file_that_is_not_there_or_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match="No such file"):
        Deployment.load(tmp_path / "none.json")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationInvalid):
        DEPLOYMENT.save(tmp_path / "file" / "local.json")
