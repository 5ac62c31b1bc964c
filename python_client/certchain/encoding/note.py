"""C2SP signed notes and the checkpoints in them: the log's root in a form that other tools read, too.

A note is its text, an empty line, and a line for each signature: ``— <key name> <base64 of key id ‖ signature>``. A checkpoint is
the text of four lines: origin, size, root in base64, and our extension line ``signer <party> <thumbprint>``, so that the
signature covers who signed and both of the signer's public keys. (C2SP signed-note and tlog-checkpoint, v1.)
"""

import base64
import hashlib
import re
from dataclasses import dataclass

from certchain.errors import CheckpointInvalid, MalformedValue
from certchain.models.digest import Digest
from certchain.models.identifier import Party, PartyKind
from certchain.models.log import Checkpoint

_ED25519 = b"\x01"
_KEY_ID_LENGTH = 4
_CHECKPOINT = re.compile(
    r"(?P<origin>[!-*,-~]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"signer (?P<kind>[a-z-]+) (?P<number>[1-9][0-9]{0,18}) (?P<thumbprint>\S+)\n"
)
_SIGNATURE = re.compile(r"— (?P<name>[!-*,-~]+) (?P<value>[A-Za-z0-9+/]+={0,2})\n")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name, its id (4 bytes) and the signature."""

    name: str
    key_id: bytes
    signature: bytes


def log_origin(network: bytes) -> str:
    """What a network's login log is called: ``certchain/<network in hex>/login-log``."""
    return f"certchain/{network.hex()}/login-log"


def key_id(name: str, signing_key: bytes) -> bytes:
    """The first 4 bytes of SHA-256(name ‖ 0x0a ‖ 0x01 ‖ Ed25519 public key)."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + signing_key).digest()[:_KEY_ID_LENGTH]


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """The four lines that are signed, each with its line end."""
    root = base64.b64encode(checkpoint.root.value).decode()
    signer = f"signer {checkpoint.signer} {checkpoint.thumbprint}"
    return f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n{signer}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Reads what ``checkpoint_text`` wrote. Raises ``CheckpointInvalid`` for anything else."""
    found = _CHECKPOINT.fullmatch(text)
    if found is None:
        raise CheckpointInvalid("its text is not origin, size, root and signer")
    try:
        return Checkpoint(
            origin=found["origin"],
            size=int(found["size"]),
            root=Digest(_from_base64(found["root"])),
            signer=Party(PartyKind(found["kind"]), int(found["number"])),
            thumbprint=Digest.parse(found["thumbprint"]),
        )
    except (MalformedValue, ValueError):
        raise CheckpointInvalid("its root or its signer cannot be read") from None


def signed_note(text: str, signature: NoteSignature) -> str:
    """The note: text, empty line, signature line."""
    value = base64.b64encode(signature.key_id + signature.signature).decode()
    return f"{text}\n— {signature.name} {value}\n"


def parse_note(note: str) -> tuple[str, tuple[NoteSignature, ...]]:
    """A note's text and its signatures, one or more. Raises ``CheckpointInvalid``."""
    text, gap, lines = note.rpartition("\n\n")
    signatures = tuple(_signature(line) for line in lines.splitlines(keepends=True))
    if not gap or not signatures:
        raise CheckpointInvalid("it is not a text, an empty line and signatures")
    return text + "\n", signatures


def _signature(line: str) -> NoteSignature:
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise CheckpointInvalid("a signature line cannot be read")
    value = _from_base64(found["value"])
    return NoteSignature(found["name"], value[:_KEY_ID_LENGTH], value[_KEY_ID_LENGTH:])


def _from_base64(text: str) -> bytes:
    """Base64 in its one spelling: the bits that its last letter has to spare are zero."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        raise CheckpointInvalid(f"{text!r} is not base64") from None
    if base64.b64encode(value).decode() != text:
        raise CheckpointInvalid(f"{text!r} is not base64 in its one spelling")
    return value
