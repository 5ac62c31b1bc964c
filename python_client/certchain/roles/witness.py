"""A witness (C2SP tlog-witness): says of logs that it knows that each checkpoint continues the one before, and signs for it.

It keeps one checkpoint a log, the latest that it cosigned, and has it on the disk before anyone gets the cosignature. Any log
whose checkpoints have an Ed25519 signature can be witnessed, not only ours.
"""

import hashlib
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from certchain.config import Clock
from certchain.encoding.checkpoint import parse_checkpoint_body
from certchain.encoding.note import parse_note, signed_note
from certchain.errors import (
    CheckpointInvalid,
    CosignaturesMissing,
    MalformedMessage,
    NotConsistent,
    StorageUnavailable,
    UnknownLog,
    UnknownRecord,
    WitnessConflict,
)
from certchain.keys import PrivateKeys
from certchain.merkle import root, verify_consistency
from certchain.models.digest import Digest
from certchain.models.log import ConsistencyProof
from certchain.models.note import AddCheckpoint, CheckpointBody, NoteKey
from certchain.storage import FileStore
from certchain.verification.checkpoint import sign_cosignature, verify_cosignatures, verify_log_checkpoint
from certchain.verification.note import verify_signatures

_EMPTY_ROOT = root(())


@dataclass(frozen=True, slots=True)
class _Seen:
    """The checkpoint that was cosigned last, and when: nothing, at first."""

    size: int = 0
    root: Digest = _EMPTY_ROOT
    at: int = 0


class Witness:
    """A witness with this name and key; ``logs`` are the keys of each log that it knows, by the log's origin. Thread-safe.

    A checkpoint by any of a log's keys counts, as long as the key is among them; what was cosigned before stays, whichever key it was by.
    ``store`` is its own: two processes on one store could cosign two different futures of a log.
    """

    def __init__(
        self, name: str, keys: PrivateKeys, logs: Mapping[str, Collection[NoteKey]], store: FileStore, clock: Clock
    ) -> None:
        self.name, self._keys, self._store, self._clock = name, keys, store, clock
        self._logs = dict(logs)
        self._locks = {origin: threading.Lock() for origin in logs}
        self._origins = {origin_hash(origin): origin for origin in logs}

    def add_checkpoint(self, request: AddCheckpoint) -> str:
        """Cosigns a checkpoint that continues the latest one, and returns the signature line (C2SP tlog-witness, add-checkpoint).

        Raises, in this order, ``MalformedMessage`` for what is no checkpoint (HTTP status 400), ``UnknownLog`` (404),
        ``CheckpointInvalid`` when the log has not signed it (403), ``MalformedMessage`` for an old size above the checkpoint's
        (400), ``WitnessConflict`` when the old size is not that of the latest checkpoint (409), ``NotConsistent`` or
        ``ProofLength`` when it is not shown to continue that (422); ``StorageUnavailable`` (503), and then it has not cosigned.
        """
        text, body = _read(request.checkpoint)
        if body.origin not in self._logs:
            raise UnknownLog(body.origin)
        verify_log_checkpoint(request.checkpoint, self._logs[body.origin])
        if request.old_size > body.size:
            raise MalformedMessage(f"the old size {request.old_size} is above the checkpoint's size {body.size}")
        with self._locks[body.origin]:
            seen = self._seen(body.origin)
            if request.old_size != seen.size:
                raise WitnessConflict(request.old_size, seen.size)
            _require_continuation(request, seen, body)
            return self._cosign(text, request.checkpoint, body.origin, seen)

    def checkpoint(self, hashed: str) -> str:
        """The latest checkpoint cosigned of the log whose origin has this SHA-256 in small hex letters, with the cosignature.

        Raises ``UnknownLog`` when there is none.
        """
        origin = self._origins.get(hashed)
        if origin is None:
            raise UnknownLog(hashed)
        try:
            return self._kept(origin)
        except UnknownRecord:
            raise UnknownLog(origin) from None

    def _cosign(self, text: str, note: str, origin: str, seen: _Seen) -> str:
        """Signs, keeps what was signed, and only then gives it away."""
        signatures = parse_note(note)[1]
        by_log = verify_signatures(text, signatures, self._logs[origin]).values()
        bare = signed_note(text, by_log)
        # A clock that was set back must not have this say that the latest checkpoint is older than the one before.
        line = sign_cosignature(bare, self.name, self._keys, max(self._clock.now(), seen.at))
        self._store.write(origin_hash(origin), ((bare + line).encode(),))
        return line

    def _seen(self, origin: str) -> _Seen:
        """Raises ``StorageUnavailable`` for a record that is not what this witness wrote: it would not know what to compare with.

        Its own cosignature says so, whatever the log's keys are by now.
        """
        try:
            note = self._kept(origin)
            (cosignature,) = verify_cosignatures(note, {self.name: self._keys.public.signing}, 1)
            _, body = _read(note)
        except UnknownRecord:
            return _Seen()
        except (CheckpointInvalid, CosignaturesMissing, MalformedMessage) as problem:
            raise StorageUnavailable("the witness's record of the log was changed") from problem
        return _Seen(body.size, body.root, cosignature.at)

    def _kept(self, origin: str) -> str:
        return b"".join(self._store.read(origin_hash(origin))).decode(errors="replace")


def origin_hash(origin: str) -> str:
    """The SHA-256 of a log's origin in small hex letters: what a witness's monitors call the log."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _read(note: str) -> tuple[str, CheckpointBody]:
    try:
        text, _ = parse_note(note)
        return text, parse_checkpoint_body(text)
    except CheckpointInvalid as problem:
        raise MalformedMessage(problem.reason) from problem


def _require_continuation(request: AddCheckpoint, seen: _Seen, body: CheckpointBody) -> None:
    """Raises ``NotConsistent`` or ``ProofLength``."""
    if body.size == 0 and body.root != _EMPTY_ROOT:  # from nothing on, the proof has nothing to say
        raise NotConsistent(seen.size, body.size)
    verify_consistency(ConsistencyProof(seen.size, body.size, request.path), seen.root, body.root)
