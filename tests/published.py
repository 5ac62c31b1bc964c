"""A log that is published, without an engine: its leaves are random, its signature and its tree are real."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from certchain.encoding.digest import key_thumbprint
from certchain.keys import KeyPair
from certchain.merkle import consistency_proof, tree_root
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import TILE_WIDTH, Checkpoint
from certchain.models.note import AddCheckpoint, KeyType, NoteKey
from certchain.storage import MemoryLogStore
from certchain.verification.checkpoint import (
    add_cosignatures,
    sign_checkpoint,
    verify_checkpoint,
    verify_cosignatures,
)
from tests.log_entries import group, leaf_hashes

ORIGIN = "certchain/household/login-log"


@dataclass
class PublishedLog:
    """See ``LogSource``: what was appended is shown once it is published."""

    origin: str = ORIGIN
    keys: KeyPair = field(default_factory=KeyPair.generate, repr=False)
    store: MemoryLogStore = field(default_factory=MemoryLogStore, repr=False)
    note: str = ""

    def append(self, count: int) -> "PublishedLog":
        """Entries like no others: two logs that append as many fork there."""
        entries = group(self.store.size(), count)
        self.store.append(entries, leaf_hashes(entries))
        return self

    def publish(self, size: int | None = None) -> str:
        self.note = self.signed(self.store.size() if size is None else size)
        return self.note

    def signed(self, size: int) -> str:
        thumbprint = key_thumbprint(self.keys.public)
        root = tree_root(self.store, size)
        return sign_checkpoint(Checkpoint(self.origin, size, root, service_party(ServiceId(1)), thumbprint), self.keys)

    def cosigned(self, lines: str, witnesses: Mapping[str, bytes]) -> str:
        self.note = add_cosignatures(self.note, lines, witnesses)
        return self.note

    def request(self, old_size: int, new_size: int) -> AddCheckpoint:
        """What this log asks a witness that has seen it at ``old_size``."""
        path = consistency_proof(self.store, old_size, new_size).path
        return AddCheckpoint(old_size, path, self.signed(new_size))

    def twin(self, size: int) -> "PublishedLog":
        """Another future under the same name and key, from ``size`` entries on."""
        twin = PublishedLog(self.origin, self.keys)
        entries = self.store.entries(0, size)
        twin.store.append(entries, leaf_hashes(list(entries)))
        return twin

    @property
    def key(self) -> NoteKey:
        return NoteKey(self.origin, KeyType.ED25519, self.keys.public.signing)

    def verify(self, note: str) -> Checkpoint:
        return verify_checkpoint(note, self.keys.public)

    def checkpoint(self) -> str:
        return self.note

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self.store.tile(level, index, width)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self.store.bundle(index, width)


def quorum(log: PublishedLog, witnesses: Mapping[str, bytes], count: int) -> "object":
    """A verifier that asks for so many witnesses, too."""

    def verify(note: str) -> Checkpoint:
        verify_cosignatures(note, witnesses, count)
        return log.verify(note)

    return verify
