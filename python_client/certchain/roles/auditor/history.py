"""What a log and the chain show now, against what they showed before."""

from collections.abc import Sequence
from dataclasses import dataclass

from certchain.errors import (
    ChainRolledBack,
    CheckpointOutdated,
    DatabaseRolledBack,
    LedgerMisbehaved,
    LogGap,
    UnknownSize,
)
from certchain.errors.audit import LogFinding
from certchain.ledger import LogLedger
from certchain.merkle import CompactRange
from certchain.models.digest import Digest
from certchain.models.evidence import ChainRootEvidence, ChainStep, RollbackEvidence, ShownEvidence
from certchain.models.log import LogMode
from certchain.roles.auditor.difference import Differences
from certchain.roles.auditor.followed import Audited, FollowedLog
from certchain.roles.auditor.fork import cosigned_both, witness_keys
from certchain.roles.auditor.view import View
from certchain.verification.evidence import seen_later

_BATCHES = 16


def require_not_smaller(last: View | None, view: View, differences: Differences) -> View:
    """Returns the view when neither the last one nor the chain has more entries.

    Where the log's own server is read (``FollowedLog.anchored``), that is ``require_not_rolled_back``'s to judge. Elsewhere it may be a
    mirror that lags: ``CheckpointOutdated``, unless what the chain has, or the times at which witnesses saw both, contradict.
    """
    known = max(differences.chain_size, 0 if last is None else last.size)
    if view.size >= known or view.log.anchored is not None:
        return view
    if last is not None and _seen_later(last, view):
        raise rolled_back(last, view)
    require_chain_agrees(view, differences)
    raise CheckpointOutdated(view.size, known)


def require_not_rolled_back(last: View | None, view: View, signed: "SignedBefore", differences: Differences) -> View:
    """The same for a view that the log's own server shows.

    Raises ``DatabaseRolledBack`` when it has signed for more before, and ``GarbageOnChain`` when what the chain has more is not its own.
    """
    if last is not None and view.size < last.size:
        raise rolled_back(last, view)
    if view.size < differences.chain_size:
        before = signed.newest(view.size + 1)
        raise rolled_back(before, view) if before else differences.beyond()
    return view


def require_chain_agrees(view: View, differences: Differences) -> View:
    """Returns the view unless the chain, which has more, has another log up to its size. Raises a ``LogFinding``.

    An anchored log's chain tells only where a batch ends.
    """
    chain, size = view.log.chain, min(view.size, differences.chain_size)
    if size < view.size or size == 0:
        return view
    if chain.mode is LogMode.RECORDED:
        if _recorded_root(chain, size) != view.checkpoint.root:
            raise differences.explain(LogGap("the chain has another log", 0), 0)
        return view
    for batch in chain.batches(size - 1, 1):
        if batch.size == size and batch.root != view.checkpoint.root:
            raise differences.chain_root(batch)
    return view


def _recorded_root(chain: LogLedger, size: int) -> Digest:
    tree = CompactRange()
    while tree.size < size:
        page = chain.batches(tree.size, _BATCHES)
        if not page:
            raise LedgerMisbehaved(f"it has no batch with entry {tree.size}")
        for batch in page:
            for leaf in batch.leaf_hashes[: size - tree.size]:
                tree.append(leaf)
    return tree.root()


def _seen_later(before: View, after: View) -> bool:
    """Whether witnesses who cosigned both saw ``after`` later: then it was not an old one when they did."""
    both = cosigned_both(before, after)
    earlier, later = ([each.at for each in view.cosignatures if each.witness in both] for view in (before, after))
    return seen_later(earlier, later)


def rolled_back(before: View, after: View) -> LogFinding:
    """The log showed more entries before."""
    witnesses = witness_keys(after.log, cosigned_both(before, after))
    finding = DatabaseRolledBack(f"it has signed for {before.size} entries before", after.size)
    return after.keep(finding, RollbackEvidence, before.signed, after.signed, witnesses)


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
        return view.keep(finding, ShownEvidence, last.signed, finding.index, told)
    step = _step_at(view, last.chain_size)
    return view.keep(finding, ChainRootEvidence, view.signed, last.chain_size, *prefix, step)


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
