"""`certchain deploy`: once for a home folder, and to the end however often it is interrupted."""

from pathlib import Path

import pytest

from certchain.cli import deploy as deployment
from certchain.cli.record import CUSTODIANS, custodian_names
from certchain.config import read_configuration
from certchain.errors import LedgerUnavailable
from tests.program import CHEAP_KEYS, Program


def test_a_deployment_enrols_the_services_and_defines_methods(certchain: Program) -> None:
    value = certchain.json("deploy").value()
    assert sorted(value["services"].values()) == list(range(1, 10))
    assert [name for name in value["services"] if name.startswith("custodian")] == list(CUSTODIANS)
    assert len(certchain.json("method", "list").value()) == value["methods"] == 15


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_home_has_as_many_custodians_as_it_is_told(certchain: Program, count: int) -> None:
    value = certchain.json("deploy", "--custodians", str(count)).value()
    assert [name for name in value["services"] if name.startswith("custodian")] == list(custodian_names(count))
    assert read_configuration(certchain.home / "config.toml").home_custodians == count
    certchain.json("deploy").refusal(78, "AlreadyDeployed")


def test_there_are_not_more_than_the_highest_risk_asks_for(certchain: Program) -> None:
    certchain.json("deploy", "--custodians", "8").refusal(2, "UsageError")


def test_a_centre_without_custodians_divides_no_key_and_says_how_to_get_on(
    certchain: Program, app_folder: Path
) -> None:
    """Of low risk, a key has one share, which the certification server keeps."""
    (certchain.home / "config.toml").write_text(f'{CHEAP_KEYS}[model_risks.Acme]\nbell = "low"\nbolt = "medium"\n')
    certchain.json("deploy", "--custodians", "0").value()
    certchain.json("app", "allow", "door", "--version", "1.0", "--folder", str(app_folder)).value()
    certchain.json("user", "enrol", "alice").value()
    app = ("--app", "door", "--app-version", "1.0", "--app-folder", str(app_folder))
    certchain.json("user-device", "enrol", "phone", "--model", "P7", "--platform", "Android", *app).value()
    for model in ("bell", "bolt"):
        certchain.json("device", "enrol", model, "--manufacturer", "Acme", "--model", model, "--serial", model).value()
    pair = ("--user", "alice", "--user-device", "phone", "--device")
    assert certchain.json("registration", "register", *pair, "bell").value()["risk"] == "low"
    refusal = certchain.json("registration", "register", *pair, "bolt").refusal(78, "CustodiansTooFew")
    assert refusal["values"] == {"risk": "medium", "needed": 3, "known": 0}
    assert "[custodians]" in refusal["advice"]


def test_a_second_deployment_is_refused(deployed: Program) -> None:
    deployed.json("deploy").refusal(78, "AlreadyDeployed")


def test_another_network_in_the_same_home_is_refused(deployed: Program) -> None:
    (deployed.home / "service" / "auditor" / "record.toml").unlink()
    deployed.json("deploy", "--network", "http://127.0.0.1:9").refusal(78, "AlreadyDeployed")


def test_the_choices_are_kept_in_the_configuration(certchain: Program) -> None:
    certchain.json("deploy", "--approvals", "3").value()
    assert read_configuration(certchain.home / "config.toml").approvals_required == 3
    assert (certchain.home / "keys" / "approver-3.account.json").exists()


@pytest.mark.parametrize(("options", "allowed"), [((), False), (("--unrecorded",), True)])
def test_services_run_from_a_clone_only_if_that_was_asked_for(
    certchain: Program, options: tuple[str, ...], allowed: bool
) -> None:
    (certchain.home / "config.toml").write_text("key_memory = 32\n")
    certchain.json("deploy", *options).value()
    assert read_configuration(certchain.home / "config.toml").unrecorded_installation is allowed


@pytest.mark.parametrize("mode", ["recorded", "anchored"])
def test_how_the_chain_keeps_the_log_is_chosen_once(certchain: Program, mode: str) -> None:
    assert certchain.json("deploy", "--login-log-mode", mode).value()["login_log_mode"] == mode
    assert read_configuration(certchain.home / "config.toml").login_log_mode == mode


def test_the_log_of_a_deployment_is_kept_as_it_was(deployed: Program) -> None:
    (deployed.home / "service" / "auditor" / "record.toml").unlink()
    deployed.json("deploy", "--login-log-mode", "anchored").refusal(78, "AlreadyDeployed")
    deployed.json("deploy", "--login-log-mode", "paper").refusal(2, "UsageError")


def test_without_a_configuration_one_is_written(certchain: Program) -> None:
    (certchain.home / "config.toml").unlink()
    certchain.json("deploy").value()
    assert "# How many approvers" in (certchain.home / "config.toml").read_text()


@pytest.mark.parametrize(
    "step", ["_make_accounts", "_deploy_contracts", "_grant_roles", "_define_methods", "_enrol_services", "_record"]
)
def test_an_interrupted_deployment_goes_on_where_it_stopped(
    certchain: Program, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The step is done, and then the power fails before anyone hears of it."""
    done = getattr(deployment, step)

    def interrupted(*arguments: object) -> None:
        done(*arguments)
        raise LedgerUnavailable("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(deployment, step, interrupted)
        certchain.json("deploy").refusal(69, "LedgerUnavailable")
    if step != "_enrol_services":
        certchain.json("deploy").value()
    certchain.json("deploy").refusal(78, "AlreadyDeployed")
    assert len(certchain.json("method", "list").value()) == 15
    assert certchain.chain.network is not None
    assert certchain.chain.network.ledger(certchain.chain.network.admin).registrations.service_count() == 9


def test_a_record_that_was_lost_is_found_again_on_the_chain(deployed: Program) -> None:
    file = deployed.home / "service" / "certification-server" / "record.toml"
    before = file.read_text()
    file.unlink()
    deployed.json("deploy").value()
    assert file.read_text() == before


def test_a_wrong_passphrase_is_refused_with_the_files_name(deployed: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTCHAIN_PASSPHRASE", "a guess")
    refusal = deployed.json("user", "enrol", "alice").refusal(78, "KeyFileUnreadable")
    assert ".account.json" in refusal["values"]["path"] or ".key" in refusal["values"]["path"]


def test_without_a_passphrase_nothing_is_made(certchain: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CERTCHAIN_PASSPHRASE")
    certchain.json("deploy").refusal(78, "SecretMissing")
    assert not (certchain.home / "keys").exists()
