"""Questions about a log's entries, and what its records say about people's: holds, erasures."""

from dataclasses import dataclass
from enum import StrEnum

from certchain.models.digest import Digest
from certchain.models.entry import LogEntry, LoginOutcome, Subject
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.models.log import InclusionProof, LoggedEntry

PAGE_LIMIT = 1000
"""The most rows of a page."""


class RowKind(StrEnum):
    """What kind of entry a row stands for; of one that was erased nothing else is known."""

    LOGIN = "login"
    HOLD = "hold"
    RELEASE = "release"
    ERASURE = "erasure"
    RETENTION = "retention"
    UNLOCK = "unlock"
    LOST_KEY = "lost-key"
    APP = "app"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are wanted: those that fit everything that is given.

    ``user``, ``user_device`` and ``device`` are found in logins, and in records about them. Times are seconds since the epoch, from
    ``since`` on and before ``until``. Erased entries are found by time and as a kind only.
    """

    user: UserId | None = None
    user_device: UserDeviceId | None = None
    device: DeviceId | None = None
    outcome: LoginOutcome | None = None
    kind: RowKind | None = None
    since: int | None = None
    until: int | None = None

    @property
    def by_time_only(self) -> bool:
        """Whether nothing is asked of what an entry says."""
        wanted = (self.user, self.user_device, self.device, self.outcome)
        return wanted == (None,) * len(wanted) and self.kind in {None, RowKind.ERASED}


@dataclass(frozen=True, slots=True)
class IndexRow:
    """An entry that was found, by its index in the log, and its kind."""

    index: int
    kind: RowKind


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold in force: on whom, its name and reason, and the index of its entry."""

    held: Subject
    name: str
    reason: str
    index: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that counts: the index of its entry, whom it is about, and the first period that it leaves alone."""

    index: int
    erased: Subject
    before_period: int


@dataclass(frozen=True, slots=True)
class ProvenRow:
    """An entry, and its proof against the page's checkpoint; ``None`` while no checkpoint covers the entry."""

    entry: LoggedEntry
    proof: InclusionProof | None


@dataclass(frozen=True, slots=True)
class QueryPage:
    """Some of the entries that were wanted, proven against ``checkpoint`` (a C2SP signed note, ``None`` while there is none).

    ``cursor`` is given back to go on; it is ``None`` at the end.
    """

    rows: tuple[ProvenRow, ...]
    checkpoint: str | None
    cursor: int | None


class ExportFormat(StrEnum):
    """How the rows of an export are written: a table for a spreadsheet (RFC 4180), or readable JSON."""

    CSV = "csv"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class ExportedRow:
    """A row of an export as JSON: an entry, ``None`` when it was erased, and the file with the proof bundle that has it."""

    index: int
    at: int
    commitment: Digest
    entry: LogEntry | None
    proofs: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has: the file of its rows, how many there are, and of how many entries their log is."""

    file: str
    rows: int
    size: int
