"""Post-verification: who logged in to a device between two times, as a file whose lines prove that they are all that the log has there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from certchain.encoding.document import to_line
from certchain.errors import MalformedValue, ProofInvalid, UnknownRecord
from certchain.log.publication import read_checkpoint
from certchain.log.query import Query
from certchain.merkle import consistency_proof, tree_frontier
from certchain.models.answer import AnswerHead, AnswerLine, AnswerTail, Standing
from certchain.models.entry import ErasureEntry
from certchain.models.identifier import DeviceId
from certchain.models.log import BundledEntry, LoggedEntry, LogLeaf, key_period
from certchain.models.query import PAGE_LIMIT, EntryFilter, ProvenRow, RowKind
from certchain.verification.answer import ANSWER_FORMAT, accounts, answer_statement, is_login_at
from certchain.verification.statement import Identity

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Question:
    """Who logged in to ``device`` from ``since`` on and before ``until`` (seconds since the epoch).

    Where ``whole``, the answer shows everything of that time, about other devices too, so that its completeness is proven; else only
    what is about the device, and that nothing is missing is the server's signed word.
    """

    device: DeviceId
    since: int
    until: int
    whole: bool

    def __post_init__(self) -> None:
        if not 0 <= self.since < self.until:
            raise MalformedValue("window", "it ends before it begins")


@dataclass(slots=True)
class _Gone:
    """The last erased entry of each period."""

    last: dict[int, LogLeaf] = field(default_factory=dict)


def answer(query: Query, server: Identity, question: Question) -> Iterator[bytes]:
    """The answer, a line at a time, against the newest checkpoint that the chain was found to have.

    A page of entries is in memory at a time. Raises ``UnknownRecord`` while nothing is anchored, and ``ProofInvalid`` when something was
    erased and the log has no record that accounts for it.
    """
    note = query.publication.anchored()
    if note is None:
        raise UnknownRecord("checkpoint", "anchored")
    size = read_checkpoint(note).size
    begin, stop = _run(query, question, size)
    frontier, path = tree_frontier(query.tiles, begin), consistency_proof(query.tiles, stop, size).path
    head = to_line(
        AnswerHead(
            format=ANSWER_FORMAT,
            network=server.network,
            device=question.device,
            since=question.since,
            until=question.until,
            whole=question.whole,
            begin=begin,
            stop=stop,
            frontier=frontier,
            consistency=path,
            checkpoint=note,
            keys=server.keys.public,
        )
    )
    said, gone = sha256(head), _Gone()
    yield head
    for logged in _entries(query, begin, stop):
        line = to_line(_line(question, logged, gone))
        said.update(line)
        yield line
    signature = server.keys.sign(answer_statement(server.network, server.party, said.digest()))
    yield to_line(AnswerTail(_records(query, gone.last, note), signature))


def _run(query: Query, question: Question, size: int) -> tuple[int, int]:
    """Which entries: those of the window, and one beyond each of its ends."""
    first, end = _first_at(query, question.since, size), _first_at(query, question.until, size)
    return max(first - 1, 0), min(end + 1, size)


def _first_at(query: Query, at: int, size: int) -> int:
    """The first entry of that time or later: times never go back."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if query.reader.entries(middle, 1)[0].leaf.at < at:
            low = middle + 1
        else:
            high = middle
    return low


def _entries(query: Query, first: int, stop: int) -> Iterator[LoggedEntry]:
    while first < stop:
        page = query.reader.entries(first, min(_PAGE, stop - first))
        if not page:
            raise UnknownRecord("entry", str(first))
        yield from page
        first += len(page)


def _line(question: Question, logged: LoggedEntry, gone: _Gone) -> AnswerLine:
    leaf, body = logged.leaf, logged.body
    if not question.since <= leaf.at < question.until:
        return AnswerLine(Standing.EDGE, leaf, None)
    if body is None:
        gone.last[key_period(leaf.at)] = leaf
        return AnswerLine(Standing.ERASED, leaf, None)
    if question.whole or is_login_at(body.entry, question.device):
        return AnswerLine(Standing.SHOWN, leaf, body)
    return AnswerLine(Standing.WITHHELD, leaf, None)


def _records(query: Query, gone: Mapping[int, LogLeaf], note: str) -> tuple[BundledEntry, ...]:
    """For each period the first record that accounts for what was erased in it. Raises ``ProofInvalid``."""
    waiting, found = dict(gone), list[BundledEntry]()
    cursor: int | None = min((leaf.index for leaf in waiting.values()), default=None)
    while waiting and cursor is not None:
        page = query.page(EntryFilter(kind=RowKind.ERASURE), cursor, PAGE_LIMIT, checkpoint=note)
        for row in page.rows:
            explained = {period for period, leaf in waiting.items() if _accounts(row, leaf)}
            if explained:
                found.append(_bundled(row))
                waiting = {period: leaf for period, leaf in waiting.items() if period not in explained}
        cursor = page.cursor
    for leaf in waiting.values():
        raise ProofInvalid(f"entry {leaf.index} is erased, and no record that is on the chain accounts for it")
    return tuple(found)


def _accounts(row: ProvenRow, erased: LogLeaf) -> bool:
    said = row.entry.body.entry if row.entry.body and row.proof else None
    return isinstance(said, ErasureEntry) and accounts(row.entry.leaf, said, erased)


def _bundled(row: ProvenRow) -> BundledEntry:
    return BundledEntry(row.entry.leaf, row.entry.body, row.proof.path if row.proof else ())
