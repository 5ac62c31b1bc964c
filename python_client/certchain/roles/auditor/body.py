"""What entries say, against what their leaves commit to; and what is gone, against the log's own records of erasures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.tile import parse_bundle
from certchain.errors import BodyChanged, BodyNotCommitted, ErasedWithoutRecord, LogGap
from certchain.errors.audit import LogFinding
from certchain.log.source import EntrySource
from certchain.log.verified import VerifiedLog
from certchain.merkle import tile_width
from certchain.models.entry import ErasureEntry
from certchain.models.evidence import BodyEvidence, SignedLeaf
from certchain.models.hold import Holds, holds_after, is_in_force
from certchain.models.log import TILE_WIDTH, LoggedEntry, LogLeaf, erased_before, key_period
from certchain.roles.auditor.findings import Findings
from certchain.roles.auditor.view import View
from certchain.verification.entry import verify_body

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Bodies:
    """How many bodies were ``compared``, and how many ``erased``; ``unrecorded`` is the last that no signed record explains.

    ``holds`` are the legal holds in force at the end, as the log's records say.
    """

    compared: int = 0
    erased: int = 0
    unrecorded: LogLeaf | None = None
    holds: Holds = ()


def compare_bodies(view: View, entries: EntrySource, first: int, before: Bodies, findings: Findings) -> Bodies:
    """Compares what entries say from ``first`` up to the view's size, in bounded memory; ``before`` is what the audit before left.

    An erased one is explained by a record that stands after it and reaches up to its time, about somebody who was not under a hold. The
    last erased one is the hardest to explain, so that only it has to be remembered. What was erased a moment ago has its record beyond
    the checkpoint; it has to be in the next one. Collects ``findings``; raises ``LogGap``.
    """
    records, awaited, compared, erased = _Records(before.holds), before.unrecorded, 0, 0
    pending: LogLeaf | None = None
    pairs = zip(_signed_leaves(view, first), _logged(view, entries, first), strict=True)
    for index, (leaf, logged) in enumerate(pairs, first):
        if reason := _contradiction(logged, leaf):
            _tell(findings, BodyNotCommitted, index, partial(_not_committed, view, index, logged, leaf, reason))
            continue
        if logged.body is None:
            pending, erased = logged.leaf, erased + 1
            continue
        compared += 1
        if records.erases(logged):
            awaited, pending = _explained(awaited, logged), _explained(pending, logged)
    if pending is not None and awaited is None and not _recorded_beyond(entries, view.size, pending, records):
        awaited = pending
    if awaited is not None:
        _tell(findings, ErasedWithoutRecord, awaited.index, partial(_gone, view, awaited))
    return Bodies(compared, erased, None if pending is awaited else pending, records.holds)


def _tell(findings: Findings, kind: type[LogFinding], index: int, keep: Callable[[], LogFinding]) -> None:
    if findings.wants(kind, index):
        findings.add(keep())


class _Records:
    """The legal holds in force, record by record."""

    def __init__(self, holds: Holds) -> None:
        self.holds = holds

    def erases(self, logged: LoggedEntry) -> bool:
        """Takes an entry in its order; returns whether it is an erasure that counts: one of somebody who is under no hold."""
        said = logged.body.entry if logged.body else None
        if said is None:
            return False
        self.holds = holds_after(self.holds, said)
        return isinstance(said, ErasureEntry) and is_in_force(said, self.holds)


def _explained(erased: LogLeaf | None, record: LoggedEntry) -> LogLeaf | None:
    """What is still to be explained once this erasure was read. Keys are destroyed by whole periods of 30 days."""
    said = record.body.entry if record.body else None
    if erased is None or not isinstance(said, ErasureEntry):
        return erased
    return None if key_period(erased.at) < erased_before(said) else erased


def _recorded_beyond(entries: EntrySource, first: int, erased: LogLeaf, records: _Records) -> bool:
    """Whether a record stands beyond the checkpoint: the server gives it, and has not signed for it yet."""
    beyond = _Records(records.holds)
    while page := entries.entries(first, _PAGE):
        if any(beyond.erases(logged) and _explained(erased, logged) is None for logged in page):
            return True
        first += len(page)
    return False


def _contradiction(logged: LoggedEntry, leaf: bytes) -> str:
    """Why what is given for an entry is not what the signed leaf commits to; nothing when it is, or when its body is gone."""
    if leaf_bytes(logged.leaf) != leaf:
        return "its leaf is another than the one that was signed for"
    try:
        if logged.body is not None:
            verify_body(logged.leaf, logged.body)
    except BodyChanged:
        return "its leaf commits to something else"
    return ""


def _not_committed(view: View, index: int, logged: LoggedEntry, leaf: bytes, reason: str) -> LogFinding:
    body = b"" if logged.body is None else entry_bytes(logged.body.entry)
    salt = b"" if logged.body is None else logged.body.salt
    finding = BodyNotCommitted(reason, index)
    return _keep(view, finding, leaf, salt, body)


def _gone(view: View, erased: LogLeaf) -> LogFinding:
    finding = ErasedWithoutRecord("the log has no record of an erasure that would explain it", erased.index)
    return _keep(view, finding, leaf_bytes(erased), b"", b"")


def _keep(view: View, finding: LogFinding, leaf: bytes, salt: bytes, body: bytes) -> LogFinding:
    signed = view.signed_hash(finding.index)
    if signed is None or (isinstance(finding, BodyNotCommitted) and not body):
        return view.keep_shown(finding)
    entry = SignedLeaf(finding.index, leaf, signed.path)
    return view.keep(finding, BodyEvidence, view.signed, entry, salt, body)


def _signed_leaves(view: View, first: int) -> Iterator[bytes]:
    """The leaves that the checkpoint stands for, from ``first`` on."""
    if first >= view.size:
        return
    leaves = VerifiedLog((view.log.source,), view.size, view.checkpoint.root)
    for tile in range(first // TILE_WIDTH, -(-view.size // TILE_WIDTH)):
        found = parse_bundle(leaves.bundle(tile, tile_width(0, tile, view.size)))
        yield from found[max(first - tile * TILE_WIDTH, 0) :]


def _logged(view: View, entries: EntrySource, first: int) -> Iterator[LoggedEntry]:
    """The entries from ``first`` up to the view's size, however small the source's pages are."""
    while first < view.size:
        page = entries.entries(first, min(_PAGE, view.size - first))[: view.size - first]
        if not page:
            raise view.keep_shown(LogGap("the log's server does not give what the entry says", first))
        yield from page
        first += len(page)
