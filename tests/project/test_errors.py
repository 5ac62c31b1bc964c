"""Every error is told apart, documented, and leads the caller somewhere."""

import json
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

import certchain.errors
from certchain.errors import (
    CertchainError,
    InvalidInput,
    NotAuthorised,
    SettingsError,
    Unavailable,
    VerificationFailed,
    error_classes,
)

ROOT = Path(__file__).parents[2]
ARTIFACTS = ROOT / "python_client" / "certchain" / "ledger" / "artifact"
OURS = ("Registration_", "Log_", "UpdateRegistry_", "KeyCustody_", "Alerts_", "Permissioned_")
FAMILIES = (Unavailable, NotAuthorised, InvalidInput, VerificationFailed, SettingsError)
CLASSES = sorted(error_classes().values(), key=lambda cls: cls.__name__)


def contract_errors() -> dict[str, int]:
    """Each error that our contracts declare, with how many values it has."""
    abis = [json.loads(path.read_text())["abi"] for path in ARTIFACTS.glob("*.json")]
    entries = [entry for abi in abis for entry in abi if entry["type"] == "error" and entry["name"].startswith(OURS)]
    return {entry["name"]: len(entry["inputs"]) for entry in entries}


def test_every_contract_error_has_its_python_counterpart_with_as_many_values() -> None:
    """No contract refuses in a way that a Python caller cannot catch by name."""
    mapped = {cls.contract_error: len(fields(cls)) for cls in CLASSES if vars(cls).get("contract_error")}
    assert contract_errors() == mapped


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_belongs_to_one_family_and_gives_one_sentence_of_advice(cls: type[CertchainError]) -> None:
    """The family decides the exit code; sentence and advice end with a full stop."""
    assert sum(issubclass(cls, family) for family in FAMILIES) == 1
    assert cls.sentence.endswith(".")
    assert cls.advice.endswith(".")
    assert cls.__doc__


@pytest.mark.parametrize("cls", CLASSES)
def test_an_errors_sentence_names_only_values_that_it_has(cls: type[CertchainError]) -> None:
    """A sentence can always be written."""
    named = {name for _, name, _, _ in Formatter().parse(cls.sentence) if name}
    assert named <= {field.name for field in fields(cls)}


@pytest.mark.parametrize("cls", CLASSES)
def test_an_error_is_documented(cls: type[CertchainError]) -> None:
    """docs/errors.md has a row for it."""
    assert f"| `{cls.__name__}` |" in (ROOT / "docs" / "errors.md").read_text()


def test_the_families_have_different_exit_codes() -> None:
    """A shell script can tell them apart."""
    assert len({family.exit_code for family in FAMILIES}) == len(FAMILIES)


def test_all_errors_are_public() -> None:
    """``certchain.errors`` shows the families and every error, and nothing else."""
    families = {"CertchainError", "error_classes", *(family.__name__ for family in FAMILIES)}
    assert set(certchain.errors.__all__) == families | set(error_classes())
