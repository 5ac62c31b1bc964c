"""A log: its leaves and bodies, checkpoints and proofs."""

from dataclasses import dataclass, field
from enum import StrEnum

from certchain.models.digest import Digest
from certchain.models.entry import ErasureEntry, LogEntry, Subject
from certchain.models.identifier import Party
from certchain.models.registration import PublicKeys

TILE_WIDTH = 256
"""How many hashes or leaves a full tile has (C2SP tlog-tiles)."""


KEY_PERIOD = 30 * 24 * 3600
"""How many seconds of a subject's entries share a key."""


def key_period(at: int) -> int:
    """The period, counted from the epoch, under whose key an entry of the time ``at`` (seconds since the epoch) is encrypted."""
    return at // KEY_PERIOD


def erased_before(erasure: ErasureEntry) -> int:
    """The first period that the erasure leaves alone: it takes each one that began before its time."""
    return key_period(erasure.before - 1) + 1


class LogMode(StrEnum):
    """What a log's contract is given, fixed when the log is opened: every leaf hash, or only roots with their consistency proofs."""

    RECORDED = "recorded"
    ANCHORED = "anchored"


@dataclass(frozen=True, slots=True)
class LogLeaf:
    """What everyone may see of an entry: its index from 0, when it was logged (seconds since the epoch), and a commitment to its body.

    The log's times never go back: each is that of the entry before, or later.
    """

    index: int
    at: int
    commitment: Digest


@dataclass(frozen=True, slots=True)
class SealedEntry:
    """An entry as it is kept: the leaf, and salt and body, encrypted under the subject key with the number ``key``."""

    leaf: LogLeaf
    key: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A subject's key for a period: its number, and 32 secret bytes."""

    number: int
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A subject's key for a period that no entry from ``index`` on is encrypted under: it waits for its destruction."""

    number: int
    subject: Subject
    period: int
    index: int


@dataclass(frozen=True, slots=True)
class OpenedBody:
    """The 32 random bytes under which a leaf commits to its entry, and the entry."""

    salt: bytes
    entry: LogEntry


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as a reader gets it; ``body`` is ``None`` when it was erased."""

    leaf: LogLeaf
    body: OpenedBody | None


@dataclass(frozen=True, slots=True)
class LogBatch:
    """One step of the log as the chain has it: from ``first_index`` up to ``size`` entries with ``root``.

    ``leaf_hashes`` are those of the new entries, none for an anchored log; ``at`` is the block's time in seconds since the epoch, and
    ``transaction`` the hash (32 bytes) of what brought it.
    """

    first_index: int
    size: int
    root: Digest
    leaf_hashes: tuple[Digest, ...]
    at: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of a log (its ``origin``) at a size, as C2SP tlog-checkpoint has it.

    ``signer`` and ``thumbprint`` (of its two public keys) stand in an extension line, so that the signature covers them.
    """

    origin: str
    size: int
    root: Digest
    signer: Party
    thumbprint: Digest


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """RFC 9162, section 2.1.3: the hashes from the leaf's sibling up to the root of a tree of ``size`` leaves."""

    index: int
    size: int
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """RFC 9162, section 2.1.4: that the tree of ``old_size`` leaves is the beginning of the tree of ``new_size``."""

    old_size: int
    new_size: int
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's word that at ``at`` (seconds since the epoch) this was the largest consistent checkpoint that it had seen of the log.

    C2SP tlog-cosignature, version 1 (Ed25519); ``witness`` is the key's name.
    """

    witness: str
    at: int


@dataclass(frozen=True, slots=True)
class LogPageQuestion:
    """An auditor asks the certification server for entries, signed; ``binding`` is the channel's."""

    first: int
    limit: int
    binding: bytes


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries from the one asked for on; none only past the log's end."""

    entries: tuple[LoggedEntry, ...]


@dataclass(frozen=True, slots=True)
class CheckpointQuestion:
    """Anyone asks the certification server for its signed word on the log, as far as the chain has it."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as a C2SP signed note, and the certification server's keys, which count once the chain is found to have them."""

    note: str
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class ProofFile:
    """One entry, proven without a server or a chain: what a proof file holds, as readable JSON.

    ``body`` is ``None`` for an entry that was erased: then place, time and commitment are proven. ``path`` is the inclusion proof up
    to the root in ``checkpoint``, a C2SP signed note; ``keys`` are those of the log that signed it.
    """

    format: str
    leaf: LogLeaf
    body: OpenedBody | None
    path: tuple[Digest, ...]
    checkpoint: str
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class BundledEntry:
    """One entry of a proof bundle: its leaf, what it says unless that was erased, and its inclusion path."""

    leaf: LogLeaf
    body: OpenedBody | None
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class ProofBundle:
    """Many entries, proven under one checkpoint: the proof that goes with an export. Their indices rise."""

    format: str
    entries: tuple[BundledEntry, ...]
    checkpoint: str
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """What a proof file was found to prove: the entry, and the place in the log that the checkpoint's signer vouches for.

    ``entry`` is ``None`` when it was erased; ``cosignatures`` are those of the witnesses that were asked for.
    """

    leaf: LogLeaf
    entry: LogEntry | None
    leaf_hash: Digest
    proof: InclusionProof
    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...] = ()


@dataclass(frozen=True, slots=True)
class ProvenBundle:
    """What a proof bundle was found to prove; every entry's checkpoint is this one."""

    entries: tuple[ProvenEntry, ...]
    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """A finding (the error's name) about the entry ``index`` that an audit went on behind, and the name of its ``evidence``."""

    finding: str
    index: int
    evidence: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit of the log ``origin`` without a new finding: it has ``size`` entries with ``root``, and the chain has ``on_chain`` of them.

    ``cosignatures`` are those of the known witnesses. ``bodies`` of the entries that were new to the auditor were compared with their
    leaves; besides, ``erased`` are gone, as the log's own records say. ``findings`` are what audits before have found and told.
    """

    origin: str
    size: int
    root: Digest
    on_chain: int
    cosignatures: tuple[Cosignature, ...]
    bodies: int
    erased: int
    findings: tuple[AuditFinding, ...] = ()
