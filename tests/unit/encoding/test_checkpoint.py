"""Checkpoints: ours in one spelling, and those of every other log as C2SP has them."""

import json
from pathlib import Path
from typing import Any

import pytest

from certchain.encoding.checkpoint import (
    checkpoint_body_text,
    checkpoint_text,
    log_origin,
    parse_checkpoint,
    parse_checkpoint_body,
)
from certchain.encoding.note import parse_note
from certchain.errors import CheckpointInvalid
from certchain.models.digest import Digest
from certchain.models.identifier import Party, PartyKind
from certchain.models.log import Checkpoint
from certchain.models.note import CheckpointBody

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "published.json").read_text(encoding="utf-8")
)
ROOT = Digest(bytes(range(32)))
SIGNER = Party(PartyKind.SERVICE, 3)
CHECKPOINT = Checkpoint("certchain/00ff/login-log", 42, ROOT, SIGNER, Digest(bytes(32)))
TEXT = (
    "certchain/00ff/login-log\n"
    "42\n"
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    "signer service 3 sha-256:" + "00" * 32 + "\n"
)
PLAIN = "".join(TEXT.splitlines(keepends=True)[:3])


def test_a_checkpoint_is_written_in_four_lines() -> None:
    """Origin, size, root in base64 as C2SP tlog-checkpoint has them, and our extension line."""
    assert checkpoint_text(CHECKPOINT) == TEXT
    assert parse_checkpoint(TEXT) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        PLAIN,
        TEXT[:-1],
        TEXT + "more\n",
        TEXT.replace("42", "042"),
        TEXT.replace("42", "-1"),
        TEXT.replace("42", "9" * 20),
        TEXT.replace("42", str(2**63)),
        TEXT.replace("42", "\u0664\u0662"),
        TEXT.replace("certchain/", "cert chain/"),
        TEXT.replace("certchain/", "cert+chain/"),
        TEXT.replace("service", "server"),
        TEXT.replace("service 3", "service 0"),
        TEXT.replace("sha-256:", "sha-1:"),
        TEXT.replace("sha-256:00", "sha-256:0"),
        TEXT.replace("sha-256:00", "sha-256:AB"),
        TEXT.replace("sha-256:00", "sha-256: 00"),
        TEXT.replace("Hh8=", "Hh9="),
        TEXT.replace("Hh8=", "Hh8"),
        TEXT.replace("Hh8=", "Hg=="),
        TEXT.replace("signer ", "signed "),
        TEXT.replace("\n", "\r\n"),
    ],
)
def test_a_checkpoint_of_ours_with_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint(text)


@pytest.mark.parametrize("extensions", [(), ("one",), ("one line", "signer me", "—")])
def test_another_log_s_checkpoint_is_read_with_whatever_lines_it_has(extensions: tuple[str, ...]) -> None:
    text = PLAIN + "".join(f"{line}\n" for line in extensions)
    body = parse_checkpoint_body(text)

    assert body == CheckpointBody("certchain/00ff/login-log", 42, ROOT, extensions)
    assert checkpoint_body_text(body) == text


def test_an_origin_need_not_be_a_url() -> None:
    assert parse_checkpoint_body(PLAIN.replace("certchain/", "My log, ö + ")).origin == "My log, ö + 00ff/login-log"


@pytest.mark.parametrize("note", PUBLISHED["log"]["checkpoints"] + [PUBLISHED["checkpoints"][0]["note"]])
def test_the_published_checkpoints_come_back_to_the_byte(note: str) -> None:
    text, _ = parse_note(note)

    assert checkpoint_body_text(parse_checkpoint_body(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" + PLAIN,
        PLAIN[:-1],
        PLAIN + "\n",
        PLAIN + "one\n\ntwo\n",
        PLAIN.replace("42", "+42"),
        PLAIN.replace("42", "4 2"),
        PLAIN.replace("42", str(2**63)),
        PLAIN.replace("Hh8=", "Hh8"),
        PLAIN.replace("AAEC", ""),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint_body(text)


def test_a_log_is_called_by_its_network() -> None:
    assert log_origin(bytes.fromhex("00ff")) == "certchain/00ff/login-log"
