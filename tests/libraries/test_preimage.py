"""The Solidity library and `certchain.encoding` build the same preimages: both give the known answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certchain.encoding.preimage import digest

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "preimage.json").read_text(encoding="utf-8")
)["vectors"]
NAMED = {
    "keys": "keys",
    "commitment": "commitment",
    "user-name": "userName",
    "version-commitment": "versionCommitment",
    "package-id": "packageId",
    "package": "package",
}


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_digest_is_the_known_one(libraries: Any, vector: dict[str, Any]) -> None:
    """By the function of its name where it has one: shifted boundaries, empty fields and data, 31 to 33 bytes."""
    fields = [bytes.fromhex(field) for field in vector["fields"]]
    if vector["function"] == "digest":
        found = libraries.digest(vector["domain"], fields).call()
    else:
        found = libraries[NAMED[vector["function"]]](*fields).call()
    assert found.hex() == vector["digest"]


def test_every_named_digest_has_a_known_answer() -> None:
    """No function of the library goes unpinned."""
    assert {vector["function"] for vector in VECTORS} == {"digest", *NAMED}


@given(name=st.text("abcdefghijklmnopqrstuvwxyz-", max_size=9), fields=st.lists(st.binary(max_size=70), max_size=5))
@settings(max_examples=60, deadline=None)
def test_both_builders_agree(libraries: Any, name: str, fields: list[bytes]) -> None:
    """Whatever the name and the fields."""
    assert libraries.digest(name, fields).call() == digest(name, *fields).value
