"""Records: small readable files by name."""

from pathlib import Path

import pytest

from certchain.cli.record import DeviceRecord, Records, UserRecord
from certchain.errors import ConfigurationInvalid, MalformedValue, RecordExists, UnknownRecord

PORCH = DeviceRecord(2, "Acme", "PL-1", "7", 0)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(tmp_path)


def test_a_record_is_read_as_it_was_written(records: Records) -> None:
    records.write("porch-lock", PORCH)
    assert records.read(DeviceRecord, "porch-lock") == PORCH


def test_a_name_that_is_taken_is_not_new(records: Records) -> None:
    assert records.require_new(DeviceRecord, "porch-lock") == records.folder(DeviceRecord, "porch-lock")
    records.write("porch-lock", PORCH)
    with pytest.raises(RecordExists):
        records.require_new(DeviceRecord, "porch-lock")


def test_an_unknown_name_is_refused(records: Records) -> None:
    with pytest.raises(UnknownRecord):
        records.read(DeviceRecord, "porch-lock")


@pytest.mark.parametrize("name", ["", "Porch", "-porch", "../porch", "a" * 41, "porch lock", "porch\n"])
def test_a_name_that_could_lead_elsewhere_is_refused(records: Records, name: str) -> None:
    with pytest.raises(MalformedValue):
        records.read(DeviceRecord, name)


@pytest.mark.parametrize("text", ["number = ", "number = 2", 'number = "2"\nmanufacturer = 1', "\udcff"])
def test_a_damaged_record_is_named(records: Records, text: str) -> None:
    records.write("porch-lock", PORCH)
    file = records.folder(DeviceRecord, "porch-lock") / "record.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationInvalid, match="porch-lock"):
        records.read(DeviceRecord, "porch-lock")


def test_all_stand_in_the_order_of_their_numbers_and_are_found_by_them(records: Records) -> None:
    records.write("zoe", UserRecord(1))
    records.write("alice", UserRecord(2))
    assert list(records.all(UserRecord)) == ["zoe", "alice"]
    assert records.name_of(UserRecord, 2) == "alice"
    assert records.name_of(UserRecord, 3) is None
