"""Evidence of what is wrong with a log, checked by anyone, without trusting the auditor who kept it.

What a document proves by itself is proven here; what has to be compared with the chain besides is named (``relies_on``). A document
comes from an accuser: whose cosignatures count, and how far clocks may be apart, is the reader's to say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.entry import read_entry
from certchain.encoding.evidence import read_evidence
from certchain.encoding.leaf import entry_commitment, parse_leaf
from certchain.encoding.note import parse_vkey
from certchain.errors import CertchainError, ProofInvalid, audit
from certchain.merkle import leaf_hash, verify_consistency, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.evidence import (
    CLOCK_TOLERANCE,
    BodyEvidence,
    ChainLeafEvidence,
    ChainRootEvidence,
    Evidence,
    ForkEvidence,
    LeafEvidence,
    ProvenFinding,
    RollbackEvidence,
    ServedEvidence,
    ShownEvidence,
    SignedHash,
    SignedLeaf,
)
from certchain.models.log import Checkpoint, ConsistencyProof, InclusionProof, SignedCheckpoint
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures

CHAIN = "chain"
AUDITOR = "auditor"
WITNESSES = "witnesses"

_Witnessed = ForkEvidence | RollbackEvidence | LeafEvidence


def verify_evidence(data: bytes, witnesses: Mapping[str, bytes], tolerance: int = CLOCK_TOLERANCE) -> ProvenFinding:
    """What a document proves, if no byte of it was changed.

    ``witnesses`` are those whom the reader knows, Ed25519 public keys by name: anyone can make a key, and a name for it, so that what
    others have cosigned ``relies_on`` them. ``tolerance`` is how far the reader grants that clocks were apart, in seconds: what was kept
    with a smaller one has to hold with this. Raises ``ProofInvalid``.
    """
    evidence = read_evidence(data)
    if isinstance(evidence, LeafEvidence):
        evidence = _with_tolerance(evidence, tolerance)
    try:
        return _with_known(_VERIFIERS[type(evidence)](evidence), witnesses)
    except ProofInvalid:
        raise
    except CertchainError as problem:  # a wrong signature, path, root, leaf or number
        raise ProofInvalid(str(problem).rstrip(".")) from problem


def _with_tolerance(evidence: LeafEvidence, tolerance: int) -> LeafEvidence:
    _require(evidence.tolerance >= 0, "clocks cannot be apart by less than nothing")
    return replace(evidence, tolerance=max(evidence.tolerance, tolerance))


def _with_known(proven: ProvenFinding, witnesses: Mapping[str, bytes]) -> ProvenFinding:
    """The finding, which relies on witnesses no more when all of them are the reader's."""
    keys = [parse_vkey(witness) for witness in proven.witnesses]
    if not all(witnesses.get(key.name) == key.value for key in keys):
        return proven
    return replace(proven, relies_on=tuple(reason for reason in proven.relies_on if reason != WITNESSES))


def cosigned_at(note: str, witnesses: Sequence[str]) -> tuple[int, ...]:
    """When these witnesses (vkeys) cosigned a note, one time each. Raises ``CosignaturesMissing`` unless all of them did."""
    keys = {key.name: key.value for key in map(parse_vkey, witnesses)}
    return tuple(cosignature.at for cosignature in verify_cosignatures(note, keys, len(keys)))


def seen_later(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether the same witnesses, by the times at which they cosigned, all saw one checkpoint after the other; nobody has seen nothing."""
    return bool(before) and bool(after) and min(after) > max(before)


def _fork(evidence: ForkEvidence) -> ProvenFinding:
    smaller, larger = _two_of_one_log(evidence.smaller, evidence.larger)
    _require(0 < smaller.size <= larger.size, "the smaller checkpoint comes first")
    proof = ConsistencyProof(smaller.size, larger.size, evidence.path)
    verify_consistency(proof, evidence.prefix_root, larger.root)
    _require(evidence.prefix_root != smaller.root, "the two checkpoints are of one log")
    for signed in (evidence.smaller, evidence.larger):
        cosigned_at(signed.note, evidence.witnesses)
    _require((evidence.finding == "LyingWitness") == bool(evidence.witnesses), "a witness lies who cosigned both")
    by = f", and {', '.join(evidence.witnesses)} cosigned both" if evidence.witnesses else ""
    said = f"the log's server signed checkpoints of {smaller.size} and {larger.size} entries that cannot both be of one log{by}"
    relies = (WITNESSES,) if evidence.witnesses else ()
    return _proven(evidence, ("SplitView", "LyingWitness"), larger, said, relies, evidence.smaller, evidence.larger)


def _rollback(evidence: RollbackEvidence) -> ProvenFinding:
    before, after = _two_of_one_log(evidence.before, evidence.after)
    _require(after.size < before.size, "the log did not become smaller")
    seen = (cosigned_at(signed.note, evidence.witnesses) for signed in (evidence.before, evidence.after))
    later = seen_later(*seen)
    said = f"the log's server signed for {before.size} entries, and for {after.size}" + (" afterwards" if later else "")
    relies = (WITNESSES,) if later else (AUDITOR,)
    return _proven(evidence, ("DatabaseRolledBack",), after, said, relies, evidence.before, evidence.after)


def _chain_leaf(evidence: ChainLeafEvidence) -> ProvenFinding:
    checkpoint, index = _checkpoint(evidence.checkpoint), evidence.index
    _require(evidence.step.first_index <= index < evidence.step.size, "the entry is not in the chain's batch")
    if evidence.signed is None:
        _require(checkpoint.size <= index, "the checkpoint has the entry")
        has = f"signed for {checkpoint.size} entries and no more"
    else:
        _require(evidence.signed.index == index, "the entry is another")
        _verify_hash(evidence.signed, checkpoint)
        _require(evidence.chain_hash not in {None, evidence.signed.leaf_hash}, "the log has what the chain has")
        has = f"signed for {evidence.signed.leaf_hash.value.hex()} as entry {index}"
    if evidence.elsewhere is not None:
        _verify_hash(evidence.elsewhere, checkpoint)
        found = (evidence.elsewhere.leaf_hash, evidence.elsewhere.index > index)
        _require(found == (evidence.chain_hash, True), "the chain's entry is not further on in the log")
    said = f"the log's server {has}, and the chain has another entry {index} by account {evidence.step.account}"
    # That the server has signed for no more than the checkpoint at hand, nobody can prove.
    relies = (CHAIN,) if evidence.signed is not None else (CHAIN, AUDITOR)
    return _proven(evidence, _moved(evidence), checkpoint, said, relies, evidence.checkpoint)


def _moved(evidence: ChainLeafEvidence) -> tuple[str, ...]:
    """What the finding may be called, by where the two entries are found besides."""
    match evidence.elsewhere is not None, evidence.signed_elsewhere is not None:
        case True, True:
            return ("EntriesReordered",)
        case True, False:
            return ("EntryInserted",)
        case False, True:
            return ("EntryRemoved",)
    return ("EntryChanged", "GarbageOnChain", "DatabaseRolledBack")


def _chain_root(evidence: ChainRootEvidence) -> ProvenFinding:
    checkpoint = _checkpoint(evidence.checkpoint)
    _require(evidence.size > 0, "every log continues the empty one")
    proof = ConsistencyProof(evidence.size, checkpoint.size, evidence.path)
    verify_consistency(proof, evidence.prefix_root, checkpoint.root)
    step = evidence.step
    _require(step is None or step.size == evidence.size, "the chain's batch ends elsewhere")
    _require(step is None or step.root != evidence.prefix_root, "the log has what the chain has")
    if step is None:  # many sizes are none at which the chain has stopped: that it had this one, the auditor says
        said = f"the log's server signed for {evidence.size} entries, at which the chain has no root"
        return _proven(evidence, ("ChainRolledBack",), checkpoint, said, (CHAIN, AUDITOR), evidence.checkpoint)
    said = f"the log's server signed for another root at {evidence.size} entries than the chain has by account {step.account}"
    names = ("EntryChanged", "GarbageOnChain", "ChainRolledBack")
    return _proven(evidence, names, checkpoint, said, (CHAIN,), evidence.checkpoint)


def _leaf(evidence: LeafEvidence) -> ProvenFinding:
    checkpoint, index = _checkpoint(evidence.checkpoint), evidence.entry.index
    _verify_leaf(evidence.entry, checkpoint)
    leaf = parse_leaf(evidence.entry.leaf)
    if evidence.finding == "WrongIndex":
        _require(leaf.index != index, "the entry is in its place")
        said = f"the log's server signed for an entry {index} that gives its index as {leaf.index}"
        return _proven(evidence, ("WrongIndex",), checkpoint, said, (), evidence.checkpoint)
    said, relies = _wrong_time(evidence, checkpoint, leaf.at)
    return _proven(evidence, ("EntryBackdated",), checkpoint, said, relies, evidence.checkpoint)


def _wrong_time(evidence: LeafEvidence, checkpoint: Checkpoint, at: int) -> tuple[str, tuple[str, ...]]:
    index, tolerance = evidence.entry.index, evidence.tolerance
    apart = f", with clocks that may be {tolerance} seconds apart"
    if evidence.before is not None:
        _verify_leaf(evidence.before, checkpoint)
        earlier = parse_leaf(evidence.before.leaf).at
        _require(evidence.before.index == index - 1 and at < earlier, "the times do not go back")
        return f"entry {index} is of {at}, and the one in front of it of {earlier}", ()
    if evidence.earlier is not None:
        without, _ = _two_of_one_log(evidence.earlier, evidence.checkpoint)
        seen = min(cosigned_at(evidence.earlier.note, evidence.witnesses), default=0)
        _require(without.size <= index and at < seen - tolerance, "the entry may have been logged then")
        return f"entry {index} is of {at}, and was not there when witnesses saw the log at {seen}{apart}", (WITNESSES,)
    if evidence.step is not None:
        _require(index < evidence.step.size and at > evidence.step.at + tolerance, "the time is not after the chain's")
        return f"entry {index} is of {at}, and the chain had it at {evidence.step.at}{apart}", (CHAIN,)
    times = cosigned_at(evidence.checkpoint.note, evidence.witnesses)
    _require(bool(times) and at > max(times) + tolerance, "the time is not after the cosignatures'")
    return f"entry {index} is of {at}, and witnesses saw it at {max(times)}{apart}", (WITNESSES,)


def _served(evidence: ServedEvidence) -> ProvenFinding:
    checkpoint, index = _checkpoint(evidence.checkpoint), evidence.signed.index
    _verify_hash(evidence.signed, checkpoint)
    _require(leaf_hash(evidence.offered) != evidence.signed.leaf_hash, "what was served is what was signed")
    said = f"what was served as entry {index} is not what the log's server signed for"
    names = ("EntryChanged", "EntryRemoved", "EntryInserted", "EntriesReordered", "LogGap")
    return _proven(evidence, names, checkpoint, said, (AUDITOR,), evidence.checkpoint)


def _body(evidence: BodyEvidence) -> ProvenFinding:
    checkpoint, index = _checkpoint(evidence.checkpoint), evidence.entry.index
    _verify_leaf(evidence.entry, checkpoint)
    if not evidence.body:
        said = f"the log's server signed for entry {index}, and did not give what it says"
        return _proven(evidence, ("ErasedWithoutRecord",), checkpoint, said, (AUDITOR,), evidence.checkpoint)
    read_entry(evidence.body)
    committed = parse_leaf(evidence.entry.leaf).commitment
    _require(entry_commitment(evidence.salt, evidence.body) != committed, "the entry says what its leaf commits to")
    said = f"what was given as entry {index} is not what its leaf commits to"
    return _proven(evidence, ("BodyNotCommitted",), checkpoint, said, (AUDITOR,), evidence.checkpoint)


def _shown(evidence: ShownEvidence) -> ProvenFinding:
    _require(evidence.finding in audit.__all__, f"{evidence.finding} is no finding")
    if evidence.checkpoint is None:
        return ProvenFinding(evidence.finding, "", f"nothing; what was shown is {evidence.shown}", (), (AUDITOR,))
    checkpoint = _checkpoint(evidence.checkpoint)
    said = f"the log's server signed for {checkpoint.size} entries; beside it was shown: {evidence.shown}"
    return _proven(evidence, (evidence.finding,), checkpoint, said, (AUDITOR,), evidence.checkpoint)


_VERIFIERS: dict[type[Any], Callable[[Any], ProvenFinding]] = {
    ForkEvidence: _fork,
    RollbackEvidence: _rollback,
    ChainLeafEvidence: _chain_leaf,
    ChainRootEvidence: _chain_root,
    LeafEvidence: _leaf,
    ServedEvidence: _served,
    BodyEvidence: _body,
    ShownEvidence: _shown,
}


def _proven(
    evidence: Evidence,
    names: Sequence[str],
    checkpoint: Checkpoint,
    said: str,
    relies: tuple[str, ...],
    *signed: SignedCheckpoint,
) -> ProvenFinding:
    _require(evidence.finding in names, f"it does not prove {evidence.finding}")
    thumbprints = tuple(dict.fromkeys(key_thumbprint(each.keys) for each in signed))
    witnesses = evidence.witnesses if isinstance(evidence, _Witnessed) and WITNESSES in relies else ()
    return ProvenFinding(evidence.finding, checkpoint.origin, said, thumbprints, relies, witnesses)


def _checkpoint(signed: SignedCheckpoint) -> Checkpoint:
    return verify_checkpoint(signed.note, signed.keys)


def _two_of_one_log(one: SignedCheckpoint, other: SignedCheckpoint) -> tuple[Checkpoint, Checkpoint]:
    first, second = _checkpoint(one), _checkpoint(other)
    same = (first.origin, first.signer) == (second.origin, second.signer)
    _require(same, "the checkpoints are of two logs, or of two servers")
    return first, second


def _verify_hash(signed: SignedHash, checkpoint: Checkpoint) -> Digest:
    proof = InclusionProof(signed.index, checkpoint.size, signed.path)
    return verify_inclusion(signed.leaf_hash, proof, checkpoint.root)


def _verify_leaf(signed: SignedLeaf, checkpoint: Checkpoint) -> Digest:
    return _verify_hash(SignedHash(signed.index, leaf_hash(signed.leaf), signed.path), checkpoint)


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ProofInvalid(f"it proves nothing: {otherwise}")
