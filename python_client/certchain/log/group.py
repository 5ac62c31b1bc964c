"""What writing a group of entries is: one time for all of them, sealed bodies, keys that an erasure retires, one write of the store."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from certchain.config.clock import Clock
from certchain.encoding.entry import read_entry
from certchain.errors import MalformedValue
from certchain.log.sealing import Body, seal_bodies
from certchain.models.entry import THE_LOG, ErasureEntry
from certchain.models.log import erased_before
from certchain.storage import LogStore, SubjectKeyStore

_LARGEST_NUMBER = 2**63 - 1


@dataclass(slots=True, eq=False)
class Group:
    """Entries that are written together, and what became of them. Whatever follows an ``erasure`` has other keys.

    ``leader`` is the thread that sees to it; ``begun`` is when the store was asked.
    """

    bodies: list[Body] = field(default_factory=list)
    erasure: ErasureEntry | None = None
    leader: int | None = None
    begun: bool = False
    first: int = -1
    problem: BaseException | None = None
    settled: threading.Event = field(default_factory=threading.Event)


class GroupWriter:
    """Appends groups to a log's store, one at a time: the caller sees to that.

    ``require_continued`` is called before the first one, and raises when the store does not continue what was said of the log before: an
    older copy that was put in its place must take nothing, or its numbers would be given twice.
    """

    def __init__(
        self,
        store: LogStore,
        keys: SubjectKeyStore,
        origin: str,
        clock: Clock,
        require_continued: Callable[[], object],
    ) -> None:
        self._store, self._keys, self._origin, self._clock = store, keys, origin, clock
        self._require_continued = require_continued
        self._is_continued = False
        self._latest: int | None = None

    def write(self, group: Group) -> int:
        """Makes the group durable, and returns its first index. Raises what store, keys and ``require_continued`` raise."""
        if not self._is_continued:
            self._require_continued()
            self._is_continued = True
        try:
            return self._append(group)
        except BaseException:
            self._latest = None  # the store knows what was logged last
            raise

    def _append(self, group: Group) -> int:
        first = self._store.size()
        at = max(self._clock.now(), self._latest_time(first))
        entries, leaf_hashes = seal_bodies(self._keys, self._origin, first, at, group.bodies)
        if group.erasure is not None:
            # Before the erasure is in the log, so that nothing after it is under a key that it asks to destroy. Should the log not
            # take it, nothing is lost: a retired key can still be read.
            self._keys.retire(group.erasure.erased, erased_before(group.erasure), entries[-1].leaf.index)
        group.begun = True
        self._store.append(entries, leaf_hashes)
        self._latest = at
        return first

    def _latest_time(self, size: int) -> int:
        """When the last entry was logged: the next one is not older, whatever the clock says."""
        if self._latest is None:
            self._latest = self._store.entries(size - 1, 1)[0].leaf.at if size else 0
        return self._latest


def require_bodies(bodies: Sequence[Body], limit: int) -> ErasureEntry | None:
    """Returns the erasure among the bodies, if there is one; what no store could keep is refused before it shares a group with others'.

    An erasure separates the keys of what comes before it from those of what follows: so it can only be the last. Raises ``MalformedValue``.
    """
    if not 0 < len(bodies) <= limit:
        raise MalformedValue("entries", f"there are {len(bodies)}, not 1 to {limit}")
    for subject, _ in bodies:
        if not 0 <= subject.number <= _LARGEST_NUMBER:
            raise MalformedValue("subject", f"its number is not 0 to {_LARGEST_NUMBER}")
    found = None
    for subject, body in bodies:
        if found is not None:
            raise MalformedValue("entries", "an erasure stands before others: submit it last")
        if subject == THE_LOG and isinstance(entry := read_entry(body), ErasureEntry):
            found = entry
    return found
