"""Every file store keeps these promises: the folder on the disk and its in-memory twin alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certchain.errors import MalformedValue, UnknownRecord
from certchain.storage import DirectoryFileStore, FileStore, MemoryFileStore

MAKERS: dict[str, Callable[[Path], FileStore]] = {
    "memory": lambda _: MemoryFileStore(),
    "directory": lambda folder: DirectoryFileStore(folder / "files"),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return MAKERS[request.param](tmp_path)


def content(store: FileStore, name: str) -> bytes:
    return b"".join(store.read(name))


@pytest.mark.parametrize("chunks", [[], [b""], [b"firmware"], [b"firm", b"", b"ware"], [bytes(200_000), b"end"]])
def test_a_file_comes_back_as_it_was_written(store: FileStore, chunks: list[bytes]) -> None:
    store.write("image.bin", chunks)

    assert content(store, "image.bin") == b"".join(chunks)


def test_a_file_is_replaced_whole(store: FileStore) -> None:
    store.write("image.bin", [b"a longer first image"])
    store.write("image.bin", [b"second"])

    assert content(store, "image.bin") == b"second"


def test_a_reader_keeps_the_file_that_it_began_to_read(store: FileStore) -> None:
    store.write("image.bin", [bytes(300_000)])
    reader = store.read("image.bin")
    begun = next(reader)
    store.write("image.bin", [b"second"])

    assert begun + b"".join(reader) == bytes(300_000)


def test_a_source_that_fails_leaves_the_file_as_it_was(store: FileStore) -> None:
    store.write("image.bin", [b"first"])

    def failing() -> Iterator[bytes]:
        yield b"half of the sec"
        raise OSError("the update server is gone")

    with pytest.raises(OSError, match="the update server is gone"):
        store.write("image.bin", failing())
    with pytest.raises(OSError, match="the update server is gone"):
        store.write("other.bin", failing())
    assert content(store, "image.bin") == b"first"
    assert store.names() == ("image.bin",)


def test_names_are_told_in_order(store: FileStore) -> None:
    assert store.names() == ()
    for name in ("b", "a-1_2.bin", "0" * 100):
        store.write(name, [])

    assert store.names() == ("0" * 100, "a-1_2.bin", "b")


def test_a_removed_file_is_gone(store: FileStore) -> None:
    store.write("image.bin", [b"first"])
    store.remove("image.bin")

    assert store.names() == ()
    with pytest.raises(UnknownRecord):
        store.read("image.bin")


def test_what_was_never_written_is_unknown(store: FileStore) -> None:
    with pytest.raises(UnknownRecord) as refusal:
        store.read("image.bin")
    assert refusal.value.values() == {"kind": "file", "name": "image.bin"}
    with pytest.raises(UnknownRecord):
        store.remove("image.bin")


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".hidden", "a/b", "../a", "a\\b", "A", "ä", "a b", "a\n", "a\0", "0" * 101]
)
def test_a_name_that_could_leave_the_folder_is_refused_everywhere(store: FileStore, name: str) -> None:
    for refused in (lambda: store.write(name, [b"x"]), lambda: store.read(name), lambda: store.remove(name)):
        with pytest.raises(MalformedValue):
            refused()
    assert store.names() == ()
