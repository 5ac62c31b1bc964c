"""The auditor: follows logs against the chain, and says what exactly is wrong, with the evidence."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from certchain.errors import LogGap, SplitView
from certchain.errors.audit import LogFinding
from certchain.ledger import RegistrationLedger
from certchain.log.source import LogSource
from certchain.models.log import AuditFinding, AuditReport, Checkpoint, ProvenEntry
from certchain.roles.auditor.body import Bodies, compare_bodies
from certchain.roles.auditor.difference import Differences
from certchain.roles.auditor.findings import Findings
from certchain.roles.auditor.followed import Audited, FollowedLog, Progress, Reached
from certchain.roles.auditor.fork import fork_of, require_one_log
from certchain.roles.auditor.history import (
    SignedBefore,
    require_chain_continues,
    require_not_rolled_back,
    require_not_smaller,
)
from certchain.roles.auditor.proof import anchored_view, check_checkpoint, check_proof_file, prove
from certchain.roles.auditor.view import View, look
from certchain.roles.auditor.walk import Walk
from certchain.storage import FileStore
from certchain.storage.kept import keep, kept_or_none

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Auditor:
    """Trusts the chain (``registrations``, and each log's contract), and nothing that a log's server says.

    Its ``store`` keeps a file for each log that it follows, and one for each piece of evidence.
    """

    registrations: RegistrationLedger
    store: FileStore

    def audit(self, log: FollowedLog, progress: Progress | None = None, *, whole: bool = False) -> AuditReport:
        """Goes through what is new since the last audit, or through the ``whole`` log again, and remembers how far it went.

        Raises a ``LogFinding``. Wrong times and bodies (``EntryBackdated``, ``BodyNotCommitted``, ``ErasedWithoutRecord``) do not end the
        audit: it goes on behind them, remembers them, and raises the first new one at its end. At any other it ends, and nothing is
        remembered but the evidence. Raises besides what a checkpoint is refused for (``CheckpointInvalid``, ``WrongSigner``,
        ``KeyNotInForce``, ``CosignaturesMissing``, ``CheckpointOutdated``).
        """
        audit = self._begin(log)
        start = Reached() if whole or audit.state is None else audit.state.reached
        findings = Findings(() if whole else audit.told)
        try:
            reached = audit.read(start, findings, progress)
            bodies = audit.bodies(whole, findings)
        except LogFinding as finding:
            raise findings.told_by(finding) from finding.__cause__
        compared = audit.view.size if log.entries is not None else audit.bodies_before
        report = self._end(audit, reached, bodies, compared, findings.all)
        first = findings.first()
        if first is not None:
            raise first
        return report

    def follow(self, log: FollowedLog) -> AuditReport:
        """The light audit: signature, cosignatures, and by proofs from tiles that the log and the chain were only continued.

        No leaf is read: the next ``audit`` goes through them all the same.
        """
        audit = self._begin(log)
        audit.require_history(shown=True)
        audit.require_root()
        reached = Reached() if audit.state is None else audit.state.reached
        return self._end(audit, reached, audit.awaited, audit.bodies_before, audit.told)

    def compare(self, log: FollowedLog, *notes: str, sources: Sequence[LogSource] = ()) -> View:
        """Compares checkpoints that others were shown (readers, mirrors, witnesses, auditors) with the source's and the last one seen.

        ``sources`` are where others read. Returns the largest. Raises ``SplitView`` or ``LyingWitness`` for two that cannot both be,
        ``LogGap`` when no source has the tiles to tell.
        """
        state = kept_or_none(self.store, log.name, Audited)
        readers = [log, *(replace(log, source=source) for source in sources)]
        shown = [
            *notes,
            *(reader.source.checkpoint() for reader in readers),
            *([] if state is None else [state.signed.note]),
        ]
        confirmed = max(log.chain.size(), 0 if state is None else state.size)
        looked = (self._look(_with_keys(log, state), note, confirmed, quorum=0) for note in shown)
        *rest, largest = sorted(looked, key=lambda view: view.size)
        try:
            for smaller in rest:  # all of them in one log are of one log
                require_one_log(smaller, largest, readers)
        except LogGap:  # nobody has the largest one's tiles: the others may tell more
            for smaller, larger in combinations(rest, 2):
                require_one_log(smaller, larger, readers)
            raise
        return largest

    def checkpoint(self, log: FollowedLog) -> View:
        """The newest checkpoint that was brought to the chain, found to be the chain's; see ``FollowedLog.anchored``.

        Raises what a checkpoint is refused for, and ``LogInconsistent``.
        """
        return anchored_view(log, self.registrations, self.store)

    def prove(self, log: FollowedLog, index: int) -> bytes:
        """The proof file of one entry, from a few tiles; with what it says, where the log's entries may be read.

        Raises ``IndexOutOfRange`` for an entry that the checkpoint has not got, and what ``checkpoint`` raises.
        """
        return prove(self.checkpoint(log), index)

    def check_proof_file(self, log: FollowedLog, data: bytes) -> ProvenEntry:
        """A proof file checked by itself and then against the chain: the signer, the root, and the entry's place.

        Raises what ``verify_proof_file`` raises, ``WrongLog``, ``WrongSigner``, ``KeyNotInForce``, ``LogInconsistent`` and ``NotIncluded``.
        """
        return check_proof_file(log, self.registrations, data)

    def check_checkpoint(self, log: FollowedLog, checkpoint: Checkpoint) -> Checkpoint:
        """Returns a checkpoint whose signature was verified when the chain has its signer's keys, and its root.

        Raises ``WrongLog``, ``WrongSigner``, ``KeyNotInForce`` and ``LogInconsistent``.
        """
        return check_checkpoint(log, self.registrations, checkpoint)

    def evidence(self, name: str) -> bytes:
        """A piece of evidence by the name that a finding gives. Raises ``UnknownRecord``."""
        return b"".join(self.store.read(name))

    def _look(self, log: FollowedLog, note: str, confirmed: int, quorum: int | None = None) -> View:
        return look(log, self.registrations, self.store, note, confirmed=confirmed, quorum=quorum)

    def _begin(self, log: FollowedLog) -> "_Audit":
        state = kept_or_none(self.store, log.name, Audited)
        # The chain's size is read before the checkpoint: an honest chain is never ahead of what was signed.
        chain_size = log.chain.size()
        confirmed = max(chain_size, 0 if state is None else state.size)
        view = self._look(log, log.source.checkpoint(), confirmed)
        log_before = _with_keys(log, state)
        last = None if state is None else self._look(log_before, state.signed.note, confirmed, quorum=0)
        note = None if log.anchored is None else log.anchored()
        known = [] if note is None else [self._look(log_before, note, confirmed, quorum=0)]
        signed = SignedBefore(
            log, [*([] if last is None else [last]), *known], 0 if state is None else state.chain_size
        )
        return _Audit(log, view, state, last, signed, Differences(view, chain_size, signed.covers))

    def _end(
        self, audit: "_Audit", reached: Reached, bodies: Bodies, compared: int, findings: tuple[AuditFinding, ...]
    ) -> AuditReport:
        log, view, chain_size = audit.log, audit.view, audit.differences.chain_size
        root = log.chain.root_at(chain_size)
        state = Audited(
            view.signed,
            view.size,
            view.checkpoint.root,
            chain_size,
            root,
            reached,
            compared,
            bodies.unrecorded,
            bodies.holds,
            findings,
        )
        keep(self.store, log.name, state)
        _log.info("audited %s: %d entries, %d of them on the chain", log.origin, view.size, chain_size)
        return AuditReport(
            log.origin,
            view.size,
            view.checkpoint.root,
            chain_size,
            view.cosignatures,
            bodies.compared,
            bodies.erased,
            findings,
        )


def _with_keys(log: FollowedLog, state: Audited | None) -> FollowedLog:
    """The log with the keys, too, by which the checkpoint of the last audit was signed: they may have been withdrawn since."""
    return log if state is None else replace(log, keys=(*log.keys, state.signed.keys))


@dataclass(frozen=True, slots=True)
class _Audit:
    """One audit under way: what is seen now, and what was seen before."""

    log: FollowedLog
    view: View
    state: Audited | None
    last: View | None
    signed: SignedBefore
    differences: Differences

    @property
    def bodies_before(self) -> int:
        """How many bodies were compared before."""
        return 0 if self.state is None else self.state.bodies

    @property
    def told(self) -> tuple[AuditFinding, ...]:
        """What the audits before have found and gone on behind."""
        return () if self.state is None else self.state.findings

    def require_history(self, *, shown: bool = False) -> None:
        """Log and chain continue what they were, and the chain has nothing that was not signed for.

        ``shown`` when tiles have to show that the log continues what was signed before: where no leaf is read, nothing else does.
        """
        gaps = [gap for before in self.signed.views if (gap := self._gap_to(before))]  # the last one among them
        if self.state is not None:
            require_chain_continues(self.state, self.view, self.differences.chain_size)
        require_not_smaller(self.last, self.view, self.differences)
        require_not_rolled_back(self.last, self.view, self.signed, self.differences)
        if gaps and shown:
            raise self.view.keep_shown(gaps[0])

    def _gap_to(self, before: View) -> LogGap | None:
        fork = fork_of(before, self.view)
        if isinstance(fork, SplitView):
            raise fork
        return fork

    def require_root(self) -> None:
        """The chain's root is that of the log at its size, by a proof from tiles."""
        size = self.differences.chain_size
        whole, prefix = self.view.prefix(self.view.size), self.view.prefix(size)
        if whole is None or prefix is None:
            raise self.view.keep_shown(LogGap("the tiles do not lead to the signed root", 0))
        if size and prefix[0] != self.log.chain.root_at(size):
            raise self.differences.chain_root(self.log.chain.batches(size - 1, 1)[0])

    def read(self, start: Reached, findings: Findings, progress: Progress | None) -> Reached:
        """Compares with what was seen before, and goes over the leaves from ``start`` on."""
        walk = Walk(self.view, start, self.last, self.differences, findings=findings, progress=progress)
        try:
            self.require_history()
            return walk.run()
        except LogFinding as finding:
            self.look_closer(finding)
            raise

    def look_closer(self, finding: LogFinding) -> None:
        """Two views, or leaves that lead nowhere: the chain may tell which entry it was. Raises that finding, caused by the other."""
        if type(finding) not in {SplitView, LogGap} or not self.differences.chain_size:
            return
        try:
            Walk(self.view, Reached(), None, self.differences, findings=Findings()).run()
        except LogFinding as closer:
            if type(closer) is not type(finding):
                raise closer from finding

    def bodies(self, whole: bool, findings: Findings) -> Bodies:
        """Compares what entries say, where they may be read."""
        if self.log.entries is None:
            return self.awaited
        first, before = (0, Bodies()) if whole else (self.bodies_before, self.awaited)
        return compare_bodies(self.view, self.log.entries, first, before, findings)

    @property
    def awaited(self) -> Bodies:
        """What the audit before left to be explained, and the holds of then."""
        if self.state is None:
            return Bodies()
        return Bodies(unrecorded=self.state.unrecorded, holds=self.state.holds)
