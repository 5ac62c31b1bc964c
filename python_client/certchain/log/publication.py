"""Publication: the log's signed and cosigned word on what is durable, which it never takes back.

Three files: ``signed`` is the largest checkpoint that was ever signed, kept before anyone sees it; ``checkpoint`` the newest that was
published, with its cosignatures; ``anchored`` the newest published one that the chain was found to have.
"""

import threading
from dataclasses import dataclass

from certchain.encoding.checkpoint import checkpoint_text, log_origin, parse_checkpoint
from certchain.encoding.digest import key_thumbprint
from certchain.encoding.note import parse_note
from certchain.errors import (
    CheckpointInvalid,
    LogInconsistent,
    NotConsistent,
    StorageUnavailable,
    UnknownRecord,
)
from certchain.log.cosigning import Cosigning
from certchain.merkle import consistency_proof, tree_root, verify_consistency
from certchain.models.log import TILE_WIDTH, Checkpoint
from certchain.storage import FileReader, FileStore, LogStore
from certchain.verification.checkpoint import sign_checkpoint
from certchain.verification.statement import Identity

CHECKPOINT = "checkpoint"
ANCHORED = "anchored"
SIGNED = "signed"


class Publication:
    """Signs checkpoints of a log for ``identity`` and keeps them in ``files``. Thread-safe; one process publishes, any may read.

    Every method may raise ``StorageUnavailable``, also for a file that is no longer what was written there: it is named.
    """

    def __init__(
        self,
        store: LogStore,
        identity: Identity,
        files: FileStore,
        *,
        cosigning: Cosigning | None = None,
        origin: str | None = None,
    ) -> None:
        self._store, self._identity, self._files = store, identity, files
        self._cosigning = cosigning or Cosigning()
        self.origin = origin or log_origin(identity.network)
        self._publishing = threading.Lock()

    @property
    def cosigning(self) -> Cosigning:
        """The witnesses, and how the last round with them went."""
        return self._cosigning

    def publish(self) -> Checkpoint:
        """Publishes the checkpoint of what is durable now, and returns it; the one that is published, if the log has not grown.

        Raises ``LogInconsistent``, before anything is signed, when the log does not continue what was signed before: it was rolled back
        or changed. Raises ``CosignaturesMissing`` when too few witnesses cosign; then the checkpoint before stays.
        """
        with self._publishing:
            checkpoint = self.require_continued()
            note = self._sign(checkpoint)
            if not self._is_published(checkpoint):
                note = self._cosigning.gather(self._store, note, checkpoint.size)
                self._files.write(CHECKPOINT, [note.encode()])
            return checkpoint

    def require_continued(self) -> Checkpoint:
        """What is durable now, when it continues what was signed last; nothing is signed. Raises ``LogInconsistent``."""
        last = self._kept(SIGNED)  # read first: what is signed meanwhile is of a larger log
        checkpoint = self._durable()
        if last is not None:
            self._require_continuation(read_checkpoint(last), checkpoint)
        return checkpoint

    def checkpoint(self) -> str:
        """The newest published checkpoint, a C2SP signed note. Raises ``UnknownRecord`` before the first."""
        return published_note(self._files)

    def newest(self) -> str | None:
        """The same, or ``None`` before the first."""
        return self._kept(CHECKPOINT)

    def published(self) -> Checkpoint | None:
        """What the newest published checkpoint says; ``None`` before the first."""
        note = self.newest()
        return None if note is None else read_checkpoint(note)

    def anchored(self) -> str | None:
        """The newest published checkpoint that the chain was found to have; ``None`` before the first."""
        return anchored_note(self._files)

    def keep_anchored(self, note: str) -> None:
        """Keeps a published checkpoint as one that the chain has."""
        if note != self.anchored():
            self._files.write(ANCHORED, [note.encode()])

    def _durable(self) -> Checkpoint:
        size, identity = self._store.size(), self._identity
        root, thumbprint = tree_root(self._store, size), key_thumbprint(identity.keys.public)
        return Checkpoint(self.origin, size, root, identity.party, thumbprint)

    def _sign(self, checkpoint: Checkpoint) -> str:
        """The note of a checkpoint. It is kept first: a crash must not make the log forget its word."""
        note = sign_checkpoint(checkpoint, self._identity.keys)
        if note != self._kept(SIGNED):
            self._files.write(SIGNED, [note.encode()])
        return note

    def _require_continuation(self, last: Checkpoint, checkpoint: Checkpoint) -> None:
        if last.origin != self.origin:
            raise LogInconsistent(f"what was signed before is of another log, {last.origin}", 0)
        if last.size > checkpoint.size:
            raise LogInconsistent(f"it was signed for {last.size} entries, and has {checkpoint.size}", checkpoint.size)
        proof = consistency_proof(self._store, last.size, checkpoint.size)
        try:
            verify_consistency(proof, last.root, checkpoint.root)
        except NotConsistent as problem:
            reason = f"it is not the log that was signed for at {last.size} entries"
            raise LogInconsistent(reason, max(last.size - 1, 0)) from problem

    def _is_published(self, checkpoint: Checkpoint) -> bool:
        """Whether this very checkpoint is published, with as many cosignatures as are asked for today."""
        note = self._kept(CHECKPOINT)
        return (
            note is not None and parse_note(note)[0] == checkpoint_text(checkpoint) and self._cosigning.is_enough(note)
        )

    def _kept(self, name: str) -> str | None:
        try:
            return _kept_note(self._files, name)
        except UnknownRecord:
            return None


@dataclass(frozen=True, slots=True)
class PublishedLog:
    """A ``LogSource`` over a log's own store and publication's files: in the process that writes it, or beside it."""

    store: LogStore
    files: FileReader

    def checkpoint(self) -> str:
        """The newest published checkpoint. Raises ``UnknownRecord`` before the first."""
        return published_note(self.files)

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """See ``LogStore``."""
        return self.store.tile(level, index, width)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        """See ``LogStore``."""
        return self.store.bundle(index, width)


def published_note(files: FileReader) -> str:
    """The newest checkpoint that was published into these files.

    Raises ``UnknownRecord`` before the first, and ``StorageUnavailable`` when the file is no longer what was written there.
    """
    return _kept_note(files, CHECKPOINT)


def anchored_note(files: FileReader) -> str | None:
    """The newest published checkpoint that the chain was found to have; ``None`` before the first. Raises ``StorageUnavailable``."""
    try:
        return _kept_note(files, ANCHORED)
    except UnknownRecord:
        return None


def _kept_note(files: FileReader, name: str) -> str:
    """What was kept in a file. Raises ``UnknownRecord``, and ``StorageUnavailable`` when it is not the note of a checkpoint."""
    content = b"".join(files.read(name))
    try:
        read_checkpoint(note := content.decode())
    except (UnicodeDecodeError, CheckpointInvalid) as problem:
        reason = "it is not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem)
        raise StorageUnavailable(f"the log's file {name!r} is damaged: {reason}") from problem
    return note


def read_checkpoint(note: str) -> Checkpoint:
    """What a note says that this log has kept itself: its signature was its own. Raises ``CheckpointInvalid``."""
    text, _ = parse_note(note)
    return parse_checkpoint(text)
