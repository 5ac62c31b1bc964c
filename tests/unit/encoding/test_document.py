"""Models as JSON files with one spelling."""

import json
import sys
from dataclasses import dataclass

import pytest

from certchain.encoding.document import from_document, to_document
from certchain.errors import MalformedMessage
from certchain.models.digest import Digest
from certchain.models.entry import LoginOutcome
from certchain.models.log import LoggedEntry, LogLeaf, LogPage


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
        b'{"a":' * 100_000,
        b'["' + b"\\" * 5 + b'",' + b"[" * 100_000,
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


def test_brackets_in_a_text_are_nothing_but_text() -> None:
    brackets = Thing('[{"\\' * 5000, 7, None, (), LoginOutcome.REFUSED, good=False)
    assert from_document(Thing, to_document(brackets)) == brackets


def test_a_long_file_of_shallow_brackets_is_read() -> None:
    long = Thing("", 0, None, tuple(Digest(bytes(32)) for _ in range(5000)), LoginOutcome.REFUSED, good=False)
    page = LogPage(tuple(LoggedEntry(LogLeaf(index, 0, Digest(bytes(32))), None) for index in range(2000)))

    assert from_document(Thing, to_document(long)) == long
    assert from_document(LogPage, to_document(page)) == page


def test_brackets_without_end_do_not_crash_an_interpreter_that_may_recurse_deeply() -> None:
    """An EVM in Python raises the limit for the whole process; then the standard library's reader would overflow the stack."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    try:
        with pytest.raises(MalformedMessage):
            from_document(Thing, b"[" * 1_000_000)
    finally:
        sys.setrecursionlimit(limit)
