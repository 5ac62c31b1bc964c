"""Values that are valid by default, each told apart by a word."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple

FIRST, SECOND, THIRD = range(3)
LOW, MEDIUM, HIGH, CRITICAL = range(4)
ACTIVE, SUSPENDED, SUPERSEDED, REVOKED = range(4)
NONE, REQUESTED, ISSUED, RECORDED, APPROVED, WITHDRAWN = range(6)
NOTHING = bytes(32)


class Keys(NamedTuple):
    """An identifier's two public keys, in the order of the contract's arguments."""

    signing: bytes
    exchange: bytes


class Package(NamedTuple):
    """What R5 records of a package."""

    pkg_id: bytes
    digest: bytes
    length: int


def word(name: str) -> bytes:
    """32 bytes that no other name has."""
    return sha256(name.encode()).digest()


def keys(name: str) -> Keys:
    """Well-formed keys that no other name has."""
    return Keys(word(f"{name}: signing key"), b"\x02" + word(f"{name}: exchange key"))


def package(name: str) -> Package:
    """A package that no other name has."""
    return Package(word(f"{name}: PkgID"), word(f"{name}: digest"), 296_756)


def request(
    user_device: int, device: int, commitment: str, method: int = 1, risk: int = MEDIUM
) -> tuple[int, int, int, int, bytes]:
    """What is asked for one registration, its commitment told apart by a word."""
    return (user_device, device, method, risk, word(commitment))


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 9162, section 2.1.1: SHA-256(0x00 ‖ leaf)."""
    return sha256(b"\x00" + leaf).digest()


def leaf_hashes(leaves: Sequence[bytes]) -> list[bytes]:
    """The leaf hash of each leaf, in order."""
    return [leaf_hash(leaf) for leaf in leaves]


def frontier(tree: Any, size: int) -> list[bytes]:
    """The roots of the perfect subtrees that a pymerkle tree of `size` entries is made of, the largest first."""
    roots, start = [], 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            roots.append(tree._get_root(start, start + 2**height))
            start += 2**height
    return roots


def inclusion_proof(tree: Any, index: int, size: int) -> list[bytes]:
    """From the leaf's sibling upwards; the independent tree counts from 1 and puts the leaf itself first."""
    return list(tree.prove_inclusion(index + 1, size).path[1:])


def consistency_proof(tree: Any, old_size: int, size: int) -> list[bytes]:
    """RFC 9162, section 2.1.4.1, word by word, over the roots of a pymerkle tree."""

    def subproof(m: int, start: int, end: int, whole: bool) -> list[bytes]:
        n = end - start
        if m == n:
            return [] if whole else [tree._get_root(start, end)]
        k = 1 << (n - 1).bit_length() - 1
        if m <= k:
            return [*subproof(m, start, start + k, whole), tree._get_root(start + k, end)]
        return [*subproof(m - k, start + k, end, False), tree._get_root(start, start + k)]

    return subproof(old_size, 0, size, True) if old_size > 0 else []


def each_changed(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """The same hashes with one bit of one of them changed, for each of them."""
    changed = [[*hashes] for _ in hashes]
    for place, each in enumerate(changed):
        each[place] = bytes([each[place][0] ^ 1]) + each[place][1:]
    return changed
