"""Users, user devices, apps, IoT devices and methods: enrolled once, by name, and shown."""

from pathlib import Path

import pytest

from certchain.cli import deploy as deployment
from certchain.cli import rotation
from certchain.errors import StorageUnavailable
from certchain.models.registration import Factor
from tests.program import PAIR, SESSION, Program


def test_a_user_is_enrolled_by_name_once(deployed: Program) -> None:
    assert deployed.json("user", "enrol", "alice").value() == {"name": "alice", "number": 1}
    deployed.json("user", "enrol", "alice").refusal(65, "RecordExists")
    deployed.json("user", "enrol", "Alice!").refusal(65, "MalformedValue")
    assert deployed.json("user", "list").value() == [{"name": "alice", "number": 1}]


def test_a_device_is_enrolled_listed_and_shown(household: Program) -> None:
    listed = household.json("device", "list").value()
    assert [(entry["name"], entry["model"], entry["product"]) for entry in listed] == [("porch-lock", "PL-1", 1)]
    assert len(household.json("device", "show", "porch-lock").value()["keys"]) == 1
    household.json("device", "show", "hall-lock").refusal(65, "UnknownRecord")


def test_a_device_of_an_unknown_product_is_not_enrolled(household: Program) -> None:
    lock = ("--manufacturer", "Acme", "--model", "PL-1", "--serial", "8")
    household.json("device", "enrol", "hall-lock", *lock, "--product", "door").refusal(65, "UnknownRecord")
    household.json("device", "enrol", "porch-lock", *lock).refusal(65, "RecordExists")


def test_a_user_device_is_enrolled_listed_and_shown(household: Program) -> None:
    assert [entry["name"] for entry in household.json("user-device", "list").value()] == ["phone"]
    shown = household.json("user-device", "show", "phone").value()
    assert (shown["app"], shown["app_version"], len(shown["keys"])) == ("door", "1.0", 1)
    household.json("user-device", "show", "tablet").refusal(65, "UnknownRecord")


def test_an_interrupted_enrolment_is_taken_up_again(household: Program) -> None:
    """The chain has the keys, and the record was lost."""
    record = household.home / "device" / "porch-lock" / "record.toml"
    record.unlink()
    (household.home / "management.sqlite").unlink()
    lock = ("--manufacturer", "Acme", "--model", "PL-1", "--serial", "7", "--product", "lock")
    assert household.json("device", "enrol", "porch-lock", *lock).value()["number"] == 1


@pytest.mark.parametrize(("noun", "name"), [("device", "porch-lock"), ("user-device", "phone")])
def test_fresh_keys_are_in_force_and_the_old_registration_is_not(registered: Program, noun: str, name: str) -> None:
    registered.json(noun, "rotate-keys", name).value()
    assert len(registered.json(noun, "show", name).value()["keys"]) == 2
    assert registered.json(*SESSION).code == 76
    registered.json("registration", "supersede", *PAIR).value()
    registered.json(*SESSION).value()


@pytest.mark.parametrize(("noun", "name"), [("device", "porch-lock"), ("user-device", "phone")])
def test_an_interrupted_rotation_goes_on_with_the_same_keys(
    registered: Program, monkeypatch: pytest.MonkeyPatch, noun: str, name: str
) -> None:
    module = f"certchain.cli.{noun.replace('-', '_')}.take_fresh_pair"

    def power_failure(_: Path) -> None:
        raise StorageUnavailable("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(module, power_failure)
        registered.json(noun, "rotate-keys", name).refusal(69, "StorageUnavailable")
    registered.json(noun, "rotate-keys", name).value()
    assert len(registered.json(noun, "show", name).value()["keys"]) == 2


def test_fresh_keys_that_are_not_there_cannot_be_taken(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        rotation.take_fresh_pair(tmp_path)


def test_an_app_is_allowed_as_it_lies_there_and_revoked(deployed: Program, app_folder: Path) -> None:
    allow = ("app", "allow", "door", "--version", "1.0", "--folder")
    assert deployed.json(*allow, str(app_folder)).value()["files"] == 2
    assert deployed.json("app", "revoke", "door", "--version", "1.0").value()["status"] == "revoked"
    deployed.json("app", "revoke", "door", "--version", "2.0").refusal(65, "UnknownRecord")
    (app_folder / "main.py").write_text("another")
    deployed.json(*allow, str(app_folder)).refusal(65, "RecordExists")
    deployed.json(*allow, str(app_folder / "nowhere")).refusal(69, "StorageUnavailable")


def test_a_method_is_defined_once_listed_and_shown(certchain: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a network that was deployed with fewer than there can be."""
    monkeypatch.setattr(deployment, "METHODS", ((Factor.FIRST, Factor.SECOND, Factor.THIRD),))
    certchain.json("deploy").value()
    assert certchain.json("method", "define", "third", "first").value() == {"number": 2, "factors": ["third", "first"]}
    assert certchain.json("method", "show", "2").value()["factors"] == ["third", "first"]
    certchain.json("method", "define", "third", "first").refusal(65, "MethodAlreadyDefined")
    certchain.json("method", "define", "first", "first").refusal(65, "RepeatedFactor")
    certchain.json("method", "define", "fourth").refusal(65, "MalformedValue")
    certchain.json("method", "show", "3").refusal(65, "UnknownMethod")
