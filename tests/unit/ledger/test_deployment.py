"""The deployment file: written whole, read back, and refused when it is none."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certchain.errors import ConfigurationInvalid
from certchain.ledger import argument
from certchain.ledger.deployment import CONTRACTS, SOURCES, Deployment
from certchain.models.log import LogMode

DEPLOYMENT = Deployment(
    31337, 7, {name: argument.account(name, f"0x{place:040x}") for place, name in enumerate(CONTRACTS, 1)}
)


def test_a_deployment_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    DEPLOYMENT.save(tmp_path / "new" / "local.json")

    assert Deployment.load(tmp_path / "new" / "local.json") == DEPLOYMENT
    assert Deployment.from_json(DEPLOYMENT.to_json()) == DEPLOYMENT


def test_the_file_has_what_the_scripts_write_and_read() -> None:
    values = json.loads(DEPLOYMENT.to_json())

    contracts = dict(DEPLOYMENT.contracts)
    assert values == {"chain_id": 31337, "block": 7, "login_log_mode": "recorded", "contracts": contracts}


@pytest.mark.parametrize(("mode", "log"), [(LogMode.RECORDED, "RecordedLog"), (LogMode.ANCHORED, "AnchoredLog")])
def test_the_login_logs_mode_says_what_its_contract_is_compiled_from(mode: LogMode, log: str) -> None:
    """Every other contract is its own source, in either mode."""
    deployment = replace(DEPLOYMENT, login_log_mode=mode)

    assert Deployment.from_json(deployment.to_json()) == deployment
    expected = ["Permissions", "Registration", log, "UpdateRegistry", "KeyCustody", "Alerts"]
    assert [deployment.source(name) for name in CONTRACTS] == expected
    assert set(map(deployment.source, CONTRACTS)) <= set(SOURCES)


def test_a_network_is_told_from_every_other_by_its_chain_and_its_contracts() -> None:
    elsewhere = Deployment(1, 7, DEPLOYMENT.contracts)
    another = Deployment(31337, 7, dict(zip(CONTRACTS, reversed(list(DEPLOYMENT.contracts.values())), strict=True)))

    assert len({DEPLOYMENT.identity, elsewhere.identity, another.identity}) == 3
    assert Deployment(31337, 99, DEPLOYMENT.contracts).identity == DEPLOYMENT.identity
    assert len(DEPLOYMENT.identity) == 32


def without(name: str) -> dict[str, Any]:
    contracts = {other: address for other, address in DEPLOYMENT.contracts.items() if other != name}
    return {"chain_id": 1, "block": 1, "login_log_mode": "recorded", "contracts": contracts}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps(without("LoginLog")),
        json.dumps(without("") | {"chain_id": "one"}),
        json.dumps(without("") | {"contracts": dict.fromkeys(CONTRACTS, "0x12")}),
        json.dumps(without("") | {"contracts": dict.fromkeys(CONTRACTS, 12)}),
        json.dumps({name: value for name, value in without("").items() if name != "login_log_mode"}),
        json.dumps(without("") | {"login_log_mode": "Recorded"}),
        json.dumps(without("") | {"login_log_mode": ["recorded"]}),
        json.dumps(without("") | {"login_log_mode": None}),
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
