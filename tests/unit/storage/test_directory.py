"""Files in a folder: durable, private, and no trace of what was half written."""

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from certchain.errors import StorageUnavailable, UnknownRecord
from certchain.storage import DirectoryFileStore

# Begins to replace a file, says so, and waits to be killed.
HALF_WRITER = """
import sys, time
from pathlib import Path
from certchain.storage import DirectoryFileStore
def chunks():
    yield bytes(100_000)
    print("half", flush=True)
    time.sleep(60)
DirectoryFileStore(Path(sys.argv[1])).write("image.bin", chunks())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "files"


def test_files_are_there_for_the_next_store(folder: Path) -> None:
    DirectoryFileStore(folder).write("image.bin", [b"first"])

    assert b"".join(DirectoryFileStore(folder).read("image.bin")) == b"first"


def test_a_killed_writer_leaves_the_file_as_it_was_and_no_trace(folder: Path) -> None:
    DirectoryFileStore(folder).write("image.bin", [b"first"])
    command = [sys.executable, "-c", HALF_WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half\n"
        writer.send_signal(signal.SIGKILL)

    assert len(list(folder.iterdir())) == 2
    store = DirectoryFileStore(folder)
    assert store.names() == ("image.bin",)
    assert b"".join(store.read("image.bin")) == b"first"
    assert len(list(folder.iterdir())) == 1


def test_file_and_folder_are_synced_in_that_order(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        synced.append(f"{kind}, then {'new' if (folder / 'image.bin').exists() else 'no'} name")
        fsync(descriptor)

    store = DirectoryFileStore(folder)
    monkeypatch.setattr(os, "fsync", noted)
    store.write("image.bin", [b"first"])
    assert synced == ["file, then no name", "folder, then new name"]

    store.remove("image.bin")
    assert synced[2:] == ["folder, then no name"]


def test_only_the_owner_can_read_the_files(folder: Path) -> None:
    DirectoryFileStore(folder).write("image.bin", [b"first"])

    assert stat.S_IMODE((folder / "image.bin").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_full_disk_is_told_and_the_file_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DirectoryFileStore(folder)
    store.write("image.bin", [b"first"])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable, match="No space left on device"):
        store.write("image.bin", [b"second"])
    assert b"".join(store.read("image.bin")) == b"first"
    assert len(list(folder.iterdir())) == 1


def test_a_place_where_no_folder_can_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StorageUnavailable):
        DirectoryFileStore(tmp_path / "file")


def test_a_lost_folder_is_told(folder: Path) -> None:
    store = DirectoryFileStore(folder)
    folder.rmdir()

    with pytest.raises(StorageUnavailable):
        store.write("image.bin", [b"first"])
    with pytest.raises(StorageUnavailable):
        store.names()


def test_a_file_removed_before_reading_began_is_unknown(folder: Path) -> None:
    store = DirectoryFileStore(folder)
    store.write("image.bin", [b"first"])
    reader = store.read("image.bin")
    store.remove("image.bin")

    with pytest.raises(UnknownRecord):
        next(reader)
