"""The Merkle tree of RFC 9162, section 2.1: SHA-256, leaves hashed behind the byte 0x00 and nodes behind 0x01.

A tree of n leaves splits at the largest power of two below n, so a tree of any size is a row of perfect trees, one for
each set bit of n, the largest first. A node of *height* h and *index* i is the perfect tree over the 2^h leaves from
i · 2^h on; every hash in a proof is such a node, or the ragged right edge folded from a few of them.
"""

from certchain.merkle.node import fold_tile, leaf_hash
from certchain.merkle.path import consistency_path, consistency_path_length, inclusion_path, inclusion_path_length
from certchain.merkle.proof import root_from_inclusion, verify_consistency, verify_inclusion
from certchain.merkle.range import CompactRange, root
from certchain.merkle.tile import (
    TileReader,
    consistency_proof,
    inclusion_proof,
    inclusion_proofs,
    tile_width,
    tile_widths,
    tree_frontier,
    tree_root,
)
from certchain.merkle.whole import WholeTree

__all__ = [
    "CompactRange",
    "TileReader",
    "WholeTree",
    "consistency_path",
    "consistency_path_length",
    "consistency_proof",
    "fold_tile",
    "inclusion_path",
    "inclusion_path_length",
    "inclusion_proof",
    "inclusion_proofs",
    "leaf_hash",
    "root",
    "root_from_inclusion",
    "tile_width",
    "tile_widths",
    "tree_frontier",
    "tree_root",
    "verify_consistency",
    "verify_inclusion",
]
