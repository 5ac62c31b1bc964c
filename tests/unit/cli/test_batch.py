"""Production batches at the command line."""

from pathlib import Path

import cbor2
import pytest

from certchain.encoding.document import from_document
from certchain.keys import KeyPair
from certchain.models.production import DeviceMembership
from certchain.storage.production_list import COLUMNS
from tests.program import Program


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """Five locks that left the factory."""
    path = tmp_path / "devices.csv"
    lines = [",".join(COLUMNS)]
    for number in range(5):
        keys = KeyPair.generate().public
        lines.append(f"Acme,PL-1,SN-{number},{keys.signing.hex()},{keys.exchange.hex()}")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_batch_is_anchored_once(deployed: Program, devices: Path) -> None:
    anchored = deployed.json("batch", "anchor", str(devices)).value()
    assert (anchored["batch"], anchored["devices"]) == (1, 5)
    assert deployed.json("batch", "anchor", str(devices)).value() == anchored


def test_every_device_gets_its_place(deployed: Program, devices: Path, tmp_path: Path) -> None:
    deployed.json("batch", "anchor", str(devices)).value()
    out = tmp_path / "out" / "places.cbor"
    told = deployed.json("batch", "prove", str(devices), "--batch", "1", "--out", str(out)).value()
    assert told["devices"] == 5
    with out.open("rb") as file:
        places = [cbor2.load(file) for _ in range(5)]
        assert file.read() == b""
    assert [(place["device"]["serial"], place["membership"]["index"]) for place in places] == [
        (f"SN-{number}", number) for number in range(5)
    ]


def test_one_device_gets_its_place_as_a_document(deployed: Program, devices: Path, tmp_path: Path) -> None:
    deployed.json("batch", "anchor", str(devices)).value()
    out = tmp_path / "place.json"
    arguments = ("batch", "prove", str(devices), "--batch", "1", "--out", str(out), "--serial")
    deployed.json(*arguments, "SN-3").value()
    place = from_document(DeviceMembership, out.read_bytes())
    assert (place.device.serial, place.membership.index) == ("SN-3", 3)
    deployed.json(*arguments, "SN-9").refusal(65, "UnknownRecord")


def test_no_place_is_proven_in_another_batch_or_for_other_devices(
    deployed: Program, devices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "places.cbor"
    deployed.json("batch", "anchor", str(devices)).value()
    deployed.json("batch", "prove", str(devices), "--batch", "2", "--out", str(out)).refusal(65, "UnknownBatch")
    lines = devices.read_text().splitlines()
    devices.write_text("\n".join([lines[0], *reversed(lines[1:])]))
    deployed.json("batch", "prove", str(devices), "--batch", "1", "--out", str(out)).refusal(65, "MalformedValue")
    assert not out.exists()


def test_a_file_that_cannot_be_written_is_told(deployed: Program, devices: Path) -> None:
    deployed.json("batch", "anchor", str(devices)).value()
    out = str(devices / "below-a-file")
    deployed.json("batch", "prove", str(devices), "--batch", "1", "--out", out).refusal(69, "StorageUnavailable")
