"""One look at a log: a checkpoint that its server has signed, and what its source shows for it."""

from contextlib import suppress
from dataclasses import dataclass

from certchain.encoding.checkpoint import parse_checkpoint, parse_checkpoint_body
from certchain.encoding.note import parse_note
from certchain.errors import (
    CertchainError,
    CheckpointInvalid,
    KeyNotInForce,
    Unavailable,
    WrongLog,
    WrongSigner,
)
from certchain.ledger import RegistrationLedger
from certchain.log.source import LogSource
from certchain.merkle import (
    consistency_proof,
    inclusion_proof,
    tile_width,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from certchain.merkle.node import HASH_LENGTH
from certchain.models.digest import Digest
from certchain.models.evidence import ChainStep, ShownEvidence, SignedHash
from certchain.models.identifier import service_party
from certchain.models.log import TILE_WIDTH, Checkpoint, Cosignature, LogBatch, SignedCheckpoint
from certchain.roles.auditor.followed import FollowedLog
from certchain.roles.auditor.kept import Document, Fields, Finding, keep_evidence
from certchain.storage import FileStore
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures

_LONGEST_SHOWN = 2000


@dataclass(frozen=True, slots=True)
class View:
    """A checkpoint as it was ``signed``, what it says, and the cosignatures of known witnesses; and the log that it is of."""

    log: FollowedLog
    store: FileStore
    signed: SignedCheckpoint
    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]

    @property
    def size(self) -> int:
        """How many entries the checkpoint is of."""
        return self.checkpoint.size

    @property
    def seen_at(self) -> tuple[int, int] | None:
        """When the first and the last of the known witnesses saw it, if any did. One clock that is wrong accuses nobody."""
        times = [cosignature.at for cosignature in self.cosignatures]
        return (min(times), max(times)) if times else None

    def keep(self, finding: Finding, kind: Document[Fields], *fields: Fields.args, **named: Fields.kwargs) -> Finding:
        """See ``keep_evidence``."""
        return keep_evidence(self.store, self.log, finding, kind, *fields, **named)

    def keep_shown(self, finding: Finding) -> Finding:
        """The finding with the auditor's word for evidence: what was shown beside the checkpoint."""
        return self.keep(finding, ShownEvidence, self.signed, finding.index, finding.reason)

    def signed_hash(self, index: int) -> SignedHash | None:
        """What the checkpoint has at ``index``, proven; ``None`` when the source's tiles do not lead to its root."""
        if index >= self.size:
            return None
        try:
            tile, place = divmod(index, TILE_WIDTH)
            row = self.log.source.tile(0, tile, tile_width(0, tile, self.size))
            found = Digest(row[place * HASH_LENGTH : (place + 1) * HASH_LENGTH])
            proof = inclusion_proof(self.log.source, index, self.size)
            verify_inclusion(found, proof, self.checkpoint.root)
        except Unavailable:
            raise
        except CertchainError:
            return None
        return SignedHash(index, found, proof.path)

    def prefix(self, size: int) -> tuple[Digest, tuple[Digest, ...]] | None:
        """The root that the checkpoint's log had at ``size``, and the consistency path to it; ``None`` as in ``signed_hash``."""
        tiles = _Tiles(self.log.source, self.size)
        try:
            root = tree_root(tiles, size)
            proof = consistency_proof(tiles, size, self.size)
            verify_consistency(proof, root, self.checkpoint.root)
        except Unavailable:
            raise
        except CertchainError:
            return None
        return root, proof.path

    def step(self, batch: LogBatch) -> ChainStep:
        """The batch with the account that brought it."""
        sender = self.log.chain.sender(batch)
        return ChainStep(batch.first_index, batch.size, batch.root, batch.at, batch.transaction, sender)


@dataclass(frozen=True, slots=True)
class _Tiles:
    """Tiles of a smaller tree as the beginnings of those that a log of ``size`` has: a mirror has no others."""

    source: LogSource
    size: int

    def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
        """See ``TileReader``."""
        whole = self.source.tile(level, index, max(width, tile_width(level, index, self.size)))
        return whole[: width * HASH_LENGTH]


def look(
    log: FollowedLog,
    registrations: RegistrationLedger,
    store: FileStore,
    note: str,
    *,
    confirmed: int,
    quorum: int | None = None,
) -> View:
    """The note as a view of the log, if the log's server signed it by keys that count (``require_signer``), and enough witnesses did.

    Raises ``WrongLog``, ``CheckpointInvalid``, ``WrongSigner``, ``KeyNotInForce`` or ``CosignaturesMissing``.
    """
    text, _ = parse_note(note)
    origin = parse_checkpoint_body(text).origin
    if origin != log.origin:
        finding = WrongLog(f"it is of {origin}", 0)
        raise keep_evidence(store, log, finding, ShownEvidence, None, 0, note[:_LONGEST_SHOWN])
    require_signer(log, registrations, parse_checkpoint(text), confirmed)
    signed, checkpoint = _verified(log, note)
    required = log.quorum if quorum is None else quorum
    return View(log, store, signed, checkpoint, verify_cosignatures(note, log.witnesses, required))


def require_signer(
    log: FollowedLog, registrations: RegistrationLedger, claimed: Checkpoint, confirmed: int
) -> Checkpoint:
    """Returns the checkpoint when it names the log's server and the keys that the chain knows for it.

    Keys that were withdrawn may be in anyone's hands: they count up to the size that is ``confirmed``, by the chain or by an audit
    before; what is new has to be signed by the keys in force. Raises ``WrongSigner`` or ``KeyNotInForce``.
    """
    server = service_party(log.server)
    if claimed.signer != server:
        raise WrongSigner(str(server), str(claimed.signer))
    known = [record.thumbprint for record in registrations.keys(server)]
    if claimed.thumbprint not in (known if claimed.size <= confirmed else known[-1:]):
        raise KeyNotInForce(str(server))
    return claimed


def _verified(log: FollowedLog, note: str) -> tuple[SignedCheckpoint, Checkpoint]:
    for keys in log.keys:
        with suppress(CheckpointInvalid):
            return SignedCheckpoint(note, keys), verify_checkpoint(note, keys)
    raise CheckpointInvalid("it is signed by none of the keys that are known for the log")
