"""The rule of legal holds: which are in force after each entry of a log, and which erasures count. Whoever reads a log applies it."""

from collections.abc import Collection

from certchain.models.entry import ErasureEntry, HoldEntry, LogEntry, ReleaseEntry

Holds = tuple[HoldEntry, ...]


def holds_after(holds: Holds, entry: LogEntry) -> Holds:
    """The holds in force once an entry was read after those that led to ``holds``.

    A second hold of the same name on the same subject says nothing new, and one release ends it.
    """
    match entry:
        case HoldEntry():
            there = any(_is_same(hold, entry) for hold in holds)
            return holds if there else (*holds, entry)
        case ReleaseEntry():
            return tuple(hold for hold in holds if not _is_same(hold, entry))
        case _:
            return holds


def is_in_force(erasure: ErasureEntry, holds: Collection[HoldEntry]) -> bool:
    """Whether an erasure counts: one of somebody who was under a hold when it was logged does not, now or later."""
    return all(hold.held != erasure.erased for hold in holds)


def _is_same(hold: HoldEntry, entry: HoldEntry | ReleaseEntry) -> bool:
    return (hold.held, hold.name) == (entry.held, entry.name)
