"""Tiles and bundles stand under one path and in one form, as C2SP tlog-tiles has them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain import merkle
from certchain.encoding.tile import ENTRIES, TileLevel, bundle, parse_bundle, parse_tile_path, tile_path
from certchain.errors import MalformedMessage, MalformedValue

PUBLISHED = json.loads((Path(__file__).parents[2] / "vectors" / "published.json").read_text(encoding="utf-8"))
LEVELS = st.one_of(st.just(ENTRIES), st.integers(0, 63))


@given(LEVELS, st.integers(0, 1000**6 - 1), st.integers(1, 256))
def test_every_tile_has_one_path(level: TileLevel, index: int, width: int) -> None:
    path = tile_path(level, index, width)

    assert parse_tile_path(path) == (level, index, width)
    assert path.endswith(f".p/{width}") == (width < 256)


def test_the_path_is_the_published_one() -> None:
    example = PUBLISHED["tiles"]["path"]

    assert tile_path(0, example["index"]) == f"tile/0/{example['groups']}"
    assert tile_path("entries", example["index"], 8) == f"tile/entries/{example['groups']}.p/8"
    assert tile_path(63, 0) == "tile/63/000"


@pytest.mark.parametrize("example", PUBLISHED["tiles"]["sizes"], ids=lambda example: str(example["size"]))
def test_a_tree_has_the_tiles_of_the_published_example(example: dict[str, list[int]]) -> None:
    size: int = example["size"]  # type: ignore[assignment]

    assert [size >> 8 * (level + 1) for level in range(len(example["full"]))] == example["full"]
    assert list(merkle.tile_widths(size)) == example["partial"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "checkpoint",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/entry/000",
        "tile/0/x000/000",
        "tile/0/x01/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/X001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/08",
        "tile/0/000.p/256",
        "tile/0/000.p/300",
        "tile/0/000.p",
        "tile/0/000.p/8/",
        "tile/0/\u0660\u0660\u0660",
        "tile/0/../../etc/passwd",
        "tile/0/000\n",
        "tile/0/" + "x001/" * 6 + "000",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(MalformedValue):
        parse_tile_path(path)


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-1, 0, 256), (64, 0, 256), (0, -1, 256), (0, 1000**6, 1), (0, 0, 0), (0, 0, 257)]
)
def test_a_tile_that_no_log_can_have_has_no_path(level: int, index: int, width: int) -> None:
    with pytest.raises(MalformedValue):
        tile_path(level, index, width)


@given(st.lists(st.binary(max_size=100), max_size=256))
def test_a_bundle_is_its_leaves_behind_their_lengths(leaves: list[bytes]) -> None:
    data = bundle(leaves)

    assert data == b"".join(len(leaf).to_bytes(2) + leaf for leaf in leaves)
    assert parse_bundle(data) == tuple(leaves)


def test_a_bundle_of_another_log_is_read() -> None:
    log = PUBLISHED["log"]
    leaves = parse_bundle(bytes.fromhex(log["bundle"]))

    assert [leaf.decode() for leaf in leaves] == log["leaves"]
    assert bundle(leaves).hex() == log["bundle"]


def test_a_bundle_that_is_cut_or_too_wide_is_refused() -> None:
    data = bundle([b"one", b"three"])
    for end in set(range(1, len(data))) - {5}:
        with pytest.raises(MalformedMessage):
            parse_bundle(data[:end])
    assert parse_bundle(data[:5]) == (b"one",)
    with pytest.raises(MalformedMessage):
        parse_bundle(bundle([b"one"] * 257))


def test_a_leaf_has_65_535_bytes_at_most() -> None:
    assert parse_bundle(bundle([bytes(65_535)])) == (bytes(65_535),)
    with pytest.raises(MalformedValue):
        bundle([bytes(65_536)])
