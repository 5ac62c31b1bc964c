"""Models as JSON files with one spelling."""

import json
from dataclasses import dataclass

import pytest

from certchain.encoding.document import from_document, to_document
from certchain.errors import MalformedMessage
from certchain.models.digest import Digest
from certchain.models.log import LoginOutcome


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    number: int
    data: bytes | None
    digests: tuple[Digest, ...]
    outcome: LoginOutcome
    good: bool


THING = Thing("Töpfe", 7, b"\0\xff", (Digest(bytes(32)),), LoginOutcome.CERTIFIED, good=True)
TEXT = to_document(THING)


def test_a_model_is_an_object_in_the_order_of_its_fields() -> None:
    assert from_document(Thing, TEXT) == THING
    assert TEXT.endswith(b"}\n")
    assert json.loads(TEXT) == {
        "name": "Töpfe",
        "number": 7,
        "data": "00ff",
        "digests": ["sha-256:" + "00" * 32],
        "outcome": "certified",
        "good": True,
    }
    assert list(json.loads(TEXT)) == ["name", "number", "data", "digests", "outcome", "good"]


def test_what_is_absent_is_null() -> None:
    nothing = Thing("", 0, None, (), LoginOutcome.REFUSED, good=False)
    assert b'"data": null' in to_document(nothing)
    assert from_document(Thing, to_document(nothing)) == nothing


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]\n",
        b"null\n",
        b"\xff",
        b"[" * 100_000,
        TEXT[:-1],
        TEXT + b"\n",
        TEXT.replace(b"  ", b" "),
        TEXT.replace(b"7", b"7.0"),
        TEXT.replace(b"7", b"true"),
        TEXT.replace(b"7", b"9" * 5000),
        TEXT.replace(b"00ff", b"00FF"),
        TEXT.replace(b"00ff", b"00 ff"),
        TEXT.replace(b"00ff", b"0ff"),
        TEXT.replace(b'"00ff"', b"12"),
        TEXT.replace(b"sha-256", b"sha-512"),
        TEXT.replace(b"certified", b"refused?"),
        TEXT.replace(b"\\u00f6", "ö".encode()),
        TEXT.replace(b'"number": 7', b'"number": 7,\n  "number": 7'),
        TEXT.replace(b'"number": 7', b'"number": 7,\n  "more": 7'),
        TEXT.replace(b'  "number": 7,\n', b""),
        TEXT.replace(b"true", b"1"),
    ],
)
def test_any_other_spelling_is_refused(text: bytes) -> None:
    assert text != TEXT
    with pytest.raises(MalformedMessage):
        from_document(Thing, text)
