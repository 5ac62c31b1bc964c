"""`certchain alert` and `certchain subscriber`: what is recognised is shown, proven to others, and told to who asked."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from certchain.cli import main
from certchain.cli.output import Output
from certchain.cli.record import CERTIFICATION_SERVER
from certchain.cli.workspace import opener
from certchain.config import Home
from certchain.models.notification import DeliveryState
from certchain.models.registration import PublicKeys
from certchain.storage import SqlNotificationStore
from tests.alarms import Receiver, receiving
from tests.program import SESSION, Program


@pytest.fixture
def office() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def attacked(registered: Program, app_folder: Path) -> Program:
    """Somebody has changed the app on Alice's phone, and tried to log in with it."""
    (app_folder / "main.py").write_text("print('the back door')\n")
    registered.json(*SESSION).refusal(76, "IntegrityFailed")
    return registered


def test_an_attack_is_recognised_once_and_listed(attacked: Program) -> None:
    assert attacked.json("alert", "list").value() == []
    assert attacked.json("alert", "recognise").value() == {"raised": 1, "entries": 2}
    assert attacked.json("alert", "recognise").value() == {"raised": 0, "entries": 2}
    (row,) = attacked.json("alert", "list").value()
    assert (row["alert"], row["rule"], row["device"], row["entries"]) == (1, "bad-integrity", 1, [1])


def test_an_alerts_document_is_verified_without_chain_home_or_passphrase_and_checked_with_the_chain(
    attacked: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attacked.json("alert", "recognise").value()
    file = tmp_path / "alert.json"
    value = attacked.json("alert", "show", "1", "--out", str(file)).value()
    assert (value["said"][0]["reason"], value["said"][0]["user"]) == ("IntegrityFailed", 1)
    assert attacked.json("alert", "check", str(file)).value()["alert"] == 1
    monkeypatch.delenv("CERTCHAIN_PASSPHRASE")
    elsewhere = ("--home", str(tmp_path / "nowhere"))
    assert main(["alert", "verify", str(file), "--thumbprint", value["thumbprint"], *elsewhere]) == 0
    attacked.capture.readouterr()
    assert not (tmp_path / "nowhere").exists()
    assert "alice" not in file.read_text()

    file.write_bytes(file.read_bytes().replace(b'"number": 1', b'"number": 2'))
    attacked.json("alert", "check", str(file)).refusal(65, "UnknownAlert")
    file.write_bytes(file.read_bytes().replace(b'"rule": 2', b'"rule": 1'))
    attacked.json("alert", "verify", str(file)).refusal(76, "AlertInvalid")


def test_without_a_chain_an_alert_is_not_compared_with_it(attacked: Program, tmp_path: Path) -> None:
    attacked.json("alert", "recognise").value()
    attacked.json("alert", "show", "1", "--out", str(tmp_path / "a")).value()
    attacked.chain.network = None
    attacked.json("alert", "check", str(tmp_path / "a")).refusal(78, "NotDeployed")


def test_what_entries_say_can_be_withheld(attacked: Program) -> None:
    attacked.json("alert", "recognise").value()
    (said,) = attacked.json("alert", "show", "1", "--withheld").value()["said"]
    assert (said["kind"], said["reason"]) == ("withheld", None)
    attacked.json("alert", "show", "2").refusal(65, "UnknownRecord")


def test_subscribers_are_told_and_what_became_of_it_is_shown(attacked: Program, office: Receiver) -> None:
    office.answers = [500]
    attacked.json("subscriber", "add", "office", f"{office.address}/hook", "--bodies").value()
    attacked.json("alert", "recognise").value()
    (delivery,) = attacked.json("subscriber", "deliveries").value()
    assert (delivery["state"], delivery["attempts"], "500" in delivery["problem"]) == ("waiting", 1, True)
    (row,) = attacked.json("subscriber", "list").value()
    assert (row["subscriber"], row["waiting"], row["dead"]) == ("office", 1, 0)
    assert attacked.json("subscriber", "deliveries", "--state", "dead").value() == []


def test_a_dead_delivery_is_tried_again_when_the_operator_says_so(attacked: Program, office: Receiver) -> None:
    office.answers = [500]
    attacked.json("subscriber", "add", "office", f"{office.address}/hook").value()
    attacked.json("alert", "recognise").value()
    store = SqlNotificationStore(attacked.home / "management.sqlite")
    store.keep_delivery(replace(store.deliveries()[0], state=DeliveryState.DEAD))
    store.close()
    assert attacked.json("subscriber", "list").value()[0]["dead"] == 1
    assert attacked.json("subscriber", "retry", "office").value()["deliveries"] == 1
    attacked.json("alert", "recognise").value()
    assert attacked.json("subscriber", "deliveries").value()[0]["state"] == "delivered"
    office.keys = server_keys(attacked)
    assert office.verified(office.posted[-1], now()).alert.withheld


def server_keys(program: Program) -> PublicKeys:
    with opener(program.chain.open)(Home(program.home), Output()) as workspace:
        return workspace.keyring.service(CERTIFICATION_SERVER).public


def now() -> int:
    return int(time.time())


def test_subscribers_and_alerts_are_looked_after_beside_a_running_server(deployed: Program) -> None:
    with opener(deployed.chain.open)(Home(deployed.home), Output()) as workspace:
        workspace.alone_in(workspace.home.folder)
        deployed.json("subscriber", "add", "office", "https://office.example/hook").value()
        assert deployed.json("alert", "list").value() == []
        deployed.json("subscriber", "remove", "office").value()


def test_the_operator_chooses_what_a_burst_is(registered: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = registered.home / "config.toml"
    with_one = settings.read_text() + "alert_user_failures = 1\n"
    monkeypatch.setenv("CERTCHAIN_SECRET", "not alice's secret")
    registered.json(*SESSION).refusal(77, "LoginRefused")
    assert registered.json("alert", "recognise").value()["raised"] == 0
    settings.write_text(with_one)
    registered.json(*SESSION).refusal(77, "LoginRefused")
    registered.json("alert", "recognise").value()
    assert {row["rule"] for row in registered.json("alert", "list").value()} == {"failure-burst"}
    settings.write_text(with_one.replace("= 1\n", "= 1001\n"))
    registered.json("alert", "recognise").refusal(78, "ConfigurationInvalid")


def test_subscribers_are_added_once_and_removed(deployed: Program) -> None:
    deployed.json("subscriber", "add", "office", "https://office.example/hook").value()
    deployed.json("subscriber", "add", "office", "https://office.example/hook").refusal(65, "RecordExists")
    deployed.json("subscriber", "add", "display", "mqtts://broker.example").refusal(65, "MalformedValue")
    deployed.json("subscriber", "add", "display", "mqtts://broker.example/alerts/home").value()
    deployed.json("subscriber", "add", "spy", "gopher://office.example").refusal(65, "MalformedValue")
    assert [row["subscriber"] for row in deployed.json("subscriber", "list").value()] == ["display", "office"]
    deployed.json("subscriber", "remove", "office").value()
    deployed.json("subscriber", "remove", "office").refusal(65, "UnknownRecord")
    assert "1 subscriber" in deployed("subscriber", "list").out
    assert "0 deliveries" in deployed("subscriber", "deliveries").out
