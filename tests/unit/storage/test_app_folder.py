import hashlib
import os
from pathlib import Path

import pytest

from certchain.errors import MalformedValue, StorageUnavailable
from certchain.models.certification import ManifestFile
from certchain.models.digest import Digest
from certchain.storage.app_folder import measure_app


def measured(path: str, data: bytes) -> ManifestFile:
    return ManifestFile(path, len(data), Digest(hashlib.sha256(data).digest()))


def test_every_file_is_measured_in_the_order_of_its_path(tmp_path: Path) -> None:
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "lib" / "deep" / "b").write_bytes(b"2")
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / ".hidden").write_bytes(b"h")
    assert measure_app(tmp_path) == (measured(".hidden", b"h"), measured("a", b""), measured("lib/deep/b", b"2"))


def test_a_large_file_is_measured_whole(tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    (tmp_path / "blob").write_bytes(data)
    assert measure_app(tmp_path) == (measured("blob", data),)


def test_an_empty_folder_has_no_files(tmp_path: Path) -> None:
    assert measure_app(tmp_path) == ()


@pytest.mark.parametrize("target", ["a", "missing", "."])
def test_a_link_is_refused_wherever_it_leads(tmp_path: Path, target: str) -> None:
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / target)
    with pytest.raises(MalformedValue, match="link"):
        measure_app(tmp_path)


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MalformedValue, match="pipe"):
        measure_app(tmp_path)


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="there is no app folder"):
        measure_app(tmp_path / "missing")


def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"")

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(StorageUnavailable, match="Permission denied"):
        measure_app(tmp_path)
