"""`certchain registration`: from the first to the last status."""

import time

import pytest

from certchain.channel import Connection
from certchain.cli.custody import HomeCustodians
from certchain.errors import PeerUnavailable
from certchain.roles.certification_server import CertificationServer
from certchain.roles.custodian import Custodian
from tests.program import PAIR, SESSION, Program


@pytest.mark.parametrize("via", ["server", "device"])
def test_a_pair_is_registered_either_way_and_can_be_certified(household: Program, via: str) -> None:
    value = household.json("registration", "register", *PAIR, "--via", via).value()
    assert (value["number"], value["status"], value["risk"], value["device"]) == (1, "active", "high", "porch-lock")
    household.json(*SESSION).value()


def test_custodians_of_the_home_are_waited_for_until_their_keys_are_open(
    household: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than custodians elsewhere would be: these are not away, they are five, and each key file costs Argon2id."""
    opened = HomeCustodians._open

    def slowly(custodians: HomeCustodians, name: str) -> Custodian:
        time.sleep(0.3)
        return opened(custodians, name)

    with (household.home / "config.toml").open("a") as settings:
        settings.write("custodian_patience = 1\n")
    monkeypatch.setattr(HomeCustodians, "_open", slowly)
    household.json("registration", "register", *PAIR).value()


def test_a_live_pair_is_not_registered_again_but_superseded(registered: Program) -> None:
    registered.json("registration", "register", *PAIR).refusal(65, "AlreadyRegistered")
    value = registered.json("registration", "supersede", *PAIR).value()
    assert (value["number"], value["version"], value["previous"]) == (2, 2, 1)
    assert registered.json("registration", "show", "1").value()["status"] == "superseded"


@pytest.mark.parametrize("command", ["register", "supersede"])
def test_the_answer_to_a_registration_that_was_lost_is_fetched_by_asking_again(
    household: Program, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """The chain has the registration and the phone has not: the same command ends what was begun, and makes no second one."""
    if command == "supersede":
        household.json("registration", "register", *PAIR).value()
    answer = CertificationServer.answer

    def lose(server: CertificationServer, connection: Connection, message: object) -> object:
        answer(server, connection, message)
        raise PeerUnavailable("The certification server", "the line was cut")

    with monkeypatch.context() as cut:
        cut.setattr(CertificationServer, "answer", lose)
        household.json("registration", command, *PAIR).refusal(69, "PeerUnavailable")
    made = len(household.json("registration", "list").value())
    assert household.json("registration", command, *PAIR).value()["number"] == made
    household.json(*SESSION).value()
    household.json("registration", "register", *PAIR).refusal(65, "AlreadyRegistered")


def test_an_application_that_was_never_granted_does_not_make_register_supersede(
    registered: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written for the registration that is in force still."""

    def silent(server: CertificationServer, connection: Connection, message: object) -> object:
        raise PeerUnavailable("The certification server", "the line was cut")

    with monkeypatch.context() as cut:
        cut.setattr(CertificationServer, "answer", silent)
        registered.json("registration", "supersede", *PAIR).refusal(69, "PeerUnavailable")
    registered.json("registration", "register", *PAIR).refusal(65, "AlreadyRegistered")


def test_what_is_not_registered_is_not_superseded(household: Program) -> None:
    household.json("registration", "supersede", *PAIR).refusal(77, "RegistrationRefused")


def test_a_method_with_too_few_factors_is_refused(household: Program) -> None:
    household.json("registration", "register", *PAIR, "--method", "8").refusal(76, "MethodTooWeak")
    household.json("registration", "register", *PAIR, "--method", "16").refusal(65, "UnknownMethod")


def test_the_configuration_says_how_risky_a_model_is(household: Program) -> None:
    settings = household.home / "config.toml"
    settings.write_text(settings.read_text() + '[model_risks.Acme]\nPL-1 = "medium"\n')
    assert household.json("registration", "register", *PAIR, "--method", "8").value()["risk"] == "medium"


def test_a_registration_is_suspended_reinstated_and_revoked(registered: Program) -> None:
    assert registered.json("registration", "suspend", "1").value()["status"] == "suspended"
    registered.json(*SESSION).refusal(76, "RegistrationNotActive")
    assert registered.json("registration", "reinstate", "1").value()["status"] == "active"
    registered.json(*SESSION).value()
    assert registered.json("registration", "revoke", "1").value()["status"] == "revoked"
    registered.json("registration", "reinstate", "1").refusal(65, "ForbiddenTransition")
    registered.json("registration", "show", "2").refusal(65, "UnknownRegistration")


def test_the_history_goes_back_to_the_pairs_first_registration(registered: Program) -> None:
    registered.json("registration", "supersede", *PAIR).value()
    registered.json("registration", "revoke", "2").value()
    moves = registered.json("registration", "history", "2").value()
    assert [(move["number"], move["status"]) for move in moves] == [
        (1, "active"),
        (1, "superseded"),
        (2, "active"),
        (2, "revoked"),
    ]


def test_all_registrations_are_listed(household: Program) -> None:
    assert household.json("registration", "list").value() == []
    household.json("registration", "register", *PAIR).value()
    assert [entry["user_device"] for entry in household.json("registration", "list").value()] == ["phone"]


def test_unknown_parties_are_named(household: Program) -> None:
    names = {"--user": "alice", "--user-device": "phone", "--device": "porch-lock"}
    for option in names:
        given = [part for name, value in (names | {option: "nobody"}).items() for part in (name, value)]
        refusal = household.json("registration", "register", *given).refusal(65, "UnknownRecord")
        assert refusal["values"]["name"] == "nobody"
