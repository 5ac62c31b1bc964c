"""A package's data, in pieces."""

from pathlib import Path

import pytest

from certchain.errors import StorageUnavailable
from certchain.models.delivery import CHUNK_LENGTH
from certchain.storage.data import PackageBytes, PackageData, PackageFile


@pytest.mark.parametrize("length", [0, 1, CHUNK_LENGTH - 1, CHUNK_LENGTH, CHUNK_LENGTH + 1, 3 * CHUNK_LENGTH])
def test_pieces_are_of_one_length_but_for_the_last(length: int, tmp_path: Path) -> None:
    data, path = bytes(length), tmp_path / "image.bin"
    path.write_bytes(data)
    sources: tuple[PackageData, ...] = (PackageBytes(data), PackageFile(path))
    for source in sources:
        pieces = list(source.chunks())
        assert source.length == length
        assert b"".join(pieces) == data
        assert all(len(piece) == CHUNK_LENGTH for piece in pieces[:-1])
        assert list(source.chunks()) == pieces


def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path) -> None:
    missing = PackageFile(tmp_path / "missing.bin")
    with pytest.raises(StorageUnavailable):
        _ = missing.length
    with pytest.raises(StorageUnavailable):
        list(missing.chunks())
