"""Apps at the command line: a vendor signs, an operator decides."""

from pathlib import Path

import pytest

from tests.program import SESSION, Program


@pytest.fixture
def release(deployed: Program, app_folder: Path, tmp_path: Path) -> Path:
    """A file that the home's manufacturer signed as the app's vendor."""
    out = tmp_path / "out" / "door-1.0.release"
    values = deployed.json("app", "release", "door", "--version", "1.0", "--folder", str(app_folder), "--out", str(out))
    assert values.value()["files"] == 2
    return out


def test_a_vendors_release_is_allowed_and_certified(deployed: Program, release: Path) -> None:
    allowed = deployed.json("app", "allow", str(release), "--by", "Olga", "--reason", "tested").value()
    assert (allowed["app"], allowed["version"], allowed["files"]) == ("door", "1.0", 2)
    entry = deployed.json("log", "query", "--kind", "app").value()[0]
    assert (entry["app"], entry["status"], entry["by"], entry["reason"]) == ("door", "allowed", "Olga", "tested")


@pytest.mark.parametrize(
    ("spoil", "code", "error"),
    [
        (lambda text: text.replace('"path": "main.py"', '"path": "main2.py"'), 76, "ReleaseInvalid"),
        (lambda text: text.replace("app-release/v1", "app-release/v2"), 76, "ReleaseInvalid"),
        (lambda text: text.replace('"signature": "', '"signature": "00'), 76, "SignatureInvalid"),
        (lambda text: text[:-5], 65, "MalformedMessage"),
        (lambda text: "", 65, "MalformedMessage"),
    ],
)
def test_a_release_that_was_changed_is_not_allowed(
    deployed: Program, release: Path, spoil: object, code: int, error: str
) -> None:
    release.write_text(spoil(release.read_text()))  # type: ignore[operator]
    deployed.json("app", "allow", str(release)).refusal(code, error)


def test_a_file_that_is_not_there_or_endless_is_refused(deployed: Program, release: Path) -> None:
    deployed.json("app", "allow", str(release.with_name("other"))).refusal(69, "StorageUnavailable")
    with release.open("ab") as file:
        file.truncate(65 * 1024 * 1024)
    deployed.json("app", "allow", str(release)).refusal(65, "MalformedValue")


def test_a_release_has_to_find_a_place(deployed: Program, app_folder: Path, release: Path) -> None:
    out = str(release / "below-a-file")
    arguments = ("app", "release", "door", "--version", "1.0", "--folder", str(app_folder), "--out", out)
    deployed.json(*arguments).refusal(69, "StorageUnavailable")


def test_version_and_folder_go_together(deployed: Program, app_folder: Path) -> None:
    deployed.json("app", "allow", "door", "--version", "1.0").refusal(65, "MalformedValue")
    deployed.json("app", "allow", "door", "--folder", str(app_folder)).refusal(65, "MalformedValue")


def test_another_service_of_the_home_is_another_vendor(household: Program, app_folder: Path) -> None:
    arguments = ("app", "allow", "door", "--version", "1.1", "--folder", str(app_folder))
    household.json(*arguments, "--vendor", "auditor").refusal(76, "WrongSigner")
    household.json(*arguments).value()


def test_a_deprecated_version_goes_on_for_its_days_and_a_revoked_one_does_not(registered: Program) -> None:
    told = registered.json("app", "deprecate", "door", "--version", "1.0", "--days", "30").value()
    assert (told["status"], told["until"][-1]) == ("deprecated", "Z")
    registered.json(*SESSION).value()
    registered.json("app", "revoke", "door", "--version", "1.0", "--by", "Olga").value()
    registered.json(*SESSION).refusal(76, "IntegrityFailed")


def test_what_was_never_allowed_cannot_be_ended(deployed: Program) -> None:
    deployed.json("app", "revoke", "door", "--version", "9").refusal(65, "UnknownRecord")
    deployed.json("app", "deprecate", "door", "--version", "9", "--days", "1").refusal(65, "UnknownRecord")
