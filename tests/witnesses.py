"""Witnesses for tests: real ones, in the process, and those that are away, late, wrong or lying."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from certchain.errors import PeerUnavailable
from certchain.keys import KeyPair
from certchain.log import Cosigning, KnownWitness
from certchain.models.note import AddCheckpoint, KeyType, NoteKey
from certchain.roles.witness import Witness
from certchain.storage import MemoryFileStore
from tests.industry import TestClock


@dataclass(slots=True)
class WitnessTwin:
    """A witness of one log, whose answers a test can change; ``asked`` are the requests that reached it."""

    name: str
    log: NoteKey | None = None
    keys: KeyPair = field(default_factory=KeyPair.generate)
    files: MemoryFileStore = field(default_factory=MemoryFileStore)
    asked: list[AddCheckpoint] = field(default_factory=list)
    instead: Callable[[AddCheckpoint], str] | None = None

    def known(self) -> KnownWitness:
        return KnownWitness(self.name, self.keys.public.signing, self)

    def watch(self, origin: str, signing_key: bytes) -> None:
        self.log = NoteKey(origin, KeyType.ED25519, signing_key)

    def cosign(self, request: AddCheckpoint) -> str:
        """What the real witness answers."""
        assert self.log is not None
        return Witness(self.name, self.keys, {self.log.name: [self.log]}, self.files, TestClock()).add_checkpoint(
            request
        )

    def add_checkpoint(self, request: AddCheckpoint) -> str:
        self.asked.append(request)
        return self.instead(request) if self.instead is not None else self.cosign(request)


def away(_: AddCheckpoint) -> str:
    raise PeerUnavailable("the witness", "nobody is there")


def hanging(release: threading.Event) -> Callable[[AddCheckpoint], str]:
    def hang(_: AddCheckpoint) -> str:
        release.wait(10)
        raise PeerUnavailable("the witness", "too late")

    return hang


def three() -> list[WitnessTwin]:
    return [WitnessTwin(f"witness.example/w{number}") for number in range(1, 4)]


def cosigning(witnesses: list[WitnessTwin], quorum: int, patience: float = 10.0, grace: float = 10.0) -> Cosigning:
    return Cosigning([witness.known() for witness in witnesses], quorum, patience, grace)
