"""Checking proofs against roots (RFC 9162, 2.1.3.2 and 2.1.4.2). A path has exactly the length that its sizes ask for."""

from certchain.errors import NotConsistent, NotIncluded, ProofLength
from certchain.merkle.node import node_hash
from certchain.merkle.path import consistency_path_length, inclusion_path_length
from certchain.models.digest import Digest
from certchain.models.log import ConsistencyProof, InclusionProof


def root_from_inclusion(leaf: Digest, proof: InclusionProof) -> Digest:
    """The root that the proof leads to from this leaf hash (RFC 9162, 2.1.3.2).

    Raises ``IndexOutOfRange`` or ``ProofLength``. The caller compares the root; ``verify_inclusion`` does both.
    """
    _require_length(proof, inclusion_path_length(proof.index, proof.size))
    node, position, last = leaf.value, proof.index, proof.size - 1
    for sibling in proof.path:
        while not position & 1 and position == last:  # the right edge has no sibling here, and moves up as it is
            position, last = position >> 1, last >> 1
        node = node_hash(sibling.value, node) if position & 1 else node_hash(node, sibling.value)
        position, last = position >> 1, last >> 1
    return Digest(node)


def verify_inclusion(leaf: Digest, proof: InclusionProof, expected_root: Digest) -> Digest:
    """Returns the leaf hash when the proof leads from it to the root.

    Raises ``NotIncluded``, ``ProofLength`` or ``IndexOutOfRange``.
    """
    if root_from_inclusion(leaf, proof) != expected_root:
        raise NotIncluded(leaf.value, proof.index, proof.size)
    return leaf


def verify_consistency(proof: ConsistencyProof, old_root: Digest, new_root: Digest) -> Digest:
    """Returns the new root when the proof shows that its tree continues the old root's (RFC 9162, 2.1.4.2).

    An empty tree is the beginning of every other, whatever ``old_root`` is, and a tree is its own beginning: both by an
    empty path. A root does not commit to its size: what the proof shows is true for the two *roots*, and their sizes are
    as good as who vouches for them. Raises ``NotConsistent``, ``ProofLength``, or ``UnknownSize`` when the old size is the
    larger one.
    """
    old_size, new_size = proof.old_size, proof.new_size
    _require_length(proof, consistency_path_length(old_size, new_size))
    if not old_size:
        return new_root
    reached = _roots_from_consistency(proof, old_root) if old_size < new_size else (new_root, old_root)
    if reached != (old_root, new_root):
        raise NotConsistent(old_size, new_size)
    return new_root


def _roots_from_consistency(proof: ConsistencyProof, old_root: Digest) -> tuple[Digest, Digest]:
    """The old and the new root that the path leads to. It begins at the last perfect tree of the old one."""
    position, last = proof.old_size - 1, proof.new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    path = [node.value for node in proof.path]
    start = path.pop(0) if position else old_root.value  # at position 0 that tree is the whole old one
    old = new = start
    for node in path:
        while not position & 1 and position == last:
            position, last = position >> 1, last >> 1
        if position & 1:
            old, new = node_hash(node, old), node_hash(node, new)
        else:
            new = node_hash(new, node)
        position, last = position >> 1, last >> 1
    return Digest(old), Digest(new)


def _require_length(proof: InclusionProof | ConsistencyProof, expected: int) -> None:
    if len(proof.path) != expected:
        raise ProofLength(len(proof.path), expected)
