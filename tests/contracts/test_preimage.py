"""The Solidity library that builds preimages, against the known answers that its twin in Python is pinned by, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.contracts import harness

# A harness is no production contract, and its branches are not measured.
pytestmark = pytest.mark.skip_coverage

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "preimage.json").read_text(encoding="utf-8")
)["vectors"]

# The library's name of each named function of the vectors.
FUNCTIONS = {
    "keys": "keys",
    "batch-device": "batchDevice",
    "commitment": "commitment",
    "user-name": "userName",
    "version-commitment": "versionCommitment",
    "package-id": "packageId",
    "package": "package",
}


@pytest.fixture(scope="module")
def preimage(module_isolation: None) -> Any:
    return harness.deploy("PreimageHarness")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_solidity_gives_the_known_answer(preimage: Any, vector: dict[str, Any]) -> None:
    """Named functions and the framing alike, so that both languages hash the same bytes."""
    fields = [bytes.fromhex(field) for field in vector["fields"]]
    if vector["function"] == "digest":
        digest = preimage.functions.digest(vector["domain"], fields).call()
    else:
        digest = getattr(preimage.functions, FUNCTIONS[vector["function"]])(*fields).call()
    assert digest.hex() == vector["digest"]


@pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS if vector["function"] not in {"digest", "batch-device", "package"}],
    ids=lambda vector: vector["name"],
)
def test_a_named_function_is_the_framing_under_its_name(preimage: Any, vector: dict[str, Any]) -> None:
    """Its domain is its own name, and its fields stand in the order of its arguments."""
    fields = [bytes.fromhex(field) for field in vector["fields"]]
    assert preimage.functions.digest(vector["domain"], fields).call().hex() == vector["digest"]


def test_every_function_of_the_library_has_a_known_answer(preimage: Any) -> None:
    """Nothing in the library goes unpinned, and no function of the vectors is skipped."""
    pinned = {FUNCTIONS.get(vector["function"], vector["function"]) for vector in VECTORS}
    assert pinned == {item["name"] for item in preimage.abi if item["type"] == "function"}


def test_no_two_known_answers_meet() -> None:
    """Neither shifted boundaries, nor empty data, nor another name gives the digest of something else."""
    assert len({vector["digest"] for vector in VECTORS}) == len(VECTORS)
