"""Products and packages: R1 to R7 step by step or at once, and A1 to A12 between two devices."""

from pathlib import Path

import pytest

from certchain.cli.output import Output
from certchain.cli.party import Cast
from certchain.cli.workspace import opener
from certchain.config import Home
from tests.program import Program

LOCK = ("--manufacturer", "Acme", "--model", "PL-1", "--serial")


@pytest.fixture
def image(tmp_path: Path) -> str:
    """A firmware image of several pieces."""
    file = tmp_path / "image.bin"
    file.write_bytes(bytes(range(256)) * 1000)
    return str(file)


def test_a_product_is_registered_listed_and_shown(household: Program) -> None:
    assert [entry["name"] for entry in household.json("product", "list").value()] == ["lock"]
    shown = household.json("product", "show", "lock").value()
    assert (shown["line"], shown["hardware_model"], shown["versions"]) == ("Porch", "PL-1", 0)
    household.json("product", "show", "door").refusal(65, "UnknownRecord")
    household.json("product", "register", "lock", "--line", "L", "--hardware-model", "M").refusal(65, "RecordExists")
    household.json("product", "register", "door", "--line", "", "--hardware-model", "M").refusal(65, "MalformedName")


def test_the_steps_follow_one_another(household: Program, image: str) -> None:
    version = ("--version", "1")
    household.json("package", "approve", "lock", *version).refusal(65, "UnknownVersion")
    assert household.json("package", "request", "lock", *version).value()["status"] == "issued"
    household.json("package", "approve", "lock", *version).refusal(65, "WrongStep")
    recorded = household.json("package", "record", "lock", image, *version).value()
    assert (recorded["status"], recorded["length"]) == ("recorded", 256000)
    household.json("package", "validate", "lock", image, *version).refusal(76, "UnapprovedPackage")
    assert household.json("package", "approve", "lock", *version).value()["approvals"] == 2
    household.json("device", "install", "porch-lock").refusal(65, "NothingApproved")
    assert household.json("package", "publish", "lock", image, *version).value()["status"] == "approved"
    assert household.json("device", "install", "porch-lock").value()["version"] == 1


def test_a_release_does_all_that_is_still_to_be_done(household: Program, image: str) -> None:
    household.json("package", "request", "lock", "--version", "1").value()
    assert household.json("package", "release", "lock", image, "--version", "1").value()["status"] == "approved"
    assert household.json("package", "release", "lock", image, "--version", "1").value()["approvals"] == 2
    household.json("package", "request", "lock", "--version", "3").value()
    household.json("package", "release", "lock", image, "--version", "2").refusal(65, "VersionNotHigher")


def test_another_file_is_not_the_package(household: Program, image: str, tmp_path: Path) -> None:
    household.json("package", "release", "lock", image, "--version", "1").value()
    assert household.json("package", "validate", "lock", image, "--version", "1").value()["version"] == 1
    other = tmp_path / "other.bin"
    other.write_bytes(b"\x01" + Path(image).read_bytes()[1:])
    household.json("package", "validate", "lock", str(other), "--version", "1").refusal(76, "CorruptedPackage")
    household.json("package", "release", "lock", str(other), "--version", "1").refusal(76, "CorruptedPackage")
    household.json("package", "release", "lock", str(tmp_path / "none"), "--version", "1").refusal(
        69, "StorageUnavailable"
    )


def test_a_withdrawn_package_is_installed_by_nobody(household: Program, image: str) -> None:
    household.json("package", "release", "lock", image, "--version", "1").value()
    assert household.json("package", "withdraw", "lock", "--version", "1").value()["status"] == "withdrawn"
    household.json("device", "install", "porch-lock").refusal(65, "NothingApproved")
    household.json("package", "show", "lock", "--version", "2").refusal(65, "UnknownVersion")
    assert [entry["status"] for entry in household.json("package", "list", "lock").value()] == ["withdrawn"]


def test_of_two_devices_the_one_with_the_lower_version_is_updated(household: Program, image: str) -> None:
    household.json("device", "enrol", "hall-lock", *LOCK, "8", "--product", "lock").value()
    household.json("package", "release", "lock", image, "--version", "1").value()
    household.json("device", "install", "porch-lock").value()
    assert household.json("device", "version", "hall-lock").value()["version"] == 0
    value = household.json("device", "update", "porch-lock", "--peer", "hall-lock").value()
    assert value == {"lower": "theirs", "versions": {"porch-lock": 1, "hall-lock": 1}}
    assert household.json("device", "version", "hall-lock").value()["version"] == 1
    assert household.json("device", "update", "hall-lock", "--peer", "porch-lock").value()["lower"] == "neither"


def test_a_device_of_no_product_is_not_updated(household: Program) -> None:
    household.json("device", "enrol", "lamp", *LOCK, "9").value()
    household.json("device", "install", "lamp").refusal(65, "UnknownProduct")


def test_firmware_that_was_changed_in_its_slot_is_noticed(household: Program, image: str) -> None:
    household.json("package", "release", "lock", image, "--version", "1").value()
    household.json("device", "install", "porch-lock").value()
    (slot,) = (household.home / "device" / "porch-lock" / "store").glob("slot-*")
    slot.write_bytes(b"\x01" + slot.read_bytes()[1:])
    household.json("device", "version", "porch-lock").refusal(76, "CorruptedPackage")


def test_people_read_the_versions(household: Program, image: str) -> None:
    household.json("package", "release", "lock", image, "--version", "1").value()
    assert "approved" in household("package", "list", "lock").out


def test_a_cast_has_each_role_once(household: Program) -> None:
    """Two objects of one device would not know of each other's conversations."""
    with opener(household.chain.open)(Home(household.home), Output()) as workspace:
        cast = Cast(workspace)
        assert cast.device("porch-lock") is cast.device("porch-lock")
        assert cast.updater("porch-lock") is cast.updater("porch-lock")
        assert workspace.store("audits") is workspace.store("audits")
