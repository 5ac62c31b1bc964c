"""Attack: an accuser invents witnesses, or has clocks that are never apart, to convict an honest log."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.evidence import FORMATS, evidence_bytes
from certchain.encoding.leaf import leaf_bytes
from certchain.encoding.note import vkey
from certchain.errors import ProofInvalid
from certchain.merkle import inclusion_proof
from certchain.models.evidence import LeafEvidence, ProvenFinding, RollbackEvidence, SignedLeaf
from certchain.models.log import LogMode, SignedCheckpoint
from certchain.models.note import KeyType, NoteKey
from certchain.roles.auditor import check_evidence
from tests.audited import Watch, Witnessed
from tests.industry import NOON


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


def judged(watch: Watch, evidence: Any, **changes: Any) -> ProvenFinding:
    """What a court finds, who knows the log's witness."""
    ledger = watch.book.accounts("a court")
    values = {"witnesses": watch.known, **changes}
    return check_evidence(evidence_bytes(evidence), ledger.login_log, ledger.registrations, watch.server, **values)


def by(watch: Watch, witness: Witnessed) -> Any:
    """The honest log's two checkpoints, with whatever times the witness gives them, and an entry between them."""
    keys, leaves = watch.book.server.keys.public, watch.leaves()
    old = watch.sign(watch.book.store, 100)
    known = (vkey(NoteKey(witness.name, KeyType.COSIGNATURE, witness.keys.public.signing)),)

    def seen(note: str, at: int) -> SignedCheckpoint:
        return SignedCheckpoint(witness.cosign(note, at), keys)

    rollback = RollbackEvidence(
        FORMATS[RollbackEvidence], "DatabaseRolledBack", seen(watch.honest.note, 100), seen(old, 200), known
    )
    entry = SignedLeaf(150, leaf_bytes(leaves[150]), inclusion_proof(watch.book.store, 150, 300).path)
    backdated = LeafEvidence(
        FORMATS[LeafEvidence],
        "EntryBackdated",
        SignedCheckpoint(watch.honest.note, keys),
        entry,
        None,
        seen(old, 2**62),
        None,
        known,
        0,
    )
    return rollback, backdated


@pytest.mark.parametrize("name", ["witness.example/mallory", "witness.example/wanda"])
def test_an_invented_witness_convicts_nobody(watch: Watch, name: str) -> None:
    """Also under the name of a witness whom the court knows, by another key."""
    mallory = Witnessed(name)
    for evidence in by(watch, mallory):
        found = judged(watch, evidence)
        assert found.relies_on == ("witnesses",)
        assert found.witnesses == evidence.witnesses
        assert judged(watch, evidence, witnesses={name: mallory.keys.public.signing}).relies_on == ()


def test_clocks_that_are_never_apart_convict_nobody(watch: Watch) -> None:
    """The accuser's tolerance is the accuser's; the court grants its own."""
    watch.book.clock.seconds = NOON
    _, backdated = by(watch, watch.wanda)
    at = watch.leaves()[150].at
    hasty = replace(
        backdated,
        earlier=SignedCheckpoint(
            watch.wanda.cosign(watch.sign(watch.book.store, 100), at + 60), watch.book.server.keys.public
        ),
    )
    with pytest.raises(ProofInvalid):
        judged(watch, hasty)
    assert judged(watch, hasty, tolerance=59).relies_on == ()


def test_evidence_by_withdrawn_keys_says_so(watch: Watch) -> None:
    """Whoever has the old keys can sign what the server never did."""
    rollback, _ = by(watch, watch.wanda)
    assert judged(watch, rollback).relies_on == ()
    watch.book.accounts("authority").registrations.rotate_service_keys(watch.server, Witnessed("new").keys.public)
    assert judged(watch, rollback).relies_on == ("withdrawn keys",)
