"""What a log's growth and its proofs cost, in both modes, near a million entries; and EAS's timestamps of the same batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from chain import Call, Chain, Contract, Cost, eas
from measurement import Row, shown

from certchain.merkle import consistency_proof, fold_tile, inclusion_proof, tree_frontier, tree_root
from certchain.models.digest import Digest
from certchain.models.log import TILE_WIDTH

LOG_SIZE = 1_000_000
LOAD = 10_000
FOLLOWING = 64
FOLLOWING_ANCHORS = 16
BATCH, LARGE_BATCH, ANCHOR = 100, 1_000, 10_000
INCLUSION_BOUND = 12_900
HASH = 32


@dataclass(frozen=True, slots=True)
class Tree:
    """The log's entries, as tiles: a row of hashes for each level of them."""

    rows: tuple[bytes, ...]

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """The first hashes of a tile."""
        start = index * TILE_WIDTH * HASH
        return self.rows[level][start : start + width * HASH]

    def leaves(self, first: int, count: int) -> list[bytes]:
        """The leaf hashes from one entry on."""
        return [self.rows[0][HASH * index : HASH * (index + 1)] for index in range(first, first + count)]


@dataclass(frozen=True, slots=True)
class Growing:
    """What the calls that let a log grow are made from."""

    contract: Contract
    tree: Tree

    def append(self, size: int, count: int) -> Call:
        """The next entries, recorded."""
        return self.contract.call(
            "append", size, _values(tree_frontier(self.tree, size)), self.tree.leaves(size, count)
        )

    def anchor(self, size: int, new_size: int) -> Call:
        """A larger tree's root, anchored."""
        return self.contract.call(
            "anchor", size, new_size, tree_root(self.tree, new_size).value, self._path(size, new_size)
        )

    def check_inclusion(self, index: int, size: int) -> Call:
        """That an entry is there."""
        path = _values(inclusion_proof(self.tree, index, size).path)
        return self.contract.call("checkInclusion", *self.tree.leaves(index, 1), index, size, path)

    def check_consistency(self, old_size: int, size: int) -> Call:
        """That an older tree is the beginning."""
        root = tree_root(self.tree, old_size).value
        return self.contract.call("checkConsistency", old_size, root, size, self._path(old_size, size))

    def _path(self, old_size: int, size: int) -> list[bytes]:
        return _values(consistency_proof(self.tree, old_size, size).path)


def entries() -> Tree:
    """As many as are measured with."""
    rows = [b"".join(_hash("entry", index) for index in range(LOG_SIZE + FOLLOWING_ANCHORS * ANCHOR))]
    width = TILE_WIDTH * HASH
    while len(rows[-1]) >= width:
        full = len(rows[-1]) // width
        rows.append(b"".join(fold_tile(rows[-1][width * tile : width * (tile + 1)]) for tile in range(full)))
    return Tree(tuple(rows))


def appends(chain: Chain, log: Growing) -> Iterator[Row]:
    """One, a hundred and a thousand at once, each in a log of the same size."""
    for count, bound in ((1, 82_000), (BATCH, 2_200), (LARGE_BATCH, 1_380)):
        with chain.undone():
            cost = chain.cost(log.append(LOG_SIZE, count))
        yield Row("recorded, alone" if count == 1 else f"recorded, each of {count:,}", cost, count, bound)


def anchors(chain: Chain, log: Growing) -> Iterator[Row]:
    """One anchor of a thousand and one of ten thousand new entries, each in a log of the same size."""
    for count, bound in ((LARGE_BATCH, None), (ANCHOR, 6.3)):
        with chain.undone():
            cost = chain.cost(log.anchor(LOG_SIZE, LOG_SIZE + count))
        yield Row(f"anchored, each of {count:,}", cost, count, bound)


def timestamps(chain: Chain) -> Iterator[Row]:
    """The same leaf hashes with EAS, which keeps the time of each, and no order among them."""
    service = eas(chain)[1]
    for count in (1, BATCH, LARGE_BATCH, ANCHOR):
        batch = [_hash("entry", number) for number in range(count)]
        with chain.undone():
            gas = chain.send(service.call("multiTimestamp", batch))
        yield Row("EAS timestamp, alone" if count == 1 else f"EAS timestamp, each of {count:,}", Cost(gas, {}), count)


def proofs(chain: Chain, mode: str, log: Growing) -> Iterator[Row]:
    """Checks of an entry in the middle of the log and of its last anchor's worth, as one contract pays them to another."""
    included = chain.executed(log.check_inclusion(LOG_SIZE // 2, LOG_SIZE))
    yield Row(f"inclusion by call, {mode}", Cost(included, {}), bound=INCLUSION_BOUND)
    consistent = chain.executed(log.check_consistency(LOG_SIZE - ANCHOR, LOG_SIZE))
    yield Row(f"consistency by call, {mode}", Cost(consistent, {}))


def following(chain: Chain, log: Growing) -> str:
    """What an entry alone costs at each of the sizes that come next."""
    lengths = [len(tree_frontier(log.tree, LOG_SIZE + number)) for number in range(FOLLOWING)]
    gas = [chain.send(log.append(LOG_SIZE + number, 1)) for number in range(FOLLOWING)]
    return (
        f"Recorded alone, an entry costs more with each hash of the frontier that it brings: over the next {FOLLOWING} sizes, "
        f"with {min(lengths)} to {max(lengths)} of them, {_spread(gas)}."
    )


def following_anchors(chain: Chain, log: Growing) -> str:
    """What an anchored entry costs in the anchors that come next."""
    sizes = [LOG_SIZE + ANCHOR * number for number in range(FOLLOWING_ANCHORS + 1)]
    gas = [chain.send(log.anchor(size, size + ANCHOR)) / ANCHOR for size in sizes[:-1]]
    return (
        f"Anchored, an entry costs more with each hash of the proof, and those are fewest at round sizes: over the next "
        f"{FOLLOWING_ANCHORS} anchors of {ANCHOR:,}, {_spread(gas)}."
    )


def _spread(gas: Sequence[float]) -> str:
    return f"from {shown(min(gas))} to {shown(max(gas))}, {shown(sum(gas) / len(gas))} in the mean"


def _hash(name: str, number: int) -> bytes:
    return sha256(f"{name} {number}".encode()).digest()


def _values(hashes: Sequence[Digest]) -> list[bytes]:
    return [each.value for each in hashes]
