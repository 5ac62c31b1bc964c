"""Entries as a log store keeps them, without the engine that seals them: any bytes will do for a store."""

from hashlib import sha256
from itertools import count

from certchain.encoding.leaf import leaf_bytes
from certchain.models.digest import Digest
from certchain.models.log import LogLeaf, SealedEntry

BEGINNING = 1_800_000_000
_drawn = count()


def sealed_entry(index: int, length: int = 40, at: int | None = None) -> SealedEntry:
    """An entry for this index that is like no other, with a body of so many bytes."""
    seed = next(_drawn).to_bytes(8)
    body = (sha256(b"body" + seed).digest() * (length // 32 + 1))[:length]
    commitment = Digest(sha256(b"commitment" + seed).digest())
    return SealedEntry(LogLeaf(index, BEGINNING + index // 3 if at is None else at, commitment), index % 7, body)


def group(first: int, count: int, length: int = 40) -> list[SealedEntry]:
    return [sealed_entry(index, length) for index in range(first, first + count)]


def leaf_hashes(entries: list[SealedEntry]) -> list[bytes]:
    """RFC 9162, 2.1.1, by the letter."""
    return [sha256(b"\x00" + leaf_bytes(entry.leaf)).digest() for entry in entries]


def tile_rows(hashes: list[bytes], level: int) -> list[bytes]:
    """All hashes of a level, folded one by one as RFC 9162 says."""
    for _ in range(8 * level):
        hashes = [
            sha256(b"\x01" + hashes[i] + hashes[i + 1]).digest() for i in range(0, len(hashes) - len(hashes) % 2, 2)
        ]
    return hashes
