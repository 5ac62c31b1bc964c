"""The firmware of the demo: a real image for a real microcontroller, read where its package put it, or a file of the user's."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import certchain
from certchain.errors import FirmwareMissing, StorageUnavailable

PACKAGE = Path("node_modules", "@pybricks", "firmware")
_ARCHIVE = Path("build", "primehub.zip")
_NOTICES = "ReadMe_OSS.txt"
_IMAGE = "firmware-base.bin"


@dataclass(frozen=True, slots=True)
class Firmware:
    """An image, and what is said of where it comes from and under which licence."""

    origin: str
    licence: str
    image: bytes


def find_firmware(file: Path | None) -> Firmware:
    """The user's ``file``, or the image for the LEGO SPIKE Prime hub (STM32F413) in npm's @pybricks/firmware.

    Raises ``FirmwareMissing`` when there is neither, and ``StorageUnavailable`` when it cannot be read.
    """
    try:
        return _pybricks() if file is None else Firmware(str(file), "as its owner says", file.read_bytes())
    except (OSError, BadZipFile, KeyError, ValueError) as problem:
        raise StorageUnavailable(str(problem)) from problem


def _pybricks() -> Firmware:
    for root in _roots():
        package = root / PACKAGE
        if (package / _ARCHIVE).is_file():
            about = json.loads((package / "package.json").read_text(encoding="utf-8"))
            with ZipFile(package / _ARCHIVE) as archive:
                image, notices = archive.read(_IMAGE), _NOTICES in archive.namelist()
            origin = f"{about['name']} {about['version']}, {_ARCHIVE.name}, {_IMAGE} (LEGO SPIKE Prime hub, STM32F413)"
            licence = f"{about['license']}, and those in its {_NOTICES}" if notices else about["license"]
            return Firmware(origin, licence, image)
    raise FirmwareMissing(str(PACKAGE / _ARCHIVE))


def _roots() -> Iterator[Path]:
    """The folders in which npm may have put the package: this one and those above, then the project's own."""
    here = Path.cwd()
    yield from (here, *here.parents)
    yield Path(certchain.__file__).parents[2]
