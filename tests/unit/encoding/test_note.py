"""C2SP signed notes: the published examples are read, to the byte, and nothing that is no note is."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from certchain.encoding.note import (
    LATEST_TIME,
    MOST_SIGNATURES,
    cosignature_value,
    cosigned_message,
    key_id,
    parse_cosignature_value,
    parse_note,
    parse_signatures,
    parse_vkey,
    signature_lines,
    signed_note,
    vkey,
)
from certchain.errors import CheckpointInvalid, MalformedValue
from certchain.models.note import KeyType, NoteKey, NoteSignature

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "published.json").read_text(encoding="utf-8")
)
TEXT = "log\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
LOG_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def test_the_published_verifier_keys_name_their_own_ids() -> None:
    keys = PUBLISHED["verifier_keys"]
    for type_, texts in ((KeyType.ED25519, keys["log"]), (KeyType.COSIGNATURE, keys["witness"])):
        for text in texts:
            key = parse_vkey(text)
            assert (key.type, len(key.value)) == (type_, 32)
            assert key_id(key).hex() == text.split("+")[1]
            assert vkey(key) == text


def test_one_key_has_another_id_for_each_use_and_name() -> None:
    value = bytes(range(32))
    keys = [NoteKey(name, type_, value) for name in ("a", "b") for type_ in KeyType]

    assert len({key_id(key) for key in keys}) == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com/foo",
        LOG_KEY[:-1],
        LOG_KEY + "=",
        LOG_KEY.replace("530d903a", "530d903b"),
        LOG_KEY.replace("530d903a", "530D903A"),
        LOG_KEY.replace("530d903a", "30d903a"),
        LOG_KEY.replace("foo", "bar"),
        LOG_KEY.replace("foo", "f oo"),
        LOG_KEY.replace("+Aek", "+!!!!"),
        LOG_KEY + "\n",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        # A key that is too long, and a type of signature that is not read here, both under their own ids.
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(MalformedValue):
        parse_vkey(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_a_key_whose_name_no_note_can_hold_is_refused(name: str) -> None:
    with pytest.raises(MalformedValue):
        vkey(NoteKey(name, KeyType.ED25519, bytes(32)))
    with pytest.raises(MalformedValue):
        signature_lines((NoteSignature(name, bytes(4), bytes(64)),))


def test_a_key_has_32_bytes() -> None:
    for length in (0, 31, 33):
        with pytest.raises(MalformedValue):
            vkey(NoteKey("log", KeyType.ED25519, bytes(length)))


def test_a_note_is_its_text_an_empty_line_and_signature_lines() -> None:
    first, second = NoteSignature("log", b"\1\2\3\4", bytes(64)), NoteSignature("wit.example/ñ", b"\4\3\2\1", b"\5")
    note = signed_note(TEXT, (first, second))

    assert (
        note == TEXT + "\n— log " + base64.b64encode(b"\1\2\3\4" + bytes(64)).decode() + "\n— wit.example/ñ BAMCAQU=\n"
    )
    assert parse_note(note) == (TEXT, (first, second))
    assert parse_signatures(signature_lines((first, second))) == (first, second)


def test_a_text_may_have_empty_lines() -> None:
    text, (signature,) = parse_note("one\n\ntwo\n\n— log AQIDBAU=\n")

    assert (text, signature) == ("one\n\ntwo\n", NoteSignature("log", b"\1\2\3\4", b"\5"))


def test_no_more_signatures_are_written_than_are_read() -> None:
    signature = NoteSignature("log.example", bytes(4), bytes(64))
    note = signed_note("a text\n", [signature] * MOST_SIGNATURES)
    assert parse_note(note) == ("a text\n", (signature,) * MOST_SIGNATURES)
    for write in (signature_lines, lambda signatures: signed_note("a text\n", signatures)):
        with pytest.raises(MalformedValue, match="101"):
            write([signature] * (MOST_SIGNATURES + 1))


@pytest.mark.parametrize(
    "example", PUBLISHED["notes"] + PUBLISHED["checkpoints"], ids=lambda example: example["source"]
)
def test_the_published_notes_come_back_to_the_byte(example: dict[str, str]) -> None:
    assert signed_note(*parse_note(example["note"])) == example["note"]


def test_a_cosignature_is_the_published_one_s_time_and_message() -> None:
    example = PUBLISHED["checkpoints"][0]
    text, (_, line) = parse_note(example["note"])
    at, signature = parse_cosignature_value(line.signature)

    assert (line.name, at, len(signature)) == (example["witness"], example["time"], 64)
    assert cosigned_message(text, at).decode() == example["message"]
    assert cosignature_value(at, signature) == line.signature


@pytest.mark.parametrize("at", [0, -1, LATEST_TIME + 1])
def test_a_cosignature_has_a_time(at: int) -> None:
    with pytest.raises(MalformedValue):
        cosignature_value(at, bytes(64))
    if at >= 0:
        with pytest.raises(CheckpointInvalid):
            parse_cosignature_value(at.to_bytes(8) + bytes(64))


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        TEXT + "\n",
        TEXT + "— log AQIDBAU=\n",
        TEXT + "\nsigned by me\n",
        TEXT + "\n— log AQIDBAU=",
        TEXT + "\n- log AQIDBAU=\n",
        TEXT + "\n—log AQIDBAU=\n",
        TEXT + "\n— log  AQIDBAU=\n",
        TEXT + "\n—  AQIDBAU=\n",
        TEXT + "\n— l+g AQIDBAU=\n",
        TEXT + "\n— l\u2028g AQIDBAU=\n",
        TEXT + "\n— log AQIDBAU\n",
        TEXT + "\n— log AQIDBAV=\n",
        TEXT + "\n— log AQIDB===\n",
        TEXT + "\n— log AQID\n",
        TEXT + "\n— log AQIDBA==\n",
        TEXT + "\n— log AQIDBAU= \n",
        TEXT + "\n— log AQIDBAU=\r\n",
        "lo\tg\n" + TEXT + "\n— log AQIDBAU=\n",
        "lo\x00g\n" + TEXT + "\n— log AQIDBAU=\n",
        "lo\ud800g\n" + TEXT + "\n— log AQIDBAU=\n",
        TEXT + "\n" + "— log AQIDBAU=\n" * (MOST_SIGNATURES + 1),
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointInvalid):
        parse_note(note)


def test_as_many_signatures_as_are_allowed_are_read() -> None:
    _, signatures = parse_note(TEXT + "\n" + "— log AQIDBAU=\n" * MOST_SIGNATURES)

    assert len(signatures) == MOST_SIGNATURES >= 16
