"""A disk for a log store that fails at the n-th thing done to it, and that forgets on a power cut what was not synced."""

import errno
import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from certchain.storage.log.disk import Disk, File
from tests.faults import Fuse, PowerCut

SECTOR = 512
"""What a disk writes whole or not at all."""


@dataclass
class FaultyDisk(Disk):
    """Every write, sync, cut and change of names touches the fuse before it is done; a write also half way.

    Nothing is really synced: a power cut is told by ``lose_power``, and what it takes is drawn.
    """

    fuse: Fuse = field(default_factory=Fuse)
    full: bool = False
    dead: bool = False
    durable: dict[Path, bytes] = field(default_factory=dict)
    unnamed: set[Path] = field(default_factory=set)

    def do(self, action: Callable[[], object], *, growing: bool = False) -> None:
        self.touch()
        if growing and self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        action()

    def touch(self) -> None:
        if self.dead:
            raise PowerCut
        try:
            self.fuse.touch()
        except PowerCut:
            self.dead = True
            raise

    def writable(self, path: Path) -> File:
        if not path.exists():
            self.unnamed.add(path)
        self.touch()
        file = FaultyFile(path, self)
        self.durable.setdefault(path, path.read_bytes())
        return file

    def replace(self, path: Path, content: bytes) -> None:
        draft = path.with_name("draft")
        self.do(lambda: draft.write_bytes(content), growing=True)
        self.do(lambda: draft.replace(path))

    def remove(self, path: Path) -> None:
        self.do(lambda: super(FaultyDisk, self).remove(path))

    def sync_folder(self, folder: Path) -> None:
        self.do(self.unnamed.clear)

    def lose_power(self, chance: random.Random) -> None:
        """Leaves of what was not synced what a disk may: any of its sectors, any end, any of the names that are new."""
        for path, durable in self.durable.items():
            if path in self.unnamed and chance.random() < 0.5:
                path.unlink(missing_ok=True)
            elif path.exists():
                path.write_bytes(mixed(durable, path.read_bytes(), chance))


class FaultyFile(File):
    def __init__(self, path: Path, disk: FaultyDisk) -> None:
        super().__init__(path, os.O_RDWR | os.O_CREAT)
        self.disk = disk

    def write(self, at: int, data: bytes) -> None:
        half = len(data) // 2
        self.disk.do(lambda: super(FaultyFile, self).write(at, data[:half]), growing=True)
        self.disk.do(lambda: super(FaultyFile, self).write(at + half, data[half:]), growing=True)

    def sync(self) -> None:
        self.disk.do(self._settle)

    def cut(self, length: int) -> None:
        self.disk.do(lambda: super(FaultyFile, self).cut(length))

    def _settle(self) -> None:
        if self.path.exists():
            self.disk.durable[self.path] = self.path.read_bytes()


def mixed(durable: bytes, current: bytes, chance: random.Random) -> bytes:
    """A file of which some sectors were written back and others not; its new length may be there before its content."""
    length = chance.choice([len(durable), len(current), chance.randint(*sorted((len(durable), len(current))))])
    sectors = []
    for begin in range(0, length, SECTOR):
        source = chance.choice([durable, current])
        sectors.append(source[begin : begin + SECTOR].ljust(min(SECTOR, length - begin), b"\0"))
    return b"".join(sectors)[:length]
