"""C2SP signed notes: a text, an empty line, and a line for each signature; the keys that sign them, and cosignatures.

A signature's line is ``— <key name> <base64 of key id ‖ signature>``. A witness's signature is its time (a number) ‖ an Ed25519
signature over ``cosignature/v1``, that time, and the text. (C2SP signed-note v1, tlog-cosignature v1.)
"""

import hashlib
import re
from collections.abc import Iterable

from certchain.encoding.base_64 import from_base64, to_base64
from certchain.encoding.preimage import number
from certchain.errors import CheckpointInvalid, MalformedMessage, MalformedValue
from certchain.models.note import KeyType, NoteKey, NoteSignature

MOST_SIGNATURES = 100
LATEST_TIME = 2**63 - 1
_KEY_ID_LENGTH = 4
_KEY_LENGTH = 32
_TIME_LENGTH = 8
_NAME = r"[^\s+\x00-\x1f]+"
_SIGNATURE = re.compile(rf"— ({_NAME}) ([A-Za-z0-9+/=]+)")
_VKEY = re.compile(rf"({_NAME})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


def key_id(key: NoteKey) -> bytes:
    """The first 4 bytes of SHA-256(name ‖ 0x0a ‖ type ‖ public key)."""
    return hashlib.sha256(key.name.encode() + b"\n" + bytes([key.type]) + key.value).digest()[:_KEY_ID_LENGTH]


def vkey(key: NoteKey) -> str:
    """The key as settings have it: ``<name>+<key id in hex>+<base64 of type ‖ public key>``. Raises ``MalformedValue``."""
    if len(key.value) != _KEY_LENGTH:
        raise MalformedValue("key", f"it has {len(key.value)} bytes, not {_KEY_LENGTH}")
    return f"{_name(key.name)}+{key_id(key).hex()}+{to_base64(bytes([key.type]) + key.value)}"


def parse_vkey(text: str) -> NoteKey:
    """Reads what ``vkey`` wrote, for a log or a witness. Raises ``MalformedValue``."""
    found = _VKEY.fullmatch(text)
    try:
        if found is not None:
            value = from_base64(found[3])
            key = NoteKey(found[1], KeyType(value[0]), value[1:])
            if vkey(key) == text:
                return key
    except (MalformedMessage, ValueError):  # not base64, or a type of signature that is not read here
        pass
    raise MalformedValue("verifier key", "it is not <name>+<key id>+<base64 of an Ed25519 key>")


def signed_note(text: str, signatures: Iterable[NoteSignature]) -> str:
    """The note: text (each line with its end), an empty line, signature lines. Raises ``MalformedValue`` as these do."""
    return f"{text}\n{signature_lines(signatures)}"


def signature_lines(signatures: Iterable[NoteSignature]) -> str:
    """The lines of signatures, each with its end; alone, they are a witness's answer (C2SP tlog-witness).

    Raises ``MalformedValue`` for a key's name that no line can hold, and for more signatures than are read again.
    """
    lines = [f"— {_name(line.name)} {to_base64(line.key_id + line.signature)}\n" for line in signatures]
    if len(lines) > MOST_SIGNATURES:
        raise MalformedValue("signatures", f"there are {len(lines)}, and a note has {MOST_SIGNATURES} at most")
    return "".join(lines)


def parse_note(note: str) -> tuple[str, tuple[NoteSignature, ...]]:
    """A note's text and its signatures, 1 to 100, none of them verified. Raises ``CheckpointInvalid``."""
    text, gap, lines = note.rpartition("\n\n")
    if not gap or _CONTROL.search(note) or not _is_unicode(note):
        raise CheckpointInvalid("it is not a text, an empty line and signatures")
    return text + "\n", parse_signatures(lines)


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Reads what ``signature_lines`` wrote, 1 to 100 of them. Raises ``CheckpointInvalid``."""
    *each, end = lines.split("\n")
    if end or not 0 < len(each) <= MOST_SIGNATURES:
        raise CheckpointInvalid(f"it has not 1 to {MOST_SIGNATURES} signature lines")
    return tuple(_signature(line) for line in each)


def cosigned_message(text: str, at: int) -> bytes:
    """What a witness signs at ``at`` (seconds since the epoch) for the checkpoint with this text."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


def cosignature_value(at: int, signature: bytes) -> bytes:
    """Time and signature, as they stand in a signature line. Raises ``MalformedValue`` for a time that is none."""
    if not 0 < at <= LATEST_TIME:
        raise MalformedValue("time", "it is not 1 to 2^63 - 1")
    return number(at) + signature


def parse_cosignature_value(value: bytes) -> tuple[int, bytes]:
    """Time and signature. Raises ``CheckpointInvalid`` for a time that is none."""
    at = int.from_bytes(value[:_TIME_LENGTH])
    if not 0 < at <= LATEST_TIME:
        raise CheckpointInvalid("a cosignature has no time")
    return at, value[_TIME_LENGTH:]


def _signature(line: str) -> NoteSignature:
    found = _SIGNATURE.fullmatch(line)
    try:
        value = from_base64(found[2]) if found else b""
    except MalformedMessage:
        value = b""
    if not found or len(value) <= _KEY_ID_LENGTH:
        raise CheckpointInvalid("a signature line cannot be read")
    return NoteSignature(found[1], value[:_KEY_ID_LENGTH], value[_KEY_ID_LENGTH:])


def _name(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise MalformedValue("key's name", "it is empty, or has a space or a plus")
    return name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
