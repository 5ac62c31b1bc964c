"""A log that is followed: where it is read, who vouches for it, and what the last audit saw of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from certchain.ledger import LogLedger
from certchain.log.source import EntrySource, LogSource
from certchain.models.digest import Digest
from certchain.models.evidence import CLOCK_TOLERANCE
from certchain.models.hold import Holds
from certchain.models.identifier import ServiceId
from certchain.models.log import AuditFinding, LogLeaf, SignedCheckpoint
from certchain.models.registration import PublicKeys

Progress = Callable[[int, int], None]
"""Told how many entries are done, and of how many."""

_NAME_LENGTH = 32


def short_name(data: bytes) -> str:
    """What stands for the data in the name of a file: the first half of its SHA-256, in hex."""
    return sha256(data).hexdigest()[:_NAME_LENGTH]


@dataclass(frozen=True, slots=True)
class FollowedLog:
    """One log: its ``origin``, the service that signs for it with ``keys`` (all those it has had), and where it is read.

    ``witnesses`` are Ed25519 public keys by name; ``quorum`` of them have to have cosigned. ``entries`` are there for who may read
    them. ``anchored`` gives the newest checkpoint that was brought to the chain: it tells what the server has signed for from
    what someone else has brought. ``tolerance`` is how far clocks may be apart, in seconds: those of the log's server, of
    witnesses and of the chain. Where ``anchored`` is given, ``source`` is the server's own, too: what it shows less than before, it has
    lost; of any other source it is taken that it lags.
    """

    origin: str
    server: ServiceId
    keys: tuple[PublicKeys, ...]
    source: LogSource
    chain: LogLedger
    witnesses: Mapping[str, bytes] = field(default_factory=dict)
    quorum: int = 0
    entries: EntrySource | None = None
    anchored: Callable[[], str | None] | None = None
    tolerance: int = CLOCK_TOLERANCE

    @property
    def name(self) -> str:
        """The name of the log's file in the auditor's store."""
        return f"log-{short_name(self.origin.encode())}"


@dataclass(frozen=True, slots=True)
class Reached:
    """How far leaves were compared with the chain: its size then, the tree's frontier there, and the last entry's time."""

    size: int = 0
    frontier: tuple[Digest, ...] = ()
    last_at: int = 0


@dataclass(frozen=True, slots=True)
class Audited:
    """What the last audit saw of a log; the next one goes on from there.

    ``signed`` is the newest checkpoint that was found to be right. ``chain_size`` and ``chain_root`` are the chain's then. ``bodies``
    is how many entries' bodies were compared, ``unrecorded`` the last one that was gone without a signed record of its erasure, and
    ``holds`` the legal holds in force then. ``findings`` are those that were told, and gone on behind.
    """

    signed: SignedCheckpoint
    size: int
    root: Digest
    chain_size: int
    chain_root: Digest
    reached: Reached
    bodies: int
    unrecorded: LogLeaf | None
    holds: Holds
    findings: tuple[AuditFinding, ...]
