"""A log on a disk that becomes full, in a process of its own: ``python -m tests.full_disk FOLDER rlimit|tmpfs``.

With ``rlimit`` no file may grow beyond some bytes; with ``tmpfs`` the folder is on a small file system.
"""

import resource
import signal
import sys
from contextlib import closing
from pathlib import Path

from certchain.errors import StorageUnavailable
from certchain.merkle import CompactRange, tree_root
from certchain.models.digest import Digest
from certchain.models.log import SealedEntry
from certchain.storage import SegmentLogStore, open_log_store
from tests.log_entries import group, leaf_hashes

LIMIT = 400_000
GROUP, BODY = 20, 300


def main(folder: Path, kind: str) -> None:
    ballast = folder / "ballast"
    take_room(kind, ballast)
    with closing(open_log_store(folder / "log", write=True)) as store:
        acknowledged = fill(store)
        for _ in range(3):
            refusal = refused(store)
            require(store, acknowledged)
        give_room(kind, ballast)
        acknowledged += append(store)
        require(store, acknowledged)
    with closing(open_log_store(folder / "log", write=True)) as store:
        require(store, acknowledged)
    sys.stdout.write(f"{len(acknowledged)} entries; {refusal}\n")


def take_room(kind: str, ballast: Path) -> None:
    if kind == "rlimit":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then the write fails, and does not end the process
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, resource.RLIM_INFINITY))
    else:
        ballast.write_bytes(bytes(LIMIT))


def give_room(kind: str, ballast: Path) -> None:
    if kind == "rlimit":
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    else:
        ballast.unlink()


def fill(store: SegmentLogStore) -> list[SealedEntry]:
    """Appends until the disk is full; returns what was acknowledged."""
    acknowledged: list[SealedEntry] = []
    while True:
        try:
            acknowledged += append(store)
        except StorageUnavailable:
            return acknowledged


def refused(store: SegmentLogStore) -> str:
    try:
        append(store)
    except StorageUnavailable as refusal:
        return str(refusal)
    raise AssertionError("the disk is full, and the group was taken")


def append(store: SegmentLogStore) -> list[SealedEntry]:
    entries = group(store.size(), GROUP, BODY)
    store.append(entries, leaf_hashes(entries))
    return entries


def require(store: SegmentLogStore, acknowledged: list[SealedEntry]) -> None:
    assert list(store.entries(0, store.size() + 1)) == acknowledged
    assert tree_root(store, store.size()) == CompactRange(map(Digest, leaf_hashes(acknowledged))).root()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
