"""A tree that is there as a whole: each of its paths is looked up and not computed, which a million paths need."""

from dataclasses import dataclass

from certchain.errors import MalformedValue
from certchain.merkle.node import HASH_LENGTH, fold_right, pair_up
from certchain.merkle.path import inclusion_nodes, perfect_nodes
from certchain.models.digest import Digest


@dataclass(frozen=True, slots=True)
class WholeTree:
    """The perfect nodes of a tree, a row of hashes for each height: 64 bytes a leaf."""

    size: int
    _rows: tuple[bytes, ...]

    @classmethod
    def over(cls, leaf_hashes: bytes) -> "WholeTree":
        """The tree over a row of leaf hashes, 32 bytes each. Raises ``MalformedValue`` when it ends within one."""
        if len(leaf_hashes) % HASH_LENGTH:
            raise MalformedValue("row of hashes", f"it has {len(leaf_hashes)} bytes")
        rows = [leaf_hashes]
        while len(rows[-1]) >= 2 * HASH_LENGTH:
            rows.append(pair_up(rows[-1]))
        return cls(len(leaf_hashes) // HASH_LENGTH, tuple(rows))

    def root(self) -> Digest:
        """The tree's root (RFC 9162, 2.1.1); of an empty tree the SHA-256 of nothing."""
        return Digest(fold_right(perfect_nodes(self._node, 0, self.size)))

    def path(self, index: int) -> tuple[Digest, ...]:
        """The inclusion path of a leaf, from its sibling up (RFC 9162, 2.1.3.1). Raises ``IndexOutOfRange``."""
        return tuple(Digest(node) for node in inclusion_nodes(self._node, index, self.size))

    def _node(self, height: int, index: int) -> bytes:
        return self._rows[height][index * HASH_LENGTH : (index + 1) * HASH_LENGTH]
