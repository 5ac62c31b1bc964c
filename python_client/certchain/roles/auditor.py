"""The auditor: replays the certification server's log against the chain, and makes and checks proofs of single entries."""

import logging
from dataclasses import dataclass

from certchain.channel import Channel
from certchain.encoding.note import log_origin
from certchain.errors import CheckpointInvalid, KeyNotInForce, LogInconsistent, UnknownSize, WrongSigner
from certchain.ledger import Ledger
from certchain.log import EntrySource, Progress, entry_leaf_hash, read_entries, replay
from certchain.merkle import inclusion_path
from certchain.models.digest import Digest
from certchain.models.identifier import Party, ServiceId, service_party
from certchain.models.log import (
    AuditReport,
    Checkpoint,
    CheckpointQuestion,
    LogPage,
    LogPageQuestion,
    ProofFile,
    ProvenEntry,
    SaltedEntry,
    SignedCheckpoint,
)
from certchain.storage import FileStore
from certchain.storage.kept import keep, kept_or_none
from certchain.verification.checkpoint import verify_checkpoint
from certchain.verification.proof import PROOF_FORMAT, proof_file_bytes, verify_proof_file
from certchain.verification.statement import Identity

_STATE = "audited"
_WAITING_PAGE = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Audited:
    """What the last audit saw of the chain: a log that ever has another root at this size was rolled back or forked."""

    size: int
    root: Digest


@dataclass(frozen=True, slots=True)
class ServerEntries:
    """The entries as the certification server gives them to an enrolled auditor; an ``EntrySource``."""

    server: Channel
    identity: Identity

    def entries(self, first: int, limit: int) -> tuple[SaltedEntry, ...]:
        """One page; see ``EntrySource``."""
        question = LogPageQuestion(first, limit, self.server.binding)
        return self.server.request(self.identity.sign(question), LogPage).entries


@dataclass(frozen=True, slots=True)
class Auditor:
    """Trusts the chain, and nothing that the certification server ``server`` says of its log."""

    ledger: Ledger
    store: FileStore
    server: ServiceId

    def audit(self, source: EntrySource, progress: Progress | None = None) -> AuditReport:
        """Replays the whole log, and remembers how far it went. Raises ``LogInconsistent`` with the first difference."""
        size = self.ledger.login_log.size()
        self._check_history(size)
        replayed = replay(source, self.ledger.login_log, size, progress)
        keep(self.store, _STATE, Audited(replayed.size, replayed.root))
        waiting = _count_waiting(source, replayed.size)
        _log.info("audited %d entries; %d more wait for the chain", replayed.size, waiting)
        return AuditReport(replayed.size, replayed.root, waiting)

    def checkpoint(self, server: Channel) -> tuple[SignedCheckpoint, Checkpoint]:
        """The server's signed note on its log and what it says, found to be what the chain says, too.

        Raises ``CheckpointInvalid``, ``WrongSigner``, ``KeyNotInForce`` or ``LogInconsistent``.
        """
        signed = server.request(CheckpointQuestion(), SignedCheckpoint)
        checkpoint = verify_checkpoint(signed.note, signed.keys)
        self._check_signer(checkpoint)
        self._check_root(checkpoint)
        return signed, checkpoint

    def prove(self, index: int, source: EntrySource, server: Channel) -> bytes:
        """The proof file of one entry that has reached the chain.

        Raises ``IndexOutOfRange`` for an entry that has not, and what ``checkpoint`` raises.
        """
        signed, checkpoint = self.checkpoint(server)
        leaves = self._leaf_hashes(checkpoint.size)
        path = inclusion_path(leaves, index)
        entries = read_entries(source, index, 1)
        if not entries or entry_leaf_hash(entries[0]) != leaves[index]:
            raise LogInconsistent("the server's entry is not the one on the chain", index)
        file = ProofFile(PROOF_FORMAT, entries[0].entry, entries[0].salt, path, signed.note, signed.keys)
        return proof_file_bytes(file)

    def check_proof_file(self, data: bytes) -> ProvenEntry:
        """A proof file checked by itself and then against the chain: the signer, the root, and the entry's place.

        Raises what ``verify_proof_file`` raises, ``WrongSigner``, ``KeyNotInForce``, ``LogInconsistent`` and ``NotIncluded``.
        """
        proven = verify_proof_file(data)
        self._check_signer(proven.checkpoint)
        self._check_root(proven.checkpoint)
        self.ledger.login_log.check_inclusion(proven.leaf_hash, proven.proof)
        return proven

    def _check_history(self, size: int) -> None:
        """The chain still has what the last audit saw."""
        last = kept_or_none(self.store, _STATE, Audited)
        if last is None:
            return
        if size < last.size:
            raise LogInconsistent(f"the log was rolled back: it had {last.size} entries when it was last audited", size)
        if self.ledger.login_log.root_at(last.size) != last.root:
            raise LogInconsistent(f"the log is another than was audited at {last.size} entries", 0)

    def _check_signer(self, checkpoint: Checkpoint) -> None:
        """The signer is the log's server, by keys that the chain knows for it: those in force, or those it had before."""
        server: Party = service_party(self.server)
        if checkpoint.signer != server:
            raise WrongSigner(str(server), str(checkpoint.signer))
        if checkpoint.origin != log_origin(self.ledger.network):
            raise CheckpointInvalid(f"it is of another log, {checkpoint.origin}")
        if checkpoint.thumbprint not in {record.thumbprint for record in self.ledger.registrations.keys(server)}:
            raise KeyNotInForce(str(server))

    def _check_root(self, checkpoint: Checkpoint) -> None:
        try:
            on_chain = self.ledger.login_log.root_at(checkpoint.size)
        except UnknownSize:
            raise LogInconsistent(f"the chain's log never had {checkpoint.size} entries", checkpoint.size) from None
        if on_chain != checkpoint.root:
            raise LogInconsistent(f"the signed root at size {checkpoint.size} is not the chain's", 0)

    def _leaf_hashes(self, size: int) -> list[Digest]:
        leaves = list[Digest]()
        while len(leaves) < size and (batches := self.ledger.login_log.batches(len(leaves), 1)):
            leaves.extend(batches[0].leaf_hashes)
        return leaves[:size]


def _count_waiting(source: EntrySource, size: int) -> int:
    """Entries that the server has and the chain does not have yet."""
    waiting = 0
    while page := source.entries(size + waiting, _WAITING_PAGE):
        waiting += len(page)
    return waiting
