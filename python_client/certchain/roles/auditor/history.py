"""What a log and the chain show now, against what they showed before."""

from collections.abc import Sequence
from dataclasses import dataclass

from certchain.errors import ChainRolledBack, DatabaseRolledBack, UnknownSize
from certchain.errors.audit import LogFinding
from certchain.models.digest import Digest
from certchain.models.evidence import ChainRootEvidence, ChainStep, RollbackEvidence, ShownEvidence
from certchain.roles.auditor.followed import Audited, FollowedLog
from certchain.roles.auditor.fork import cosigned_both, witness_keys
from certchain.roles.auditor.kept import keep_evidence
from certchain.roles.auditor.view import View
from certchain.verification.evidence import FORMATS


def require_not_smaller(last: View, view: View) -> View:
    """Returns the view when it has no fewer entries than the last one. Raises ``DatabaseRolledBack``."""
    if view.size < last.size:
        raise rolled_back(last, view)
    return view


def rolled_back(before: View, after: View) -> LogFinding:
    """The log showed more entries before."""
    both = cosigned_both(before, after)
    evidence = RollbackEvidence(
        FORMATS[RollbackEvidence], "DatabaseRolledBack", before.signed, after.signed, witness_keys(after.log, both)
    )
    finding = DatabaseRolledBack(f"it has signed for {before.size} entries before", after.size)
    return keep_evidence(after.store, after.log, finding, evidence)


def require_chain_continues(last: Audited, view: View, chain_size: int) -> int:
    """Returns the chain's size when the chain still has what it had at the last audit. Raises ``ChainRolledBack``."""
    root = None if chain_size < last.chain_size else root_at(view.log, last.chain_size)
    if root != last.chain_root:
        raise _chain_changed(last, view, chain_size)
    return chain_size


def _chain_changed(last: Audited, view: View, chain_size: int) -> LogFinding:
    told = f"it had {last.chain_size} entries then, with another root"
    finding = ChainRolledBack(told, min(chain_size, last.chain_size))
    prefix = view.prefix(last.chain_size) if last.chain_size <= view.size else None
    if prefix is None or prefix[0] != last.chain_root:
        shown = ShownEvidence(FORMATS[ShownEvidence], "ChainRolledBack", last.signed, finding.index, told)
        return keep_evidence(view.store, view.log, finding, shown)
    evidence = ChainRootEvidence(
        FORMATS[ChainRootEvidence],
        "ChainRolledBack",
        view.signed,
        last.chain_size,
        *prefix,
        _step_at(view, last.chain_size),
    )
    return keep_evidence(view.store, view.log, finding, evidence)


def _step_at(view: View, size: int) -> ChainStep | None:
    """What the chain has now where it had the size; ``None`` when it has no step that ends there."""
    for batch in view.log.chain.batches(size - 1, 1):
        if batch.size == size:
            return view.step(batch)
    return None


def root_at(log: FollowedLog, size: int) -> Digest | None:
    """The chain's root at a size, ``None`` where it never stopped."""
    try:
        return log.chain.root_at(size)
    except UnknownSize:
        return None


@dataclass(frozen=True, slots=True)
class SignedBefore:
    """Checkpoints that the server is known to have signed, and how far the chain was found to be right before."""

    log: FollowedLog
    views: Sequence[View]
    confirmed: int

    def covers(self, size: int) -> bool:
        """Whether the server has signed for what the chain has at ``size`` or further."""
        return size <= self.confirmed or self.newest(size) is not None

    def newest(self, size: int) -> View | None:
        """A checkpoint of ``size`` entries or more that the chain has."""
        for view in self.views:
            if view.size >= size and root_at(self.log, view.size) == view.checkpoint.root:
                return view
        return None
