"""From an entry to its place in the tree: the one place where entry, salt and leaf meet."""

from certchain.encoding.digest import log_leaf
from certchain.encoding.message import to_cbor
from certchain.merkle import leaf_hash
from certchain.models.digest import Digest
from certchain.models.log import SaltedEntry


def entry_leaf_hash(salted: SaltedEntry) -> Digest:
    """What the chain has of an entry: SHA-256(0x00 ‖ leaf), where leaf = H("log-entry", salt, deterministic CBOR)."""
    return leaf_hash(log_leaf(salted.salt, to_cbor(salted.entry)))
