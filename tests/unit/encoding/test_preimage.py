"""No two lists of fields share a preimage, and every digest is the known one."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain.encoding.digest import (
    batch_device,
    commitment,
    key_thumbprint,
    package_digest,
    package_id,
    user_name_commitment,
    version_commitment,
)
from certchain.encoding.preimage import digest, number, preimage, text
from certchain.errors import MalformedValue
from certchain.merkle import leaf_hash
from certchain.models.application import RegistrationHash
from certchain.models.digest import Digest
from certchain.models.registration import PublicKeys

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "preimage.json").read_text(encoding="utf-8")
)["vectors"]
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", max_size=4)
FIELDS = st.lists(st.binary(max_size=6), max_size=4)


FUNCTIONS: dict[str, Callable[..., Digest]] = {
    "keys": lambda signing, exchange: key_thumbprint(PublicKeys(signing, exchange)),
    "commitment": lambda registration: commitment(RegistrationHash(registration)),
    "user-name": lambda salt, name: user_name_commitment(salt, name.decode()),
    "version-commitment": version_commitment,
    "package-id": package_id,
    "batch-device": lambda description, thumbprint: leaf_hash(batch_device(Digest(description), Digest(thumbprint))),
    "package": lambda pkg_id, data: package_digest(Digest(pkg_id), len(data), [data])[0],
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_digest_is_the_known_one(vector: dict[str, Any]) -> None:
    function = FUNCTIONS.get(vector["function"], partial(digest, vector["domain"]))
    fields = [bytes.fromhex(field) for field in vector["fields"]]

    assert function(*fields).value.hex() == vector["digest"]


def test_no_two_known_answers_are_alike() -> None:
    assert len({vector["digest"] for vector in VECTORS}) == len(VECTORS)


@given(NAMES, FIELDS, NAMES, FIELDS)
def test_different_lists_of_fields_never_share_a_preimage(
    name: str, fields: list[bytes], other_name: str, others: list[bytes]
) -> None:
    same = (name, fields) == (other_name, others)

    assert (preimage(name, *fields) == preimage(other_name, *others)) is same


@given(FIELDS, st.data())
def test_bytes_that_move_over_a_boundary_change_the_preimage(fields: list[bytes], data: st.DataObject) -> None:
    joined = b"".join(fields)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(joined)), max_size=4)))
    others = [joined[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(joined)], strict=True)]

    assert (preimage("test", *fields) == preimage("test", *others)) is (fields == others)


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_data_in_any_chunks_has_the_same_package_digest(data: bytes, cuts: list[int]) -> None:
    ends = sorted({min(cut, len(data)) for cut in cuts})
    chunks = [data[begin:end] for begin, end in zip([0, *ends], [*ends, len(data)], strict=True)]
    pkg_id = Digest(bytes(32))

    assert package_digest(pkg_id, len(data), chunks) == package_digest(pkg_id, len(data), [data])


def test_a_package_digest_tells_how_many_bytes_there_really_were() -> None:
    claimed, seen = package_digest(Digest(bytes(32)), 10, [b"12", b"345"])

    assert seen == 5
    assert claimed != package_digest(Digest(bytes(32)), 5, [b"12345"])[0]


@pytest.mark.parametrize(("value", "field"), [(0, "00" * 8), (1, "00" * 7 + "01"), (2**64 - 1, "ff" * 8)])
def test_a_number_is_eight_bytes(value: int, field: str) -> None:
    assert number(value).hex() == field


@pytest.mark.parametrize("value", [-1, 2**64, 2**200])
def test_a_number_that_does_not_fit_is_refused(value: int) -> None:
    with pytest.raises(MalformedValue):
        number(value)
    with pytest.raises(MalformedValue):
        package_digest(Digest(bytes(32)), value, [])


def test_a_text_is_utf_8_and_what_is_not_unicode_is_refused() -> None:
    assert text("lamp ☀") == b"lamp \xe2\x98\x80"
    with pytest.raises(MalformedValue):
        text("half a pair: \ud800")
