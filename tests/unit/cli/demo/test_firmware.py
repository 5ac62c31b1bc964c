"""The demo's firmware: npm's real image where it lies, or the user's file, and never a made-up one."""

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

import certchain
from certchain.cli.demo.firmware import PACKAGE, find_firmware
from certchain.errors import FirmwareMissing, StorageUnavailable


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which npm has installed nothing yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(certchain, "__file__", str(tmp_path / "site" / "certchain" / "__init__.py"))
    return tmp_path


def install(folder: Path, members: dict[str, bytes]) -> None:
    """What npm would install."""
    (folder / PACKAGE / "build").mkdir(parents=True)
    (folder / PACKAGE / "package.json").write_text(json.dumps({"name": "fw", "version": "1", "license": "MIT"}))
    with ZipFile(folder / PACKAGE / "build" / "primehub.zip", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def test_the_users_file_comes_first(tmp_path: Path) -> None:
    file = tmp_path / "image.bin"
    file.write_bytes(b"image")
    assert find_firmware(file).image == b"image"
    with pytest.raises(StorageUnavailable):
        find_firmware(tmp_path / "none")


def test_the_image_is_found_where_npm_has_put_it(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(elsewhere, {"firmware-base.bin": b"image", "ReadMe_OSS.txt": b"notices"})
    (elsewhere / "below").mkdir()
    monkeypatch.chdir(elsewhere / "below")
    firmware = find_firmware(None)
    assert firmware.image == b"image"
    assert "fw 1" in firmware.origin
    assert firmware.licence == "MIT, and those in its ReadMe_OSS.txt"


def test_without_notices_the_licence_is_the_packages(elsewhere: Path) -> None:
    install(elsewhere, {"firmware-base.bin": b"image"})
    assert find_firmware(None).licence == "MIT"


def test_where_there_is_none_the_error_says_what_to_do(elsewhere: Path) -> None:
    with pytest.raises(FirmwareMissing) as refusal:
        find_firmware(None)
    assert "make demo" in refusal.value.advice
    assert "--firmware" in refusal.value.advice


def test_a_package_without_the_image_is_unusable(elsewhere: Path) -> None:
    install(elsewhere, {})
    with pytest.raises(StorageUnavailable):
        find_firmware(None)
