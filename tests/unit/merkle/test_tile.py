"""What is computed from tiles is what is computed from the leaves; and no more tiles are read than that takes."""

import random
from functools import cache

import pytest

from certchain import merkle
from certchain.errors import IndexOutOfRange, MalformedMessage, MalformedValue, UnknownSize
from certchain.models.digest import Digest
from certchain.models.log import TILE_WIDTH

LEAVES = tuple(merkle.leaf_hash(index.to_bytes(4)) for index in range(70_000))
SIZES = (0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, 70_000)


@cache
def root(size: int) -> Digest:
    return merkle.root(LEAVES[:size])


class Tiles:
    """The tiles of a tree of all leaves, worked out level by level; it keeps what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.levels = [b"".join(leaf.value for leaf in LEAVES)]
        while len(self.levels[-1]) >= 32 * TILE_WIDTH:
            below, step = self.levels[-1], 32 * TILE_WIDTH
            full = range(0, len(below) - step + 1, step)
            self.levels.append(b"".join(merkle.fold_tile(below[at : at + step]) for at in full))

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        self.asked.append((level, index, width))
        return self.levels[level][32 * TILE_WIDTH * index :][: 32 * width]


@pytest.fixture(scope="module")
def shared() -> Tiles:
    return Tiles()


@pytest.fixture
def tiles(shared: Tiles) -> Tiles:
    shared.asked.clear()
    return shared


@pytest.mark.parametrize("size", SIZES)
def test_root_and_frontier_from_tiles_are_those_of_the_leaves(tiles: Tiles, size: int) -> None:
    tree = merkle.CompactRange(LEAVES[:size])

    assert merkle.tree_root(tiles, size) == tree.root()
    assert merkle.tree_frontier(tiles, size) == tree.frontier


@pytest.mark.parametrize("size", SIZES[1:])
def test_inclusion_proofs_from_tiles_lead_to_the_root_from_two_tiles_a_level(tiles: Tiles, size: int) -> None:
    for index in {0, size // 3, size // 2, size - 1}:
        tiles.asked.clear()
        proof = merkle.inclusion_proof(tiles, index, size)

        assert merkle.verify_inclusion(LEAVES[index], proof, root(size)) == LEAVES[index]
        assert len(tiles.asked) == len(set(tiles.asked)) <= 2 * len(merkle.tile_widths(size))


@pytest.mark.parametrize("old", SIZES)
def test_consistency_proofs_from_tiles_are_those_of_the_leaves(tiles: Tiles, old: int) -> None:
    for new in (size for size in SIZES if size >= old):
        tiles.asked.clear()
        proof = merkle.consistency_proof(tiles, old, new)

        assert proof.path == merkle.consistency_path(LEAVES, old, new)
        assert merkle.verify_consistency(proof, root(old), root(new)) == root(new)
        assert len(tiles.asked) == len(set(tiles.asked)) <= 2 * len(merkle.tile_widths(new))


def test_proofs_of_many_leaves_read_each_tile_once(tiles: Tiles) -> None:
    indices = random.Random(1).sample(range(5_000), 50)
    proofs = merkle.inclusion_proofs(tiles, indices, 5_000)

    for index, proof in zip(indices, proofs, strict=True):
        assert merkle.verify_inclusion(LEAVES[index], proof, root(5_000)) == LEAVES[index]
    assert len(tiles.asked) == len(set(tiles.asked)) <= 21


def test_a_tree_of_70_000_has_the_tiles_of_the_published_example() -> None:
    """C2SP tlog-tiles: 273 full tiles and one of 112 in level 0, one full and one of 17 in level 1, one of 1 in level 2."""
    assert merkle.tile_widths(70_000) == (112, 17, 1)
    assert [70_000 >> 8 * (level + 1) for level in range(3)] == [273, 1, 0]
    assert [merkle.tile_width(0, index, 70_000) for index in (0, 272, 273, 274)] == [256, 256, 112, 0]
    assert [merkle.tile_width(1, index, 70_000) for index in (0, 1, 2)] == [256, 17, 0]
    assert merkle.tile_widths(256) == (0, 1)
    assert merkle.tile_widths(0) == ()


def test_tiles_are_asked_for_in_the_width_that_the_tree_gives_them(tiles: Tiles) -> None:
    merkle.tree_root(tiles, 70_000)

    assert tiles.asked == [(2, 0, 1), (1, 1, 17), (0, 273, 112)]


def test_a_tile_of_another_length_than_was_asked_for_is_refused(tiles: Tiles) -> None:
    class Short:
        def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
            return tiles.tile(level, index, width)[:-32]

    with pytest.raises(MalformedMessage):
        merkle.tree_root(Short(), 300)


def test_what_no_tree_has_is_refused(tiles: Tiles) -> None:
    for refused in (lambda: merkle.tree_root(tiles, -1), lambda: merkle.tree_frontier(tiles, -1)):
        with pytest.raises(UnknownSize):
            refused()
    with pytest.raises(UnknownSize):
        merkle.consistency_proof(tiles, 6, 5)
    with pytest.raises(IndexOutOfRange):
        merkle.inclusion_proof(tiles, 5, 5)
    with pytest.raises(MalformedValue):
        merkle.fold_tile(bytes(32 * 255))


def test_a_full_tile_is_one_hash_of_the_level_above() -> None:
    leaves = LEAVES[:TILE_WIDTH]

    assert merkle.fold_tile(b"".join(leaf.value for leaf in leaves)) == merkle.root(leaves).value
    assert Digest(merkle.fold_tile(bytes(8192))) == merkle.root([Digest(bytes(32))] * 256)
