"""Files are written whole or not at all, and are on the disk once they are written."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certchain.cli.workspace import held_alone
from certchain.config.file import FOR_ALL, OPEN_FOLDER, PARTIAL, Draft, make_folder, write_whole
from certchain.keys import SealingKey
from certchain.storage import DirectoryFileStore, SqlSubjectKeys, open_log_store
from certchain.storage.tiles import TileFolder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "folder" / "file.json"


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def test_a_file_has_its_content_its_permissions_and_a_private_folder(path: Path) -> None:
    write_whole(path, b"first")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"first", 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    write_whole(path, b"second", FOR_ALL)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode) & 0o700) == (b"second", 0o600)
    assert names(path.parent) == ["file.json"]


@pytest.mark.parametrize("new", [False, True])
def test_the_file_is_synced_before_it_has_its_name_and_the_folder_after(
    path: Path, monkeypatch: pytest.MonkeyPatch, new: bool
) -> None:
    synced, fsync = list[tuple[bool, bool]](), os.fsync

    def noted(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), path.exists()))
        fsync(descriptor)

    make_folder(path.parent)
    monkeypatch.setattr(os, "fsync", noted)
    write_whole(path, b"first", new=new)

    assert synced == [(False, False), (True, True)]


def work_in(folder: Path) -> None:
    with held_alone(folder):
        assert folder.is_dir()


MAKERS: dict[str, Callable[[Path], object]] = {
    "folder": make_folder,
    "file": lambda folder: write_whole(folder / "file", b""),
    "database": lambda folder: SqlSubjectKeys(folder / "keys.sqlite", SealingKey.generate()).close(),
    "files": DirectoryFileStore,
    "log": lambda folder: open_log_store(folder, write=True).close(),
    "tiles": lambda folder: TileFolder(folder).prepare(),
    "workspace": work_in,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_a_folder_that_was_made_has_its_name_on_the_disk_and_so_have_those_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maker: str
) -> None:
    """Whoever makes it: what a folder holds is lost with its name."""
    synced, fsync = list[str](), os.fsync

    def noted(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    MAKERS[maker](tmp_path / "a" / "b" / "c")

    assert {str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "b")} <= set(synced)


def test_a_folder_has_its_permissions_and_is_left_alone_when_it_is_there(tmp_path: Path) -> None:
    make_folder(tmp_path / "private" / "folder")
    make_folder(tmp_path / "open", OPEN_FOLDER)
    make_folder(tmp_path / "open")

    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("private", "private/folder", "open")]
    assert modes == [0o700, 0o700, 0o755]


def test_a_new_file_replaces_nothing(path: Path) -> None:
    write_whole(path, b"first", new=True)

    with pytest.raises(FileExistsError):
        write_whole(path, b"second", new=True)
    assert path.read_bytes() == b"first"
    assert names(path.parent) == ["file.json"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_file_as_it_was_and_no_trace(
    path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    def full(*_: object) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    write_whole(path, b"first")
    monkeypatch.setattr(os, function, full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"second")

    assert path.read_bytes() == b"first"
    assert names(path.parent) == ["file.json"]


def test_a_draft_that_is_not_kept_leaves_no_trace(tmp_path: Path) -> None:
    with Draft(tmp_path / "file") as draft:
        draft.write(b"half")
        assert [name.startswith(PARTIAL) for name in names(tmp_path)] == [True]

    assert names(tmp_path) == []


def test_a_folder_that_cannot_be_one_is_not_taken_for_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(NotADirectoryError):
        write_whole(tmp_path / "file" / "key", b"", new=True)
