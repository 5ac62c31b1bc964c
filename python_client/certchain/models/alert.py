"""Alerts: what was recognised in a login log, and the entries that it was recognised by."""

from dataclasses import dataclass
from enum import IntEnum

from certchain.errors import MalformedValue
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId
from certchain.models.log import Checkpoint, Cosignature, LogLeaf, ProofBundle, ProvenEntry

ALERT_SALT_LENGTH = 32
MOST_ALERTED = 1000
"""The most entries of an alert."""


class AlertRule(IntEnum):
    """The rules by which an attack is recognised; the contract knows them by the same numbers."""

    FAILURE_BURST = 0
    CHALLENGE_REPLAYED = 1
    BAD_INTEGRITY = 2
    KEY_ON_TWO_DEVICES = 3
    SUSPENDED_REGISTRATION = 4
    RECALLED_PACKAGE = 5

    @property
    def label(self) -> str:
        """The rule's name as people and programs read it: ``failure-burst``."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class RecordedAlert:
    """An alert as the chain has it: ``digest`` is its document's, which names the entries; ``raised_at`` in epoch seconds."""

    number: int
    rule: AlertRule
    device: DeviceId
    digest: Digest
    raised_at: int


@dataclass(frozen=True, slots=True)
class Alert:
    """What was recognised at a device, by which rule, in which entries of its network's login log, in their order.

    Its digest is on the chain. ``network`` is the ledger's, 32 bytes; ``salt`` (32 bytes) keeps those who see the digest and the public
    leaves from finding out which leaves it was. Nothing in it is about a person.
    """

    network: bytes
    rule: AlertRule
    device: DeviceId
    salt: bytes
    entries: tuple[LogLeaf, ...]

    def __post_init__(self) -> None:
        if len(self.salt) != ALERT_SALT_LENGTH:
            raise MalformedValue("salt", f"it has {len(self.salt)} bytes, not {ALERT_SALT_LENGTH}")
        if not 0 < len(self.entries) <= MOST_ALERTED:
            raise MalformedValue("entries", f"an alert has 1 to {MOST_ALERTED} of them, not {len(self.entries)}")

    @property
    def at(self) -> int:
        """When it was complete: the time of its last entry, in seconds since the epoch."""
        return self.entries[-1].at


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """An alert as the certification server keeps it: its ``number`` is ``None`` until the chain has it."""

    alert: Alert
    digest: Digest
    number: int | None


@dataclass(frozen=True, slots=True)
class AlertDocument:
    """An alert for others, who verify it with nothing but the server's keys: what a file or a notification holds, as readable JSON.

    The leaves of ``proof`` are the alert's entries. ``signature`` is the server's over the alert (``Alert``, as a statement), so that none
    can be left out or exchanged. Where ``withheld`` the reader may not see what entries say, and no body is there; else a body that is
    ``None`` was erased. ``number`` says where the chain has its digest.
    """

    format: str
    network: bytes
    rule: AlertRule
    device: DeviceId
    salt: bytes
    number: int
    withheld: bool
    signature: bytes
    proof: ProofBundle


@dataclass(frozen=True, slots=True)
class ProvenAlert:
    """What an alert's document was found to prove; the chain has ``digest`` under ``number``, or it is nobody's alert."""

    alert: Alert
    digest: Digest
    number: int
    withheld: bool
    entries: tuple[ProvenEntry, ...]
    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]
