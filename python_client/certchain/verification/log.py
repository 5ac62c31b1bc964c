"""The log against what vouches for it: leaves in their places and times, hashes compared in order, and what a difference looks like.

Rows of leaf hashes are raw bytes, 32 a leaf: an audit goes through a million of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from certchain.encoding.leaf_bundle import bundle_leaves, read_places
from certchain.errors import (
    EntriesReordered,
    EntryBackdated,
    EntryChanged,
    EntryInserted,
    EntryRemoved,
    LogGap,
    MalformedMessage,
    WrongIndex,
)
from certchain.merkle.node import HASH_LENGTH, hash_leaves

Difference = EntryChanged | EntryRemoved | EntryInserted | EntriesReordered | LogGap
"""What was done to a log, seen from the first entry that differs."""


@dataclass(frozen=True, slots=True)
class LeafRun:
    """Leaves that follow one another from ``first`` on: their hashes as one row, and their times in seconds since the epoch."""

    first: int
    hashes: bytes
    times: Sequence[int]

    def __len__(self) -> int:
        return len(self.times)


def verify_bundle(bundle: bytes, first: int, count: int, after: int) -> LeafRun:
    """Returns the leaves of an entry bundle, hashed, when they are the ``count`` that follow entry ``first`` - 1, logged at ``after``.

    Raises ``LogGap`` for another number of leaves or for what is no leaf, ``WrongIndex`` for a leaf that is not in its place, and
    ``EntryBackdated`` for a time before that of the leaf in front of it.
    """
    try:
        indices, times = read_places(bundle)
    except MalformedMessage as problem:
        raise LogGap(str(problem).rstrip("."), first) from problem
    if len(indices) != count:
        raise LogGap(f"the entry bundle has {len(indices)} entries, and {count} belong there", first)
    for place, index in enumerate(indices, first):
        if index != place:
            raise WrongIndex(f"it gives its index as {index}", place)
    _verify_order(times, first, after)
    return LeafRun(first, hash_leaves(bundle_leaves(bundle)), times)


def _verify_order(times: Sequence[int], first: int, after: int) -> None:
    for place, (before, at) in enumerate(pairwise([after, *times]), first):
        if at < before:
            raise EntryBackdated(f"its time {at} is before that of the entry in front of it, {before}", place)


def verify_not_before(index: int, at: int, seen: int, tolerance: int) -> int:
    """Returns the time of entry ``index``, which a checkpoint that was cosigned at ``seen`` did not have. Raises ``EntryBackdated``."""
    if at < seen - tolerance:
        raise EntryBackdated(f"its time is {at}, and a checkpoint cosigned at {seen} did not have it", index)
    return at


def verify_not_after(index: int, at: int, seen: int, tolerance: int) -> int:
    """Returns the time of entry ``index``, which was there at ``seen``. Raises ``EntryBackdated``."""
    if at > seen + tolerance:
        raise EntryBackdated(f"its time is {at}, and it was there at {seen}", index)
    return at


def first_difference(one: bytes, other: bytes) -> int | None:
    """The place of the first hash in which two rows differ, the end of the shorter one counting; ``None`` when they are the same."""
    if one == other:
        return None
    for place in range(max(len(one), len(other)) // HASH_LENGTH):
        begin, end = place * HASH_LENGTH, (place + 1) * HASH_LENGTH
        if one[begin:end] != other[begin:end]:
            return place
    return None


def find_difference(first: int, known: bytes, offered: bytes) -> Difference | None:
    """What was done to a log, at the first entry, from ``first`` on, in which the offered row differs from the known one.

    ``None`` when the offered row begins with the known one; what it has beyond helps to tell what happened.
    """
    place = first_difference(known, offered[: len(known)])
    if place is None:
        return None
    begin = place * HASH_LENGTH
    return _what_happened(first + place, hash_list(known[begin:]), hash_list(offered[begin:]))


def _what_happened(index: int, known: Sequence[bytes], offered: Sequence[bytes]) -> Difference:
    """Both views, from their first difference on, in words."""
    if not offered:
        return LogGap("the log ends here, and entries are missing at its end", index)
    comes_later, was_later = known[0] in offered[1:], offered[0] in known[1:]
    if comes_later and was_later:
        return EntriesReordered("what belongs here comes later, and what stands here belongs there", index)
    if was_later:
        return EntryRemoved("the log goes on with what belongs further on", index)
    if comes_later:
        return EntryInserted("what belongs here comes later in the log", index)
    return EntryChanged("another entry stands in its place", index)


def hash_list(row: bytes) -> list[bytes]:
    """The hashes of a row, one by one."""
    return [row[at : at + HASH_LENGTH] for at in range(0, len(row), HASH_LENGTH)]
