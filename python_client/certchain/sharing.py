"""Shamir's secret sharing of a 32-byte key: any ``threshold`` of its shares rebuild it, fewer say nothing about it.

The field is GF(2^128), whose elements have 16 bytes: the two halves of a key are divided apart from each other, each by a random
polynomial of its own, and a share is its value of both. The arithmetic is pycryptodome's.
"""

from collections.abc import Collection

from Crypto.Protocol.SecretSharing import Shamir

from certchain.errors import MalformedValue
from certchain.models.custody import SHARE_LENGTH, KeyShare

MOST_SHARES = 255
_HALF = SHARE_LENGTH // 2


def divide(key: bytes, threshold: int, count: int) -> tuple[KeyShare, ...]:
    """Divides a key of 32 bytes into ``count`` fresh shares, with the indices from 1 on, any ``threshold`` of which rebuild it.

    Raises ``MalformedValue`` for a key of another length, and unless 1 ≤ threshold ≤ count ≤ 255.
    """
    if len(key) != SHARE_LENGTH:
        raise MalformedValue("key to divide", f"it has {len(key)} bytes, not {SHARE_LENGTH}")
    if not 1 <= threshold <= count <= MOST_SHARES:
        raise MalformedValue("division", f"{threshold} of {count}")
    halves = (Shamir.split(threshold, count, key[:_HALF], False), Shamir.split(threshold, count, key[_HALF:], False))
    return tuple(KeyShare(index, first + second) for (index, first), (_, second) in zip(*halves, strict=True))


def combine(shares: Collection[KeyShare], threshold: int) -> bytes:
    """The key, 32 bytes, from exactly ``threshold`` shares of one division, whichever they are.

    Nothing in a share tells a wrong one: what comes of it is another key. Compare shares with their commitments first. Raises
    ``MalformedValue`` for another number of shares, for one index twice, and for a share that cannot be one.
    """
    if len(shares) != threshold or len({share.index for share in shares}) != threshold:
        raise MalformedValue("shares", f"there are {len(shares)} where {threshold} different ones are needed")
    for share in shares:
        if not 1 <= share.index <= MOST_SHARES or len(share.value) != SHARE_LENGTH:
            raise MalformedValue("share", "its index or its length is not one of a share")
    first = Shamir.combine([(share.index, share.value[:_HALF]) for share in shares], False)
    return bytes(first + Shamir.combine([(share.index, share.value[_HALF:]) for share in shares], False))
