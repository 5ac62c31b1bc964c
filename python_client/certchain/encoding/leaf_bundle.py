"""An entry bundle of a log's leaves, read all at once: what an auditor does with a million of them.

Every leaf has 85 bytes, so every row of a bundle has 87: its length, and the leaf (``encoding.leaf``, ``encoding.tile``).
"""

import struct

from certchain.encoding.leaf import LEAF_LENGTH, SALT_LENGTH
from certchain.encoding.preimage import preimage
from certchain.errors import MalformedMessage

_TAG = preimage("log-leaf")
_NUMBER_LENGTH = 8
_ROW = struct.Struct(f">H{len(_TAG)}sIQIQI32s")
_FRAME = (LEAF_LENGTH, _TAG, _NUMBER_LENGTH, _NUMBER_LENGTH, SALT_LENGTH)
BUNDLED_LENGTH = _ROW.size
"""87 bytes: what one leaf takes in a bundle, with its length in front."""
_LENGTH = BUNDLED_LENGTH - LEAF_LENGTH


def read_places(bundle: bytes) -> tuple[list[int], list[int]]:
    """The indices and the times that the leaves of a bundle give, in their order. Raises ``MalformedMessage``."""
    if len(bundle) % _ROW.size:
        raise MalformedMessage("the entry bundle ends within an entry")
    rows = list(_ROW.iter_unpack(bundle))
    if any((row[0], row[1], row[2], row[4], row[6]) != _FRAME for row in rows):
        raise MalformedMessage("the entry bundle holds something that is no leaf")
    return [row[3] for row in rows], [row[5] for row in rows]


def bundle_leaves(bundle: bytes) -> list[bytes]:
    """The leaves of a bundle that ``read_places`` takes, 85 bytes each."""
    return [bundle[at : at + LEAF_LENGTH] for at in range(_LENGTH, len(bundle), _ROW.size)]
