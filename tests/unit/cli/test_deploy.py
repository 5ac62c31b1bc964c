"""`certchain deploy`: once for a home folder, and to the end however often it is interrupted."""

import pytest

from certchain.cli import deploy as deployment
from certchain.cli.record import CUSTODIANS
from certchain.config import read_configuration
from certchain.errors import LedgerUnavailable
from tests.program import Program


def test_a_deployment_enrols_the_services_and_defines_methods(certchain: Program) -> None:
    value = certchain.json("deploy").value()
    assert sorted(value["services"].values()) == list(range(1, 10))
    assert [name for name in value["services"] if name.startswith("custodian")] == list(CUSTODIANS)
    assert len(certchain.json("method", "list").value()) == value["methods"] == 15


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
