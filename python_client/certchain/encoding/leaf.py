"""A log's leaf as bytes: what everyone may see of an entry, in 85 bytes; and the commitment in it to what they may not.

The leaf is the preimage ``log-leaf`` of index, time and commitment, the commitment is H("log-entry", salt, body). Both are
put together here by a fixed layout and not field by field: a log does it for every entry.
"""

import struct
from functools import lru_cache
from hashlib import sha256

from certchain.encoding.preimage import number, preimage, text
from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.digest import Digest
from certchain.models.log import LogLeaf

SALT_LENGTH = 32
_NUMBER_LENGTH = 8
_LEAF_TAG = preimage("log-leaf")
_ENTRY_TAG = preimage("log-entry")
# The tag, then each field behind its length, big-endian: two numbers and 32 bytes.
_LEAF = struct.Struct(f">{len(_LEAF_TAG)}sIQIQI32s")
_ENTRY = struct.Struct(f">{len(_ENTRY_TAG)}sI32sI")
LEAF_LENGTH = _LEAF.size
"""85 bytes, whatever the entry."""


def leaf_bytes(leaf: LogLeaf) -> bytes:
    """The leaf, as the tree hashes it and as entry bundles hold it. Raises ``MalformedValue`` for a number above 2^64 - 1."""
    try:
        return _LEAF.pack(
            _LEAF_TAG, _NUMBER_LENGTH, leaf.index, _NUMBER_LENGTH, leaf.at, SALT_LENGTH, leaf.commitment.value
        )
    except struct.error:
        raise MalformedValue("leaf", "index or time is not 0 to 2^64 - 1") from None


def parse_leaf(data: bytes) -> LogLeaf:
    """Reads what ``leaf_bytes`` wrote. Raises ``MalformedMessage`` for anything else."""
    if len(data) != LEAF_LENGTH:
        raise MalformedMessage(f"a leaf has {LEAF_LENGTH} bytes, not {len(data)}")
    tag, first, index, second, at, third, commitment = _LEAF.unpack(data)
    if (tag, first, second, third) != (_LEAF_TAG, _NUMBER_LENGTH, _NUMBER_LENGTH, SALT_LENGTH):
        raise MalformedMessage("it is not a leaf")
    return LogLeaf(index, at, Digest(commitment))


def entry_commitment(salt: bytes, body: bytes) -> Digest:
    """H("log-entry", salt, body): 32 random bytes, and an entry as ``entry_bytes`` writes it. Raises ``MalformedValue``."""
    if len(salt) != SALT_LENGTH:
        raise MalformedValue("salt", f"it has {len(salt)} bytes, not {SALT_LENGTH}")
    return Digest(sha256(_ENTRY.pack(_ENTRY_TAG, SALT_LENGTH, salt, len(body)) + body).digest())


def body_context(origin: str, index: int) -> bytes:
    """What a sealed body is bound to, its log and its place in it: the preimage ``log-body`` of origin and index."""
    return _body_context(origin) + number(index)


@lru_cache(maxsize=16)
def _body_context(origin: str) -> bytes:
    """All of it that is the same for every entry of a log: up to the length of the index."""
    return preimage("log-body", text(origin), number(0))[:-_NUMBER_LENGTH]
