"""A factory's list is read line by line, and what is not a device is told by its line."""

from pathlib import Path

import pytest

from certchain.errors import MalformedValue, StorageUnavailable
from certchain.models.production import DeviceDescription, ProducedDevice
from certchain.models.registration import PublicKeys
from certchain.storage.production_list import COLUMNS, ProductionList

HEAD = ",".join(COLUMNS)
KEYS = PublicKeys(b"\x01" * 32, b"\x02" * 33)
LINE = f"Acme,bolt,SN-1,{KEYS.signing.hex()},{KEYS.exchange.hex()}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "devices.csv"


def test_devices_come_in_the_order_of_the_list_and_again(path: Path) -> None:
    path.write_text(f'{HEAD}\r\n{LINE}\r\n"Acme, Inc.",Türschloß,SN-2{LINE[14:]}\r\n', encoding="utf-8")
    found = ProductionList(path)
    expected = [
        ProducedDevice(DeviceDescription("Acme", "bolt", "SN-1"), KEYS),
        ProducedDevice(DeviceDescription("Acme, Inc.", "Türschloß", "SN-2"), KEYS),
    ]
    assert list(found) == expected
    assert list(found) == expected


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "first line"),
        (b"serial,model\n", "first line"),
        (f"{HEAD}\n{LINE}\nAcme,bolt\n".encode(), "line 3"),
        (f"{HEAD}\n{LINE.replace('SN-1', '')}\n".encode(), "line 2"),
        (f"{HEAD}\n{LINE.replace('SN-1', 'x' * 1001)}\n".encode(), "line 2"),
        (f"{HEAD}\n{LINE}0\n".encode(), "hex"),
        (f"{HEAD}\n{LINE[:-2]}\n".encode(), "33 bytes"),
        (f"{HEAD}\n{LINE.replace('Acme', chr(34) + 'Acme')}\n".encode(), "list of devices"),
        (HEAD.encode() + b"\n\xff\n", "list of devices"),
    ],
)
def test_what_is_no_list_of_devices_is_refused(path: Path, content: bytes, what: str) -> None:
    path.write_bytes(content)
    with pytest.raises(MalformedValue, match=what):
        list(ProductionList(path))


def test_a_list_that_is_not_there_is_told(path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        list(ProductionList(path))
