"""C2SP signed notes and checkpoints: the text that counts is the only text that is read."""

import base64

import pytest

from certchain.encoding.note import (
    NoteSignature,
    checkpoint_text,
    key_id,
    log_origin,
    parse_checkpoint,
    parse_note,
    signed_note,
)
from certchain.errors import CheckpointInvalid
from certchain.models.digest import Digest
from certchain.models.identifier import Party, PartyKind
from certchain.models.log import Checkpoint

ROOT = Digest(bytes(range(32)))
SIGNER = Party(PartyKind.SERVICE, 3)
CHECKPOINT = Checkpoint("certchain/00ff/login-log", 42, ROOT, SIGNER, Digest(bytes(32)))
TEXT = (
    "certchain/00ff/login-log\n"
    "42\n"
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    "signer service 3 sha-256:" + "00" * 32 + "\n"
)


def test_a_checkpoint_is_written_in_four_lines() -> None:
    """Origin, size, root in base64 as C2SP tlog-checkpoint has them, and our extension line."""
    assert checkpoint_text(CHECKPOINT) == TEXT
    assert parse_checkpoint(TEXT) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        TEXT + "more\n",
        TEXT.replace("42", "042"),
        TEXT.replace("42", "-1"),
        TEXT.replace("42", "9" * 20),
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
        TEXT.replace("signer ", "signed "),
        TEXT.replace("\n", "\r\n"),
    ],
)
def test_a_checkpoint_with_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_checkpoint(text)


def test_a_key_id_is_that_of_the_go_projects_sum_database() -> None:
    """The verifier key of sum.golang.org names its own id: name, "+", id, "+", base64 of 0x01 and the key."""
    verifier_key = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    name, identifier, key = verifier_key.split("+", 2)
    assert key_id(name, base64.b64decode(key)[1:]).hex() == identifier


def test_a_note_is_its_text_an_empty_line_and_signature_lines() -> None:
    signature = NoteSignature("log", b"\1\2\3\4", bytes(64))
    note = signed_note(TEXT, signature)
    assert note == TEXT + "\n— log " + base64.b64encode(b"\1\2\3\4" + bytes(64)).decode() + "\n"
    assert parse_note(note) == (TEXT, (signature,))
    twice = note + note.splitlines(keepends=True)[-1]
    assert parse_note(twice) == (TEXT, (signature, signature))


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        TEXT + "\nsigned by me\n",
        TEXT + "\n— log AQID",
        TEXT + "\n- log AQIDBA==\n",
        TEXT + "\n— l+g AQIDBA==\n",
        TEXT + "\n— log AQIDB===\n",
        TEXT + "\n— log AQIDBA\n",
        TEXT + "\n— log AQIDBB==\n",
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_note(note)


def test_a_log_is_called_by_its_network() -> None:
    assert log_origin(bytes.fromhex("00ff")) == "certchain/00ff/login-log"
