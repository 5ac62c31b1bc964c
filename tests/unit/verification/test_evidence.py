"""Evidence in hostile hands: no document proves what was not signed."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.entry import entry_bytes
from certchain.encoding.evidence import FORMATS, evidence_bytes, read_evidence
from certchain.encoding.note import vkey
from certchain.errors import ProofInvalid
from certchain.keys import KeyPair
from certchain.merkle import consistency_proof, inclusion_proof, leaf_hash, tree_root
from certchain.models.digest import Digest
from certchain.models.evidence import (
    BodyEvidence,
    ChainLeafEvidence,
    ChainRootEvidence,
    ChainStep,
    Evidence,
    ForkEvidence,
    LeafEvidence,
    RollbackEvidence,
    ServedEvidence,
    ShownEvidence,
    SignedHash,
    SignedLeaf,
)
from certchain.models.log import SignedCheckpoint
from certchain.models.note import KeyType, NoteKey
from certchain.verification.evidence import verify_evidence
from tests.audited import RawLog, Watch, changed
from tests.industry import NOON

SIZE = 40
WATCH = Watch()
WATCH.book.record(SIZE)
LEAVES = [replace(leaf, at=NOON + leaf.index) for leaf in WATCH.leaves()]
LOG = WATCH.signed(LEAVES)
"""Every entry is a second after the one before."""
TWIN = WATCH.signed([*LEAVES[:30], *(changed(leaf) for leaf in LEAVES[30:])])
WANDA = (vkey(NoteKey(WATCH.wanda.name, KeyType.COSIGNATURE, WATCH.wanda.keys.public.signing)),)
STRANGER = (vkey(NoteKey("witness.example/mallory", KeyType.COSIGNATURE, KeyPair.generate().public.signing)),)
STEP = ChainStep(0, SIZE, Digest(bytes(32)), NOON, bytes(32), "0x" + "00" * 20)


def signed(raw: RawLog, size: int = SIZE, cosigned: int | None = None, **changes: Any) -> SignedCheckpoint:
    note = WATCH.sign(raw, size, **changes)
    return SignedCheckpoint(
        note if cosigned is None else WATCH.wanda.cosign(note, cosigned), WATCH.book.server.keys.public
    )


def at(raw: RawLog, index: int) -> SignedHash:
    return SignedHash(index, leaf_hash(raw.leaves[index]), inclusion_proof(raw, index, SIZE).path)


def leaf(raw: RawLog, index: int) -> SignedLeaf:
    return SignedLeaf(index, raw.leaves[index], inclusion_proof(raw, index, SIZE).path)


def evidence(kind: Any, finding: str, *values: Any) -> Any:
    return kind(FORMATS[kind], finding, *values)


HERE, THERE = signed(LOG, cosigned=NOON), signed(TWIN, cosigned=NOON)
FORK = evidence(ForkEvidence, "SplitView", HERE, THERE, tree_root(TWIN, SIZE), (), ())
PREFIX = evidence(
    ForkEvidence, "SplitView", signed(LOG, 35), THERE, tree_root(TWIN, 35), consistency_proof(TWIN, 35, SIZE).path, ()
)
LIE = replace(FORK, finding="LyingWitness", witnesses=WANDA)
ROLLBACK = evidence(RollbackEvidence, "DatabaseRolledBack", HERE, signed(LOG, 30, NOON + 9), WANDA)
OTHER = Digest(b"\1" * 32)
LEAF = evidence(ChainLeafEvidence, "EntryChanged", HERE, STEP, 9, OTHER, at(LOG, 9), None, None)
MORE = evidence(ChainLeafEvidence, "GarbageOnChain", signed(LOG, 30), STEP, 30, OTHER, None, None, None)
MOVED = replace(
    LEAF, finding="EntriesReordered", chain_hash=at(LOG, 12).leaf_hash, elsewhere=at(LOG, 12), signed_elsewhere=12
)
ROOT = evidence(
    ChainRootEvidence, "EntryChanged", HERE, 30, tree_root(LOG, 30), consistency_proof(LOG, 30, SIZE).path, None
)
AT_THIRTY = replace(ROOT, step=replace(STEP, size=30))
AHEAD = evidence(LeafEvidence, "EntryBackdated", HERE, leaf(LOG, 39), None, None, None, WANDA, 38)
BEHIND = replace(AHEAD, entry=leaf(LOG, 30), earlier=signed(LOG, 30, NOON + 100), tolerance=69)
IN_BATCH = replace(AHEAD, step=STEP)
SERVED = evidence(ServedEvidence, "EntryChanged", HERE, TWIN.leaves[30], at(LOG, 30))
GONE = evidence(BodyEvidence, "ErasedWithoutRecord", HERE, leaf(LOG, 9), b"", b"")
SHOWN = evidence(ShownEvidence, "LogGap", HERE, 9, "nothing")


@pytest.mark.parametrize(
    ("proof", "relies_on"),
    [
        (FORK, ()),
        (PREFIX, ()),
        (LIE, ()),
        (ROLLBACK, ()),
        (replace(ROLLBACK, witnesses=()), ("auditor",)),
        (replace(ROLLBACK, after=signed(LOG, 30, NOON - 9)), ("auditor",)),
        (replace(ROLLBACK, after=signed(LOG, 30, NOON)), ("auditor",)),
        (LEAF, ("chain",)),
        (MORE, ("chain", "auditor")),
        (replace(MORE, chain_hash=None), ("chain", "auditor")),
        (MOVED, ("chain",)),
        (replace(MOVED, finding="EntryInserted", signed_elsewhere=None), ("chain",)),
        (replace(LEAF, finding="EntryRemoved", signed_elsewhere=12), ("chain",)),
        (AT_THIRTY, ("chain",)),
        (replace(ROOT, finding="ChainRolledBack"), ("chain", "auditor")),
        (AHEAD, ()),
        (BEHIND, ()),
        (IN_BATCH, ("chain",)),
        (SERVED, ("auditor",)),
        (GONE, ("auditor",)),
        (SHOWN, ("auditor",)),
        (replace(SHOWN, checkpoint=None), ("auditor",)),
    ],
)
def test_evidence_proves_its_finding_and_names_what_it_leaves_open(proof: Evidence, relies_on: tuple[str, ...]) -> None:
    proven = verify_evidence(evidence_bytes(proof), WATCH.known, 0)
    assert (proven.finding, proven.relies_on) == (proof.finding, relies_on)
    assert read_evidence(evidence_bytes(proof)) == proof


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(replace(FORK, larger=HERE), id="one checkpoint twice"),
        pytest.param(replace(FORK, prefix_root=tree_root(LOG, SIZE)), id="the same root"),
        pytest.param(replace(FORK, smaller=HERE, larger=signed(TWIN, origin="another/log")), id="two logs"),
        pytest.param(replace(FORK, larger=replace(THERE, keys=KeyPair.generate().public)), id="other keys"),
        pytest.param(replace(FORK, witnesses=WANDA), id="a lying witness under a smaller name"),
        pytest.param(replace(FORK, finding="LyingWitness"), id="a lie of nobody"),
        pytest.param(replace(LIE, witnesses=STRANGER), id="a witness who signed neither"),
        pytest.param(replace(LIE, smaller=signed(LOG)), id="a witness who signed one"),
        pytest.param(replace(LIE, witnesses=("no key",)), id="no key"),
        pytest.param(replace(PREFIX, prefix_root=tree_root(LOG, 35)), id="an honest prefix"),
        pytest.param(replace(PREFIX, smaller=THERE, larger=signed(LOG, 35)), id="the larger first"),
        pytest.param(replace(PREFIX, path=PREFIX.path[:-1]), id="a shorter path"),
        pytest.param(replace(PREFIX, smaller=signed(LOG, 0), path=()), id="the empty log"),
        pytest.param(replace(FORK, finding="EntryChanged"), id="another finding"),
        pytest.param(replace(ROLLBACK, before=ROLLBACK.after, after=HERE), id="a log that grew"),
        pytest.param(replace(ROLLBACK, witnesses=STRANGER), id="a rollback without its witness"),
        pytest.param(replace(LEAF, chain_hash=at(LOG, 9).leaf_hash), id="the chain has it"),
        pytest.param(replace(LEAF, chain_hash=None), id="the chain has none"),
        pytest.param(replace(LEAF, index=10), id="another index"),
        pytest.param(replace(LEAF, index=SIZE), id="beyond the batch"),
        pytest.param(replace(LEAF, signed=at(TWIN, 30)), id="another checkpoint's leaf"),
        pytest.param(replace(LEAF, signed=None), id="the checkpoint has the entry"),
        pytest.param(replace(LEAF, finding="EntryRemoved"), id="nothing moved"),
        pytest.param(replace(MOVED, elsewhere=at(LOG, 13)), id="not what moved"),
        pytest.param(replace(MOVED, chain_hash=at(LOG, 3).leaf_hash, elsewhere=at(LOG, 3)), id="moved forward"),
        pytest.param(ROOT, id="a size at which the chain has no root"),
        pytest.param(replace(ROOT, finding="GarbageOnChain"), id="garbage that the chain has not"),
        pytest.param(replace(AT_THIRTY, step=STEP), id="a batch of another size"),
        pytest.param(replace(AT_THIRTY, prefix_root=Digest(bytes(32))), id="a root that was not signed"),
        pytest.param(replace(AT_THIRTY, step=replace(STEP, size=30, root=tree_root(LOG, 30))), id="the chain's root"),
        pytest.param(replace(AT_THIRTY, size=0), id="at no size"),
        pytest.param(replace(AHEAD, tolerance=39), id="within the tolerance"),
        pytest.param(replace(AHEAD, tolerance=-1), id="less than no tolerance"),
        pytest.param(replace(AHEAD, witnesses=()), id="seen by nobody"),
        pytest.param(replace(AHEAD, finding="WrongIndex"), id="in its place"),
        pytest.param(replace(AHEAD, before=leaf(LOG, 38)), id="times in order"),
        pytest.param(replace(AHEAD, before=leaf(LOG, 20)), id="not the one before"),
        pytest.param(replace(BEHIND, tolerance=70), id="just in time"),
        pytest.param(replace(BEHIND, entry=leaf(LOG, 29)), id="it was there"),
        pytest.param(replace(BEHIND, witnesses=()), id="nobody saw it"),
        pytest.param(replace(IN_BATCH, tolerance=39), id="the chain's time within the tolerance"),
        pytest.param(replace(SERVED, offered=LOG.leaves[30]), id="served as signed"),
        pytest.param(replace(SERVED, signed=at(TWIN, 30)), id="not what was signed"),
        pytest.param(replace(GONE, body=b"no entry"), id="what is no entry"),
        pytest.param(replace(GONE, entry=leaf(TWIN, 30)), id="another log's entry"),
        pytest.param(replace(SHOWN, finding="SplitView by you"), id="a finding that is none"),
    ],
)
def test_what_does_not_follow_is_not_proven(proof: Evidence) -> None:
    """Each is one step away from evidence that holds."""
    with pytest.raises(ProofInvalid):
        verify_evidence(evidence_bytes(proof), WATCH.known, 0)


def test_a_body_that_fits_its_leaf_is_no_evidence() -> None:

    logged = WATCH.book.everything()[9]
    assert logged.body is not None
    body = entry_bytes(logged.body.entry)
    lie = replace(GONE, finding="BodyNotCommitted", salt=logged.body.salt, body=body)
    with pytest.raises(ProofInvalid):
        verify_evidence(evidence_bytes(lie), {})
    assert verify_evidence(evidence_bytes(replace(lie, salt=bytes(32))), {}).finding == "BodyNotCommitted"


def test_no_byte_of_evidence_can_change_without_notice() -> None:
    """What does not refuse it changes what it is said to prove: only a name, or the time of a cosignature."""
    data = evidence_bytes(LIE)
    for place in range(0, len(data), 5):
        with pytest.raises(ProofInvalid):
            verify_evidence(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], WATCH.known)


@pytest.mark.parametrize("data", [b"", b"{}", b'{\n  "format": "certchain-log-evidence/v1/none"\n}\n', b"\xff" * 100])
def test_what_is_no_evidence_is_refused(data: bytes) -> None:
    with pytest.raises(ProofInvalid):
        verify_evidence(data, {})


@pytest.mark.parametrize("proof", [LIE, ROLLBACK, AHEAD, BEHIND], ids=["lie", "rollback", "ahead", "behind"])
@pytest.mark.parametrize("known", [{}, {WATCH.wanda.name: bytes(32)}], ids=["nobody", "another key under the name"])
def test_what_strangers_cosigned_is_left_to_whoever_knows_them(proof: Evidence, known: dict[str, bytes]) -> None:
    """Anyone can make a witness's key, and its name: the finding relies on them, and shows their keys."""
    proven = verify_evidence(evidence_bytes(proof), known, 0)
    assert (proven.relies_on, proven.witnesses) == (("witnesses",), WANDA)


@pytest.mark.parametrize("proof", [FORK, IN_BATCH, replace(ROLLBACK, after=signed(LOG, 30, NOON - 9))])
def test_witnesses_on_whom_nothing_rests_are_not_shown(proof: Evidence) -> None:
    proven = verify_evidence(evidence_bytes(proof), {}, 0)
    assert (proven.witnesses, "witnesses" in proven.relies_on) == ((), False)


def test_a_liar_is_shown_with_the_key_and_not_by_name_alone() -> None:
    assert WANDA[0] in verify_evidence(evidence_bytes(LIE), {}, 0).proven


@pytest.mark.parametrize(("proof", "apart"), [(AHEAD, 38), (BEHIND, 69), (IN_BATCH, 38)])
def test_a_wrong_time_has_to_be_wrong_by_the_reader_s_tolerance(proof: LeafEvidence, apart: int) -> None:
    """Whoever accuses may say that clocks cannot be apart at all."""
    hasty = evidence_bytes(replace(proof, tolerance=0))
    assert verify_evidence(hasty, WATCH.known, apart).finding == "EntryBackdated"
    with pytest.raises(ProofInvalid):
        verify_evidence(hasty, WATCH.known, apart + 1)
