"""What entries say, against what their leaves commit to; and what is gone, against the log's own records of erasures."""

from collections.abc import Iterator
from dataclasses import dataclass

from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.tile import parse_bundle
from certchain.errors import BodyChanged, BodyNotCommitted, ErasedWithoutRecord, LogGap
from certchain.errors.audit import LogFinding
from certchain.log.source import EntrySource
from certchain.log.verified import VerifiedLog
from certchain.merkle import tile_width
from certchain.models.entry import ErasureEntry
from certchain.models.evidence import BodyEvidence, ShownEvidence, SignedLeaf
from certchain.models.log import TILE_WIDTH, LoggedEntry, LogLeaf, OpenedBody, key_period
from certchain.roles.auditor.kept import keep_evidence
from certchain.roles.auditor.view import View
from certchain.verification.entry import verify_body
from certchain.verification.evidence import FORMATS

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Bodies:
    """How many bodies were ``compared``, and how many ``erased``; ``unrecorded`` is the last that no signed record explains."""

    compared: int = 0
    erased: int = 0
    unrecorded: LogLeaf | None = None


def compare_bodies(view: View, entries: EntrySource, first: int, unrecorded: LogLeaf | None) -> Bodies:
    """Compares what entries say from ``first`` up to the view's size, in bounded memory.

    An erased one is explained by a record that stands after it and reaches up to its time. Records rise with the entries they explain, so
    that only the last erased one has to be remembered: ``unrecorded`` is that of the audit before. What was erased a moment ago has its
    record beyond the checkpoint; it has to be in the next one. Raises a ``LogFinding``.
    """
    awaited, pending, compared, erased = unrecorded, None, 0, 0
    for leaf, logged in zip(_signed_leaves(view, first), _logged(view, entries, first), strict=True):
        if leaf_bytes(logged.leaf) != leaf:
            raise _not_committed(view, logged, leaf, "its leaf is another than the one that was signed for")
        if logged.body is None:
            pending, erased = logged.leaf, erased + 1
            continue
        _verify(view, logged, leaf, logged.body)
        compared += 1
        awaited, pending = _explained(awaited, logged), _explained(pending, logged)
    if awaited is not None:
        raise _gone(view, awaited)
    if pending is not None and not _recorded_beyond(entries, view.size, pending):
        raise _gone(view, pending)
    return Bodies(compared, erased, pending)


def _explained(erased: LogLeaf | None, logged: LoggedEntry) -> LogLeaf | None:
    """What is still to be explained once this entry was read. Keys are destroyed by whole periods of 30 days."""
    said = logged.body.entry if logged.body else None
    if erased is None or not isinstance(said, ErasureEntry):
        return erased
    reaches = said.before > 0 and key_period(erased.at) <= key_period(said.before - 1)
    return None if reaches and erased.index < logged.leaf.index else erased


def _recorded_beyond(entries: EntrySource, first: int, erased: LogLeaf) -> bool:
    """Whether a record stands beyond the checkpoint: the server gives it, and has not signed for it yet."""
    while page := entries.entries(first, _PAGE):
        if any(_explained(erased, logged) is None for logged in page):
            return True
        first += len(page)
    return False


def _verify(view: View, logged: LoggedEntry, leaf: bytes, body: OpenedBody) -> None:
    try:
        verify_body(logged.leaf, body)
    except BodyChanged as problem:
        raise _not_committed(view, logged, leaf, "its leaf commits to something else") from problem


def _not_committed(view: View, logged: LoggedEntry, leaf: bytes, reason: str) -> LogFinding:
    body = b"" if logged.body is None else entry_bytes(logged.body.entry)
    salt = b"" if logged.body is None else logged.body.salt
    finding = BodyNotCommitted(reason, logged.leaf.index)
    return _keep(view, finding, leaf, salt, body)


def _gone(view: View, erased: LogLeaf) -> LogFinding:
    finding = ErasedWithoutRecord("the log has no record of an erasure that would explain it", erased.index)
    return _keep(view, finding, leaf_bytes(erased), b"", b"")


def _keep(view: View, finding: LogFinding, leaf: bytes, salt: bytes, body: bytes) -> LogFinding:
    signed = view.signed_hash(finding.index)
    if signed is None:
        shown = ShownEvidence(
            FORMATS[ShownEvidence], type(finding).__name__, view.signed, finding.index, finding.reason
        )
        return keep_evidence(view.store, view.log, finding, shown)
    entry = SignedLeaf(finding.index, leaf, signed.path)
    kind = type(finding).__name__
    evidence = BodyEvidence(FORMATS[BodyEvidence], kind, view.signed, entry, salt, body)
    return keep_evidence(view.store, view.log, finding, evidence)


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
            finding = LogGap("the log's server does not give what the entry says", first)
            shown = ShownEvidence(FORMATS[ShownEvidence], "LogGap", view.signed, first, finding.reason)
            raise keep_evidence(view.store, view.log, finding, shown)
        yield from page
        first += len(page)
