"""The log against the chain: leaf hashes compared in order, and what the first difference looks like."""

from collections.abc import Sequence

from certchain.errors import LogInconsistent
from certchain.models.digest import Digest
from certchain.models.log import SaltedEntry


def verify_leaves(first: int, on_chain: Sequence[Digest], offered: Sequence[Digest]) -> Sequence[Digest]:
    """Returns the chain's leaf hashes from entry ``first`` on when the offered ones are the same.

    ``offered`` may go on beyond them: that helps to tell what happened. Raises ``LogInconsistent`` with the first
    difference.
    """
    for place, leaf_hash in enumerate(on_chain):
        if place >= len(offered) or offered[place] != leaf_hash:
            raise LogInconsistent(_what_happened(on_chain[place:], offered[place:]), first + place)
    return on_chain


def verify_indices(first: int, entries: Sequence[SaltedEntry]) -> Sequence[SaltedEntry]:
    """Returns the entries from ``first`` on when each carries its own place as its index. Raises ``LogInconsistent``."""
    for index, salted in enumerate(entries, first):
        if salted.entry.index != index:
            raise LogInconsistent(f"the entry gives its index as {salted.entry.index}", index)
    return entries


def verify_root(size: int, on_chain: Digest, replayed: Digest) -> Digest:
    """Returns the root at ``size`` when the replay leads to it. Raises ``LogInconsistent``."""
    if on_chain != replayed:
        raise LogInconsistent(f"the leaf hashes do not lead to the chain's root at size {size}", max(size - 1, 0))
    return on_chain


def _what_happened(on_chain: Sequence[Digest], offered: Sequence[Digest]) -> str:
    """The chain's view and the log's, both from the first difference on, in words."""
    if not offered:
        return "the log ends here, and entries are missing at its end"
    comes_later, was_later = on_chain[0] in offered[1:], offered[0] in on_chain[1:]
    if comes_later and was_later:
        return "entries were reordered"
    if was_later:
        return "an entry was removed"
    if comes_later:
        return "an entry was inserted"
    return "the entry was changed"
