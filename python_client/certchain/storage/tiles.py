"""A log's public part as files in a folder, laid out as C2SP tlog-tiles has it: any file server can serve it.

``checkpoint`` is written last, when what it speaks of is on the disk, and takes its name when it is there itself: a crash at any
point leaves the log of the checkpoint before. Tiles beyond it may be there as well, and a power cut may have spoiled those.
"""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from certchain.config.file import FOR_ALL, OPEN_FOLDER, PARTIAL, make_folder, sync_folder, write_whole
from certchain.encoding.leaf_bundle import BUNDLED_LENGTH
from certchain.encoding.tile import ENTRIES, TileLevel, tile_path
from certchain.errors import CertchainError, LogDamaged, UnknownRecord, UnknownTile
from certchain.merkle.node import HASH_LENGTH
from certchain.models.log import TILE_WIDTH
from certchain.storage.record import disk_errors

_CHECKPOINT = "checkpoint"
_STAGING = ".partial"
_WIDTH = re.compile(r"[1-9][0-9]{0,2}")
_UNSYNCED = 256  # files, before they are synced together


class DirectoryLogSource:
    """See ``LogSource``: what a folder of tiles holds. Raises ``LogDamaged`` for a file of another length, ``StorageUnavailable``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def checkpoint(self) -> str:
        """The newest checkpoint, a C2SP signed note. Raises ``UnknownRecord`` when there is none yet."""
        content = _content(self.folder / _CHECKPOINT)
        if content is None:
            raise UnknownRecord("file", _CHECKPOINT)
        return content.decode(errors="replace")

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._row(level, index, width, HASH_LENGTH)

    def bundle(self, index: int, width: int = TILE_WIDTH) -> bytes:
        return self._row(ENTRIES, index, width, BUNDLED_LENGTH)

    def _row(self, level: TileLevel, index: int, width: int, each: int) -> bytes:
        """The partial file of this width, or the beginning of a wider one, or of the full one, which replaces them."""
        problem: CertchainError = UnknownTile(str(level), index, width)
        for kept in self._widths(level, index, width):
            path = tile_path(level, index, kept)
            content = _content(self.folder / path)
            if content is not None and len(content) == kept * each:
                return content[: width * each]
            if content is not None:
                reason = f"it has {len(content)} bytes, not {kept * each}"
                problem = LogDamaged(path, reason, index * TILE_WIDTH ** (1 if level == ENTRIES else int(level) + 1))
        raise problem

    def _widths(self, level: TileLevel, index: int, width: int) -> Iterator[int]:
        """Of the files that have so many rows of a place, if they are there; the full one last, as it is there before others go."""
        yield width
        if width == TILE_WIDTH:
            return
        with disk_errors():
            names = [path.name for path in (self.folder / f"{tile_path(level, index)}.p").glob("*")]
        yield from sorted(int(name) for name in names if _WIDTH.fullmatch(name) and width < int(name) < TILE_WIDTH)
        yield TILE_WIDTH


class TileFolder(DirectoryLogSource):
    """The same, for the one who writes it; everyone may read it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._staging = folder / _STAGING
        self._unsynced: list[Path] = []

    def prepare(self) -> None:
        """Makes the folder if there is none."""
        with disk_errors():
            make_folder(self._staging, OPEN_FOLDER)

    def clear(self) -> None:
        """Removes what a crash left half written; for the one who writes now."""
        with disk_errors():
            for leftover in (*self._staging.iterdir(), *self.folder.glob(f"{PARTIAL}*")):
                leftover.unlink()

    def keep(self, level: TileLevel, index: int, row: bytes) -> None:
        """Writes a tile, or for ``"entries"`` a bundle. It is on the disk once a checkpoint was published."""
        width = len(row) // (BUNDLED_LENGTH if level == ENTRIES else HASH_LENGTH)
        path = self.folder / tile_path(level, index, width)
        if _content(path) != row:
            self._put(path, row)
        with disk_errors():
            self._unsynced.append(path)
            if len(self._unsynced) >= _UNSYNCED:
                self._sync()

    def publish(self, note: str) -> None:
        """Puts a checkpoint in the place of the one before, after everything that was kept is on the disk."""
        with disk_errors():
            self._sync()
            write_whole(self.folder / _CHECKPOINT, note.encode(), FOR_ALL)

    def drop_partials(self, level: TileLevel, index: int) -> None:
        """Removes the partial tiles of a place which has its full tile now."""
        partials = self.folder / f"{tile_path(level, index)}.p"
        with disk_errors():
            if not partials.is_dir():
                return
            for partial in partials.iterdir():
                partial.unlink()
            partials.rmdir()

    def _put(self, path: Path, content: bytes) -> None:
        """Puts a whole file in its place; it need not be on the disk yet."""
        draft = self._staging / secrets.token_hex(8)
        with disk_errors():
            with draft.open("xb") as file:
                file.write(content)
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(path)

    def _sync(self) -> None:
        """Has the disk know the files, and then their names, up to the folder that was there from the beginning."""
        folders: dict[Path, None] = {}
        for path in self._unsynced:
            sync_folder(path)  # a file is synced as a folder is
            folders |= dict.fromkeys(each for each in path.parents if each.is_relative_to(self.folder))
        for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
            sync_folder(folder)
        self._unsynced.clear()


def _content(path: Path) -> bytes | None:
    with disk_errors():
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
