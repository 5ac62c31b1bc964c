"""Requests to witnesses: the published example is read, to the byte, and nothing but a request is."""

import json
from pathlib import Path
from typing import Any

import pytest

from certchain.encoding.witness import add_checkpoint_text, parse_add_checkpoint, parse_size_line, size_line
from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.digest import Digest
from certchain.models.note import AddCheckpoint

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "published.json").read_text(encoding="utf-8")
)["add_checkpoint"]
REQUEST: str = PUBLISHED["request"]
HASH = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw="


def test_the_published_request_comes_back_to_the_byte() -> None:
    request = parse_add_checkpoint(REQUEST)

    assert (request.old_size, len(request.path)) == (PUBLISHED["old_size"], PUBLISHED["hashes"])
    assert request.checkpoint == REQUEST.split("\n\n", 1)[1]
    assert add_checkpoint_text(request) == REQUEST


def test_a_request_from_nothing_has_no_hashes() -> None:
    request = AddCheckpoint(0, (), "a note\n")

    assert add_checkpoint_text(request) == "old 0\n\na note\n"
    assert parse_add_checkpoint("old 0\n\na note\n") == request


def test_a_path_has_63_hashes_at_most() -> None:
    longest = AddCheckpoint(1, (Digest(bytes(32)),) * 63, "a note\n")
    assert parse_add_checkpoint(add_checkpoint_text(longest)) == longest

    with pytest.raises(MalformedValue):
        add_checkpoint_text(AddCheckpoint(1, (Digest(bytes(32)),) * 64, "a note\n"))
    with pytest.raises(MalformedMessage):
        parse_add_checkpoint("old 1\n" + f"{HASH}\n" * 64 + "\na note\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old 0\n",
        "old 0\n\n",
        REQUEST.replace("old ", "new "),
        REQUEST.replace("old ", "old  "),
        REQUEST.replace("old ", "old 0"),
        REQUEST.replace("old ", "old -"),
        REQUEST.replace("old ", "old +"),
        REQUEST.replace("old 20852014", f"old {2**63}"),
        REQUEST.replace("old 20852014", "old \u0662"),
        REQUEST.replace("old 20852014", "old 00"),
        REQUEST.replace(HASH, HASH[:-1]),
        REQUEST.replace(HASH, HASH.replace("w=", "x=")),
        REQUEST.replace(HASH, HASH + " "),
        REQUEST.replace(HASH, "AAAA"),
        REQUEST.replace("\n", "\r\n"),
        "\n" + REQUEST,
    ],
)
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        parse_add_checkpoint(text)


def test_a_size_has_one_line() -> None:
    for size in (0, 7, 2**63 - 1):
        assert parse_size_line(size_line(size)) == size
    for text in ("", "7", "07\n", "-7\n", "7\n\n", "7 \n", f"{2**63}\n", "seven\n"):
        with pytest.raises(MalformedMessage):
            parse_size_line(text)
