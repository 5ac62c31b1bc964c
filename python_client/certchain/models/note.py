"""Signed notes of any log and witness (C2SP signed-note, tlog-checkpoint and tlog-witness)."""

from dataclasses import dataclass
from enum import IntEnum

from certchain.models.digest import Digest


class KeyType(IntEnum):
    """What a note's key signs, by its signature type byte: the note's text, or a cosigner's word on the checkpoint in it."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


@dataclass(frozen=True, slots=True)
class NoteKey:
    """Who may sign notes: a name, what kind of signature, and the Ed25519 public key (32 bytes)."""

    name: str
    type: KeyType
    value: bytes


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: the key's name, its id (4 bytes) and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class CheckpointBody:
    """A checkpoint of any log: origin, size, root, and whatever extension lines it has."""

    origin: str
    size: int
    root: Digest
    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """What a witness is asked to cosign: a checkpoint's note, and the path from the size that it saw last."""

    old_size: int
    path: tuple[Digest, ...]
    checkpoint: str
