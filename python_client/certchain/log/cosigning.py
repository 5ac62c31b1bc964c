"""Witnesses, asked to cosign a checkpoint: all at the same time, and none of them for ever (C2SP tlog-witness)."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Protocol

from certchain.errors import CertchainError, CosignaturesMissing, MalformedValue, WitnessConflict, WitnessRefused
from certchain.merkle import TileReader, consistency_proof
from certchain.models.note import AddCheckpoint
from certchain.verification.checkpoint import add_cosignatures, verify_cosignatures

_ATTEMPTS = 3


class WitnessClient(Protocol):
    """A witness, wherever it is."""

    def add_checkpoint(self, request: AddCheckpoint) -> str:
        """Returns signature lines. Raises ``WitnessConflict`` with the size that it has seen, ``WitnessRefused``, or why it is away."""
        ...


@dataclass(frozen=True, slots=True)
class KnownWitness:
    """A witness whose cosignatures count: the name and the Ed25519 public key (32 bytes) that it signs with, and how to reach it."""

    name: str
    key: bytes
    client: WitnessClient


@dataclass(frozen=True, slots=True)
class _Answer:
    witness: KnownWitness
    lines: str = ""
    problem: Exception | None = None


@dataclass(slots=True)
class Cosigning:
    """Gathers cosignatures: ``quorum`` of them or more, or a checkpoint is worth nothing.

    All are waited for until ``patience`` (seconds) is over; once there are enough, for ``grace`` at most. Raises ``MalformedValue`` for a
    quorum that cannot be met, or two witnesses of one name.
    """

    witnesses: Sequence[KnownWitness] = ()
    quorum: int = 0
    patience: float = 5.0
    grace: float = 0.5
    problems: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not 0 <= self.quorum <= len(self.witnesses):
            raise MalformedValue("quorum", f"it is not 0 to the number of witnesses, {len(self.witnesses)}")
        if len(self.keys) != len(self.witnesses):
            raise MalformedValue("witnesses", "two of them have one name")

    @property
    def keys(self) -> dict[str, bytes]:
        """The witnesses' public keys by name."""
        return {witness.name: witness.key for witness in self.witnesses}

    def is_enough(self, note: str) -> bool:
        """Whether the note has a quorum of cosignatures already. A question about settings: what is published was verified."""
        try:
            verify_cosignatures(note, self.keys, self.quorum)
        except CosignaturesMissing:
            return False
        return True

    def gather(self, tiles: TileReader, note: str, size: int) -> str:
        """The note of the checkpoint for ``size`` entries, with every good cosignature that came in time.

        ``problems`` then says, by the witness's name, why the others' are missing. Raises ``CosignaturesMissing``.
        """
        answers, deadline = SimpleQueue[_Answer](), time.monotonic() + self.patience
        self.problems = {}
        waiting = {witness.name for witness in self.witnesses if self._ask(witness, tiles, note, size, answers)}
        while waiting:
            try:
                answer = answers.get(timeout=max(deadline - time.monotonic(), 0))
            except Empty:
                self.problems |= dict.fromkeys(waiting, "it did not answer in time")
                break
            waiting.discard(answer.witness.name)
            note = self._take(note, answer)
            if self.is_enough(note):
                deadline = min(deadline, time.monotonic() + self.grace)
        verify_cosignatures(note, self.keys, self.quorum)
        return note

    def _ask(
        self, witness: KnownWitness, tiles: TileReader, note: str, size: int, answers: SimpleQueue[_Answer]
    ) -> bool:
        """Asks in a thread; not at all while an earlier question to this witness has not ended."""
        if witness.name in self._busy:
            self.problems[witness.name] = "it has not answered an earlier question"
            return False
        self._busy.add(witness.name)

        def ask() -> None:
            try:
                answer = _Answer(witness, self._cosigned(witness, tiles, note, size))
            except Exception as problem:  # whatever it is, the thread that gathers hears of it
                answer = _Answer(witness, problem=problem)
            self._busy.discard(witness.name)
            answers.put(answer)

        try:
            threading.Thread(target=ask, name=f"witness {witness.name}", daemon=True).start()
        except RuntimeError as problem:  # there are too many threads: the witness may be asked the next time
            self._busy.discard(witness.name)
            self.problems[witness.name] = f"it could not be asked: {problem}"
            return False
        return True

    def _cosigned(self, witness: KnownWitness, tiles: TileReader, note: str, size: int) -> str:
        """The witness's answer to a proof that begins where it has seen the log last."""
        for _ in range(_ATTEMPTS):
            old = self._seen.get(witness.name, 0)
            path = consistency_proof(tiles, old, size).path if old else ()
            try:
                lines = witness.client.add_checkpoint(AddCheckpoint(old, path, note))
            except WitnessConflict as conflict:
                old = conflict.actual_size
                if not 0 <= old <= size:
                    raise WitnessRefused(witness.name, f"it has seen {old} entries, and the log has {size}") from None
                self._seen[witness.name] = old
            else:
                self._seen[witness.name] = size
                return lines
        raise WitnessRefused(witness.name, "it names another size each time")

    def _take(self, note: str, answer: _Answer) -> str:
        """The note with what a witness has answered; an answer that is worth nothing is a problem of that witness."""
        witness = answer.witness
        try:
            if answer.problem is not None:
                raise answer.problem
            cosigned = add_cosignatures(note, answer.lines, {witness.name: witness.key})
            if cosigned == note:
                raise WitnessRefused(witness.name, "its answer has no cosignature by its key")
        except CertchainError as problem:
            self.problems[witness.name] = str(problem)
            return note
        return cosigned
