"""Evidence of what is wrong with a log: documents that anyone can check again, each by itself or with the chain at hand.

Every one of them names its ``format`` and the ``finding`` (the error's name) that it was kept for. Checkpoints stand in them as they
were signed, with the keys of the log's server; a leaf with its path to such a checkpoint's root.
"""

from dataclasses import dataclass

from certchain.models.digest import Digest
from certchain.models.log import SignedCheckpoint

CLOCK_TOLERANCE = 120
"""How far clocks may be apart, in seconds, before a time is evidence of anything, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class SignedLeaf:
    """A leaf (its 85 bytes) at ``index``, and the inclusion path (RFC 9162, 2.1.3) to the root of the checkpoint beside it."""

    index: int
    leaf: bytes
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class SignedHash:
    """A leaf hash at ``index``, and the inclusion path to the root of the checkpoint beside it."""

    index: int
    leaf_hash: Digest
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class ChainStep:
    """A batch as the chain has it, without its leaf hashes: see ``LogBatch``; and the ``account`` that brought it."""

    first_index: int
    size: int
    root: Digest
    at: int
    transaction: bytes
    account: str


@dataclass(frozen=True, slots=True)
class ForkEvidence:
    """Two signed checkpoints that cannot both be of one log.

    ``prefix_root`` is the root that the larger log has at the smaller one's size, as the consistency proof ``path`` shows; it is another
    than the smaller one's. ``witnesses`` (vkeys) have cosigned both.
    """

    format: str
    finding: str
    smaller: SignedCheckpoint
    larger: SignedCheckpoint
    prefix_root: Digest
    path: tuple[Digest, ...]
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RollbackEvidence:
    """The log had signed ``before``, and showed the smaller ``after`` later; ``witnesses`` (vkeys) cosigned and give the times."""

    format: str
    finding: str
    before: SignedCheckpoint
    after: SignedCheckpoint
    witnesses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChainLeafEvidence:
    """The chain has ``chain_hash`` at ``index``, and the log's signed checkpoint something else, or nothing.

    ``chain_hash`` is ``None`` for an anchored log, whose chain has roots only; then the checkpoint ends before the index. ``signed``
    is what the log has there, ``None`` where its checkpoint ends before. ``elsewhere`` is where the log has the chain's leaf hash
    instead, and ``signed_elsewhere`` the index at which the chain has the log's, if anywhere: they tell what was done.
    """

    format: str
    finding: str
    checkpoint: SignedCheckpoint
    step: ChainStep
    index: int
    chain_hash: Digest | None
    signed: SignedHash | None
    elsewhere: SignedHash | None
    signed_elsewhere: int | None


@dataclass(frozen=True, slots=True)
class ChainRootEvidence:
    """The log's signed checkpoint continues a log of ``size`` entries with ``prefix_root``, and the chain's log is another.

    ``path`` is the consistency proof (RFC 9162, 2.1.4), ``step`` is what the chain has there, ``None`` where it has no such size.
    """

    format: str
    finding: str
    checkpoint: SignedCheckpoint
    size: int
    prefix_root: Digest
    path: tuple[Digest, ...]
    step: ChainStep | None


@dataclass(frozen=True, slots=True)
class LeafEvidence:
    """A leaf that the log's checkpoint has, and that contradicts its place, or its time.

    ``before`` is the entry in front of it. ``earlier`` is a checkpoint of fewer entries, cosigned before the entry says it was
    logged; ``witnesses`` are the vkeys of those who cosigned it or the checkpoint itself. ``step`` is the chain's batch with the
    entry. ``tolerance`` is in seconds.
    """

    format: str
    finding: str
    checkpoint: SignedCheckpoint
    entry: SignedLeaf
    before: SignedLeaf | None
    earlier: SignedCheckpoint | None
    step: ChainStep | None
    witnesses: tuple[str, ...]
    tolerance: int


@dataclass(frozen=True, slots=True)
class ServedEvidence:
    """What the log served as entry ``index`` (``offered``) is not what it has signed for there (``signed``)."""

    format: str
    finding: str
    checkpoint: SignedCheckpoint
    offered: bytes
    signed: SignedHash


@dataclass(frozen=True, slots=True)
class BodyEvidence:
    """The log's server gave ``body``, in deterministic CBOR, and ``salt`` as what the signed entry says; empty where it gave nothing."""

    format: str
    finding: str
    checkpoint: SignedCheckpoint
    entry: SignedLeaf
    salt: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """What was shown to the auditor in place of what should be there: their word, and a signed checkpoint beside it, if any."""

    format: str
    finding: str
    checkpoint: SignedCheckpoint | None
    index: int
    shown: str


Evidence = (
    ForkEvidence
    | RollbackEvidence
    | ChainLeafEvidence
    | ChainRootEvidence
    | LeafEvidence
    | ServedEvidence
    | BodyEvidence
    | ShownEvidence
)
"""Everything that an auditor keeps with a finding."""


@dataclass(frozen=True, slots=True)
class ProvenFinding:
    """What evidence was found to prove.

    ``thumbprints`` are those of the keys that signed: whose they are, the chain says. ``relies_on`` names what the document alone does
    not prove: ``"chain"`` for what was not compared with the chain, ``"auditor"`` for what only the auditor has seen, ``"witnesses"`` for
    what was cosigned with keys that the reader does not know, ``"withdrawn keys"`` for what was signed with keys of the log's server that
    are not in force any more: by the server while they were, or by whoever has them. ``witnesses`` are the keys (vkeys) whose cosignatures
    it takes.
    """

    finding: str
    origin: str
    proven: str
    thumbprints: tuple[Digest, ...]
    relies_on: tuple[str, ...]
    witnesses: tuple[str, ...] = ()
