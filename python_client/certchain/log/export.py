"""Exports: the entries that were wanted as a file of rows, beside it proof bundles, so that anyone can check each row with no server.

The rows follow from the bundles to the byte: one that was changed, added or moved shows. That an export has all that fits, it cannot show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from certchain.errors import ProofInvalid, UnknownRecord
from certchain.log.publication import read_checkpoint
from certchain.log.query import Query
from certchain.log.table import table
from certchain.models.digest import Digest
from certchain.models.entry import LogEntry
from certchain.models.log import BundledEntry, LogLeaf, ProofBundle, ProvenBundle
from certchain.models.query import PAGE_LIMIT, EntryFilter, Exported, ExportedRow, ExportFormat, QueryPage
from certchain.models.registration import PublicKeys
from certchain.storage import FileReader, FileStore
from certchain.verification.proof import BUNDLE_FORMAT, proof_file_bytes, verify_proof_bundle

_NOWHERE = -1


@dataclass(slots=True)
class _Tally:
    """How far an export has come."""

    rows: int = 0
    size: int = 0
    last: int = _NOWHERE


def export_entries(
    query: Query, wanted: EntryFilter, keys: PublicKeys, files: FileStore, style: ExportFormat
) -> Exported:
    """Writes what fits, as far as the published checkpoint goes, into an empty store of files; ``keys`` are those of the log's server.

    A page is in memory at a time. Erased entries are shown as erased; what is erased while this runs may be in it already, and what was
    written is no longer the log's: no erasure reaches it. Raises ``UnknownRecord`` before the first checkpoint, ``StorageUnavailable``.
    """
    checkpoint = query.publication.checkpoint()
    tally = _Tally(size=read_checkpoint(checkpoint).size)
    bundles = _bundles(query, wanted, checkpoint, keys)
    files.write(_rows_file(style), table(_written(bundles, files, tally), style))
    return Exported(_rows_file(style), tally.rows, tally.size)


def verify_export(
    files: FileReader,
    style: ExportFormat,
    thumbprint: Digest | None = None,
    witnesses: Mapping[str, bytes] | None = None,
    quorum: int = 0,
) -> Exported:
    """What an export proves, if each of its rows is one that its proof bundles prove, in the log's order.

    ``thumbprint``, ``witnesses`` and ``quorum`` are as for ``verify_proof_bundle``, whose errors it raises; ``ProofInvalid`` also for
    rows that do not follow from the bundles; ``UnknownRecord`` when a file is not there.
    """
    tally = _Tally()

    def bundles() -> Iterator[tuple[str, ProvenBundle]]:
        for name in _bundle_files(files):
            yield name, verify_proof_bundle(b"".join(files.read(name)), thumbprint, witnesses, quorum)

    if not _same(files.read(_rows_file(style)), table(_proven(bundles(), tally), style)):
        raise ProofInvalid("the rows are not those that the proof bundles prove")
    return Exported(_rows_file(style), tally.rows, tally.size)


def page_bundle(page: QueryPage, keys: PublicKeys) -> ProofBundle:
    """The proofs of a page's entries in the log's order, as far as its checkpoint covers them; ``keys`` are those of the log's server.

    Raises ``UnknownRecord`` before the first checkpoint.
    """
    if page.checkpoint is None:
        raise UnknownRecord("checkpoint", "of the log")
    ordered = sorted(page.rows, key=lambda row: row.entry.leaf.index)
    proven = [BundledEntry(row.entry.leaf, row.entry.body, row.proof.path) for row in ordered if row.proof is not None]
    return ProofBundle(BUNDLE_FORMAT, tuple(proven), page.checkpoint, keys)


# ------------------------------------------------------------------------------------------------------------- writing


def _bundles(query: Query, wanted: EntryFilter, checkpoint: str, keys: PublicKeys) -> Iterator[ProofBundle]:
    """A bundle a page, at least one, up to the checkpoint."""
    cursor, more = None, True
    while more:
        page = query.page(wanted, cursor, PAGE_LIMIT, checkpoint=checkpoint)
        bundle = page_bundle(page, keys)
        if bundle.entries or cursor is None:
            yield bundle
        cursor = page.cursor
        more = cursor is not None and len(bundle.entries) == len(page.rows)


def _written(bundles: Iterator[ProofBundle], files: FileStore, tally: _Tally) -> Iterator[ExportedRow]:
    """Keeps each bundle, and then gives its rows."""
    for number, bundle in enumerate(bundles):
        name = _bundle_file(number)
        files.write(name, (proof_file_bytes(bundle),))
        tally.rows += len(bundle.entries)
        said = (None if entry.body is None else entry.body.entry for entry in bundle.entries)
        yield from (_row(entry.leaf, what, name) for entry, what in zip(bundle.entries, said, strict=True))


def _row(leaf: LogLeaf, entry: LogEntry | None, proofs: str) -> ExportedRow:
    return ExportedRow(leaf.index, leaf.at, leaf.commitment, entry, proofs)


def _rows_file(style: ExportFormat) -> str:
    return f"entries.{style.value}"


def _bundle_file(number: int) -> str:
    return f"proofs-{number + 1:06}.json"


# ------------------------------------------------------------------------------------------------------------ checking


def _bundle_files(files: FileReader) -> Sequence[str]:
    """The first, which every export has, and those that follow it without a gap."""
    there = set(files.names())
    count = next(number for number in range(len(there) + 1) if _bundle_file(number) not in there)
    return [_bundle_file(number) for number in range(max(count, 1))]


def _proven(bundles: Iterator[tuple[str, ProvenBundle]], tally: _Tally) -> Iterator[ExportedRow]:
    """The rows that the bundles prove. Raises ``ProofInvalid`` for bundles that are not of one export."""
    checkpoint = None
    for name, bundle in bundles:
        checkpoint = checkpoint or bundle.checkpoint
        if bundle.checkpoint != checkpoint:
            raise ProofInvalid(f"{name} is of another checkpoint than those before it")
        if bundle.entries and bundle.entries[0].leaf.index <= tally.last:
            raise ProofInvalid(f"{name} does not go on where those before it end")
        tally.size, tally.rows = checkpoint.size, tally.rows + len(bundle.entries)
        tally.last = bundle.entries[-1].leaf.index if bundle.entries else tally.last
        yield from (_row(entry.leaf, entry.entry, name) for entry in bundle.entries)


def _same(one: Iterator[bytes], other: Iterator[bytes]) -> bool:
    """Whether two files are the same, however they are cut in pieces."""
    left = right = memoryview(b"")
    while True:
        left, right = left or _next(one), right or _next(other)
        common = min(len(left), len(right))
        if not common or left[:common] != right[:common]:
            return not left and not right
        left, right = left[common:], right[common:]


def _next(pieces: Iterator[bytes]) -> memoryview:
    return memoryview(next((piece for piece in pieces if piece), b""))
