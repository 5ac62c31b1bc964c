"""Files of another process are read as they are, and left alone."""

from pathlib import Path

import pytest

from certchain.errors import MalformedValue, StorageUnavailable, UnknownRecord
from certchain.storage import DirectoryFileStore, DirectoryReader


def test_what_another_process_writes_is_read(tmp_path: Path) -> None:
    writer, reader = DirectoryFileStore(tmp_path), DirectoryReader(tmp_path)
    for content in (b"first", b"second"):
        writer.write("checkpoint", [content])
        assert b"".join(reader.read("checkpoint")) == content
    assert reader.names() == ("checkpoint",)
    with pytest.raises(UnknownRecord):
        reader.read("anchored")
    with pytest.raises(MalformedValue):
        reader.read("../checkpoint")


def test_nothing_is_tidied_up(tmp_path: Path) -> None:
    """Not even what the writer has half written right now."""
    half = tmp_path / ".partial-0011"
    half.write_bytes(b"ha")
    reader = DirectoryReader(tmp_path)
    assert (half.read_bytes(), reader.names()) == (b"ha", ())


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    reader = DirectoryReader(tmp_path / "nowhere")
    with pytest.raises(UnknownRecord):
        reader.read("checkpoint")
    with pytest.raises(StorageUnavailable):
        reader.names()
