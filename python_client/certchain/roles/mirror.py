"""A mirror: all tiles and leaves of a log, copied and checked, so that proofs can be made when the log's server is gone."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from certchain.config.lock import held
from certchain.encoding.checkpoint import parse_checkpoint
from certchain.encoding.leaf import parse_leaf
from certchain.encoding.note import parse_note
from certchain.encoding.tile import ENTRIES, parse_bundle
from certchain.errors import (
    CheckpointInvalid,
    CheckpointOutdated,
    IndexOutOfRange,
    LogInUse,
    NotConsistent,
    StorageUnavailable,
    UnknownRecord,
)
from certchain.log.source import LogSource
from certchain.log.verified import VerifiedLog
from certchain.merkle import inclusion_proof, leaf_hash, tile_width, tile_widths, tree_root, verify_inclusion
from certchain.models.log import TILE_WIDTH, Checkpoint, InclusionProof, LogLeaf
from certchain.storage.tiles import TileFolder

_log = logging.getLogger(__name__)
_LOCK = ".lock"
_PATIENCE = 1.0

Verifier = Callable[[str], Checkpoint]
"""Whose checkpoints count: returns what a note says, or raises when it is not signed, or not cosigned, by those who have to."""


class Mirror:
    """One log's mirror in a folder of its own, which any file server can serve. Thread-safe.

    Nothing that the source sends is kept before it was found to be of the tree that a verified checkpoint speaks of, and
    the checkpoint is published when all of that tree is on the disk. Whatever goes wrong, the log of the checkpoint before stays.
    """

    def __init__(self, source: LogSource, folder: Path, verify: Verifier) -> None:
        self._source, self._verify = source, verify
        self._folder = TileFolder(folder)
        self._lock = threading.Lock()

    def sync(self) -> Checkpoint:
        """Copies what is new, and returns the checkpoint that the mirror has now.

        What is there already, also from a copy that was cut off, is not asked for again. Raises ``UnknownRecord`` while the source has
        published nothing, and what ``verify`` raises; ``NotConsistent`` when the source shows a log that does not continue the mirror's,
        ``CheckpointOutdated`` when it shows the log as it was before; ``TileInvalid`` or ``MalformedMessage`` for tiles or leaves of
        another tree; ``PeerUnavailable``, ``UnknownTile``; ``LogInUse`` when another process writes the folder, and
        ``StorageUnavailable``.
        """
        with self._lock, self._alone():
            note = self._source.checkpoint()
            new, old = self._verify(note), self._mirrored()
            if old is not None and new.size < old.size:
                raise self._backwards(new, old)
            log = VerifiedLog((self._folder, self._source), new.size, new.root)
            if old is not None and tree_root(log, old.size) != old.root:
                raise NotConsistent(old.size, new.size)
            self._copy(log, old.size if old else 0, new.size)
            self._folder.publish(note)
            self._tidy(old.size if old else 0, new.size)
            return new

    def checkpoint(self) -> str:
        """The newest checkpoint of which everything is here. Raises ``UnknownRecord`` before the first ``sync``."""
        return self._folder.checkpoint()

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """See ``LogSource``."""
        return self._folder.tile(level, index, width)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        """See ``LogSource``."""
        return self._folder.bundle(index, width)

    def prove(self, index: int) -> tuple[LogLeaf, InclusionProof, str]:
        """An entry's leaf, the proof that it is in the log, and the checkpoint that the proof leads to.

        Raises ``IndexOutOfRange`` beyond that checkpoint, and ``NotIncluded`` when the mirror's own files were changed.
        """
        note = self._folder.checkpoint()
        checkpoint = _read(note)
        if not 0 <= index < checkpoint.size:
            raise IndexOutOfRange(index, checkpoint.size)
        bundle, place = divmod(index, TILE_WIDTH)
        leaf = parse_bundle(self._folder.bundle(bundle, tile_width(0, bundle, checkpoint.size)))[place]
        proof = inclusion_proof(self._folder, index, checkpoint.size)
        verify_inclusion(leaf_hash(leaf), proof, checkpoint.root)
        return parse_leaf(leaf), proof, note

    def _mirrored(self) -> Checkpoint | None:
        """The checkpoint in the folder. One that cannot be read is as good as none: its tiles are there, and are checked again."""
        try:
            return _read(self._folder.checkpoint())
        except UnknownRecord:
            return None
        except CheckpointInvalid as problem:
            _log.warning("the mirror's checkpoint cannot be read, and it begins again from its tiles: %s", problem)
            return None

    def _backwards(self, new: Checkpoint, old: Checkpoint) -> NotConsistent | CheckpointOutdated:
        """What a smaller checkpoint is: the log as it was, or another log."""
        as_it_was = tree_root(VerifiedLog((self._folder,), old.size, old.root), new.size)
        if as_it_was != new.root:
            return NotConsistent(new.size, old.size)
        return CheckpointOutdated(new.size, old.size)

    def _copy(self, log: VerifiedLog, old_size: int, new_size: int) -> None:
        """What the new tree has more than the old one, from the top down: so each tile's parent is on the disk already."""
        for level, index in _places(old_size, new_size):
            width = tile_width(level, index, new_size)
            self._folder.keep(level, index, log.tile(level, index, width))
            if level == 0:
                self._folder.keep(ENTRIES, index, log.bundle(index, width))

    def _tidy(self, old_size: int, new_size: int) -> None:
        """Partial tiles stay until their place is full: someone may be at a checkpoint that calls for them."""
        for level, index in _places(old_size, new_size):
            if tile_width(level, index, new_size) == TILE_WIDTH:
                self._folder.drop_partials(level, index)
                if level == 0:
                    self._folder.drop_partials(ENTRIES, index)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While within, no other process writes the folder."""
        with ExitStack() as stack:
            self._folder.prepare()
            try:
                stack.enter_context(held(self._folder.folder / _LOCK, _PATIENCE))
            except TimeoutError:
                raise LogInUse(str(self._folder.folder)) from None
            except OSError as problem:
                raise StorageUnavailable(problem.strerror or type(problem).__name__) from problem
            self._folder.clear()
            yield


def _places(old_size: int, new_size: int) -> Iterator[tuple[int, int]]:
    """Level and index of every tile that is other in the new tree than in the old one, the highest level first."""
    for level in reversed(range(len(tile_widths(new_size)))):
        first = (old_size >> 8 * level) // TILE_WIDTH
        beyond = -(-(new_size >> 8 * level) // TILE_WIDTH)
        yield from ((level, index) for index in range(first, beyond))


def _read(note: str) -> Checkpoint:
    """What one of the mirror's own checkpoints says; its signatures were verified before it was kept."""
    text, _ = parse_note(note)
    return parse_checkpoint(text)
