"""Answers of post-verification, checked offline, a line at a time: all entries of a window of time, none missing and none exchanged.

The log's times never go back, so a window of time is a run of entries. The head's frontier and the leaves of the lines make the root of the
tree up to the last line; a consistency proof takes that to the root that the server signed. The entries beyond the window's ends show
where it begins and ends.

What entries say is checked against their leaves. Of those whose bodies are withheld the file shows place and time only: that none of
them is a login at the device is the server's word, which it has signed. Of an erased entry nobody can tell any more whom it was about; it
has to be accounted for by a record of an erasure, later in the log, that reaches to its time. That record is of some subject's erasure, and
not of this entry's: that an entry is erased and not only hidden is the server's signed word, too.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from certchain.encoding.checkpoint import log_origin
from certchain.encoding.digest import statement
from certchain.encoding.document import from_line
from certchain.encoding.leaf import leaf_bytes
from certchain.errors import CertchainError, CheckpointInvalid, CosignaturesMissing, ProofInvalid, WrongSigner
from certchain.keys import verify_signature
from certchain.merkle import CompactRange, leaf_hash, verify_consistency, verify_inclusion
from certchain.models.answer import AnswerHead, AnswerLine, AnswerTail, ProvenAnswer, Standing
from certchain.models.digest import Digest
from certchain.models.entry import ErasureEntry, LogEntry, LoginEntry
from certchain.models.identifier import DeviceId, Party
from certchain.models.log import (
    BundledEntry,
    Checkpoint,
    ConsistencyProof,
    Cosignature,
    InclusionProof,
    LogLeaf,
    erased_before,
    key_period,
)
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures
from certchain.verification.entry import verify_body

ANSWER_FORMAT = "certchain-log-answer/v1"
LONGEST_LINE = 1024 * 1024
"""No line of an answer is longer, in bytes."""

Take = Callable[[LogLeaf, LoginEntry], object]


def is_answer(data: bytes) -> bool:
    """Whether a file's beginning says that it is an answer; nothing of it is verified."""
    return data.startswith(f'{{"format":"{ANSWER_FORMAT}"'.encode())


def is_login_at(entry: LogEntry, device: DeviceId) -> bool:
    """What the question is about."""
    return isinstance(entry, LoginEntry) and entry.device == device


def answer_statement(network: bytes, signer: Party, lines: bytes) -> bytes:
    """What the server signs: SHA-256 (32 bytes) of all lines before the last, as a statement."""
    return statement(network, "LogAnswer", signer, lines)


def verify_answer(
    lines: Iterable[bytes],
    thumbprint: Digest | None = None,
    witnesses: Mapping[str, bytes] | None = None,
    quorum: int = 0,
    take: Take = lambda leaf, login: None,
) -> ProvenAnswer:
    """What an answer proves, if no byte of it was changed; ``take`` gets each login at the device, in the log's order.

    What ``take`` got counts only once this has returned. ``thumbprint``, ``witnesses`` and ``quorum`` are as for ``verify_proof_file``.
    Raises ``ProofInvalid``, ``CheckpointInvalid``, ``CosignaturesMissing`` or ``WrongSigner``. A line is in memory at a time.
    """
    try:
        return _verified(iter(lines), thumbprint, witnesses or {}, quorum, take)
    except (ProofInvalid, CheckpointInvalid, CosignaturesMissing, WrongSigner):
        raise
    except CertchainError as problem:
        raise ProofInvalid(str(problem).rstrip(".")) from problem


def _verified(
    lines: Iterator[bytes], thumbprint: Digest | None, witnesses: Mapping[str, bytes], quorum: int, take: Take
) -> ProvenAnswer:
    first = _next(lines)
    head = from_line(AnswerHead, first)
    checkpoint, cosigned = _vouched(head, thumbprint, witnesses, quorum)
    window = _Window(head, take, CompactRange.at(head.begin, head.frontier))
    said = sha256(first)
    for _ in range(head.begin, head.stop):
        line = _next(lines)
        said.update(line)
        window.add(from_line(AnswerLine, line))
    tail = from_line(AnswerTail, _next(lines))
    if next(lines, None) is not None:
        raise ProofInvalid("it goes on behind its last line")
    statement_ = answer_statement(head.network, checkpoint.signer, said.digest())
    verify_signature(head.keys.signing, statement_, tail.signature, str(checkpoint.signer))
    proof = ConsistencyProof(head.stop, checkpoint.size, head.consistency)
    verify_consistency(proof, window.tree.root(), checkpoint.root)
    return window.proven(checkpoint, cosigned, _accounted(window.erased, tail.records, checkpoint))


def _next(lines: Iterator[bytes]) -> bytes:
    line = next(lines, b"")
    if not line.endswith(b"\n") or len(line) > LONGEST_LINE:
        raise ProofInvalid("it is cut off, or has a line that is too long")
    return line


def _vouched(
    head: AnswerHead, thumbprint: Digest | None, witnesses: Mapping[str, bytes], quorum: int
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """The checkpoint and the cosignatures asked for, when the head can be one of that log."""
    checkpoint = verify_checkpoint(head.checkpoint, head.keys)
    if thumbprint is not None and thumbprint != checkpoint.thumbprint:
        raise WrongSigner(str(thumbprint), str(checkpoint.thumbprint))
    if head.format != ANSWER_FORMAT or checkpoint.origin != log_origin(head.network):
        raise ProofInvalid("it is of another format, or of another network's log")
    if not 0 <= head.begin <= head.stop <= checkpoint.size:
        raise ProofInvalid("its lines are not of the log that the checkpoint is of")
    return checkpoint, verify_cosignatures(head.checkpoint, witnesses, quorum)


@dataclass(slots=True)
class _Window:
    """The lines as they come: what they make of the tree, and what they say."""

    head: AnswerHead
    take: Take
    tree: CompactRange
    counts: dict[Standing, int] = field(default_factory=lambda: dict.fromkeys(Standing, 0))
    logins: int = 0
    at: int = 0
    edges: list[LogLeaf] = field(default_factory=list)
    erased: dict[int, LogLeaf] = field(default_factory=dict)

    def add(self, line: AnswerLine) -> None:
        """The next line. Raises ``ProofInvalid``, ``BodyChanged``."""
        leaf, index = line.leaf, self.tree.size
        if leaf.index != index or leaf.at < self.at:
            raise ProofInvalid(f"where entry {index} belongs there is another, or its time goes back")
        self.at = leaf.at
        self.counts[line.standing] += 1
        if (line.standing is Standing.EDGE) == (self.head.since <= leaf.at < self.head.until):
            raise ProofInvalid(f"entry {index} stands on the wrong side of the window's edge")
        if line.standing is Standing.EDGE and not self._is_end(leaf):
            raise ProofInvalid(f"entry {index} is beyond the window, and not next to it")
        if (line.standing is Standing.SHOWN) != (line.body is not None):
            raise ProofInvalid(f"entry {index} is said to be {line.standing}")
        self._read(line)
        self.tree.append(leaf_hash(leaf_bytes(leaf)))

    def _is_end(self, leaf: LogLeaf) -> bool:
        """Whether an entry beyond the window is the first line or the last."""
        return leaf.index == (self.head.begin if leaf.at < self.head.since else self.head.stop - 1)

    def _read(self, line: AnswerLine) -> None:
        leaf, head = line.leaf, self.head
        match line.standing:
            case Standing.EDGE:
                self.edges.append(leaf)
            case Standing.ERASED:
                self.erased[key_period(leaf.at)] = leaf  # the last of a period is the hardest to account for
            case Standing.WITHHELD if head.whole:
                raise ProofInvalid(f"entry {leaf.index} is withheld, and all were asked for")
        if line.body is None:
            return
        said = verify_body(leaf, line.body).entry
        if isinstance(said, LoginEntry) and is_login_at(said, head.device):
            self.logins += 1
            self.take(leaf, said)
        elif not head.whole:
            raise ProofInvalid(f"entry {leaf.index} is shown, and is no login at the device")

    def proven(
        self, checkpoint: Checkpoint, cosigned: tuple[Cosignature, ...], records: tuple[int, ...]
    ) -> ProvenAnswer:
        """Raises ``ProofInvalid`` when an end of the window is not shown."""
        head, counts = self.head, self.counts
        before = bool(self.edges) and self.edges[0].at < head.since
        after = bool(self.edges) and self.edges[-1].at >= head.until
        if head.begin > 0 and not before:
            raise ProofInvalid("it does not show where the window begins")
        if head.stop < checkpoint.size and not after:
            raise ProofInvalid("it does not show where the window ends")
        return ProvenAnswer(
            device=head.device,
            since=head.since,
            until=head.until,
            whole=head.whole,
            ended=after,
            entries=sum(counts.values()) - counts[Standing.EDGE],
            logins=self.logins,
            others=counts[Standing.SHOWN] - self.logins,
            withheld=counts[Standing.WITHHELD],
            erased=counts[Standing.ERASED],
            records=records,
            checkpoint=checkpoint,
            cosignatures=cosigned,
        )


def _accounted(
    erased: Mapping[int, LogLeaf], records: Iterable[BundledEntry], checkpoint: Checkpoint
) -> tuple[int, ...]:
    """The places of the records, which account for everything that was erased. Raises ``ProofInvalid``."""
    waiting, places = dict(erased), list[int]()
    for record in records:
        said = None if record.body is None else verify_body(record.leaf, record.body).entry
        if not isinstance(said, ErasureEntry):
            raise ProofInvalid(f"entry {record.leaf.index} is no record of an erasure")
        proof = InclusionProof(record.leaf.index, checkpoint.size, record.path)
        verify_inclusion(leaf_hash(leaf_bytes(record.leaf)), proof, checkpoint.root)
        waiting = {period: leaf for period, leaf in waiting.items() if not accounts(record.leaf, said, leaf)}
        places.append(record.leaf.index)
    for leaf in waiting.values():
        raise ProofInvalid(f"entry {leaf.index} is erased, and no record accounts for it")
    return tuple(places)


def accounts(place: LogLeaf, record: ErasureEntry, erased: LogLeaf) -> bool:
    """Whether the record of an erasure can be why an entry was erased: it comes later, and reaches to the entry's time."""
    return place.index > erased.index and record.before > 0 and key_period(erased.at) < erased_before(record)
