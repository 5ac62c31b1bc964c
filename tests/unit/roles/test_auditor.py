"""What an auditor keeps, how evidence is held against the chain, and the edges of an audit."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.evidence import FORMATS, evidence_bytes, read_evidence
from certchain.errors import (
    ChainRolledBack,
    EntriesReordered,
    EntryChanged,
    GarbageOnChain,
    KeyNotInForce,
    LogGap,
    PeerUnavailable,
    ProofInvalid,
    UnknownRecord,
)
from certchain.errors.audit import LogFinding
from certchain.keys import KeyPair
from certchain.merkle import consistency_proof, tree_root
from certchain.models.evidence import ChainLeafEvidence, ChainRootEvidence
from certchain.models.identifier import ServiceId
from certchain.models.log import TILE_WIDTH, LogMode, SignedCheckpoint
from certchain.roles.auditor import Auditor, check_evidence
from tests.audited import Served, Watch, changed, swapped
from tests.logbook import enrol


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


def found(watch: Watch, kind: type[LogFinding], source: Any) -> Any:
    """The evidence of what an audit finds."""
    with pytest.raises(kind) as caught:
        watch.auditor.audit(watch.followed(source))
    watch.proven(caught.value)
    return read_evidence(watch.auditor.evidence(caught.value.evidence))


def check(watch: Watch, evidence: Any) -> None:
    ledger = watch.book.ledger
    check_evidence(evidence_bytes(evidence), ledger.login_log, ledger.registrations, watch.server, {})


def test_the_chain_has_to_bear_out_a_changed_entry() -> None:
    watch = Watch().grow()
    evidence = found(watch, EntryChanged, watch.signed([changed(watch.leaves()[0]), *watch.leaves()[1:]]))
    assert isinstance(evidence, ChainLeafEvidence)
    for forged in (
        replace(evidence, chain_hash=watch.book.chain.batches(0, 1)[0].leaf_hashes[1]),
        replace(evidence, step=replace(evidence.step, first_index=-1)),
        replace(evidence, step=replace(evidence.step, first_index=100_000, size=0)),
        replace(evidence, step=replace(evidence.step, transaction=bytes(32))),
        replace(evidence, step=replace(evidence.step, account=watch.book.accounts("alice").account)),
    ):
        with pytest.raises(ProofInvalid):
            check(watch, forged)
    check(watch, evidence)


def test_the_chain_has_to_bear_out_where_an_entry_was_moved() -> None:
    watch = Watch().grow()
    evidence = found(watch, EntriesReordered, watch.signed(swapped(watch.leaves(), 9, 12)))
    assert evidence.signed_elsewhere == 12
    for elsewhere in (13, 2**40, -1):
        with pytest.raises(ProofInvalid):
            check(watch, replace(evidence, signed_elsewhere=elsewhere))
    check(watch, evidence)


def test_an_honest_log_cannot_be_accused_by_a_size_between_two_batches(watch: Watch) -> None:
    """The chain has no root there; whoever says that it had one is asked for more than their word."""
    store = watch.book.store
    signed = SignedCheckpoint(watch.honest.note, watch.book.server.keys.public)
    honest = ChainRootEvidence(
        FORMATS[ChainRootEvidence],
        "ChainRolledBack",
        signed,
        150,
        tree_root(store, 150),
        consistency_proof(store, 150, 300).path,
        None,
    )
    ledger = watch.book.ledger
    proven = check_evidence(evidence_bytes(honest), ledger.login_log, ledger.registrations, watch.server, {})
    assert proven.relies_on == ("auditor",)
    known = replace(honest, size=200, prefix_root=tree_root(store, 200), path=consistency_proof(store, 200, 300).path)
    with pytest.raises(ProofInvalid):
        check(watch, known)


def test_an_old_checkpoint_of_an_honest_log_accuses_nobody_but_by_the_auditor_s_word(watch: Watch) -> None:
    batch = watch.book.chain.batches(200, 1)[0]
    log = watch.followed(watch.signed(watch.leaves()[:200]), anchored=lambda: None)
    with pytest.raises(GarbageOnChain) as caught:
        watch.auditor.audit(log)
    assert caught.value.transaction == f"0x{batch.transaction.hex()}"
    assert watch.proven(caught.value).relies_on == ("auditor",)


def test_evidence_by_keys_that_are_not_the_server_s_is_refused(watch: Watch) -> None:
    """Whoever forges a whole log, its checkpoints included, has not got the server's keys."""
    evidence = found(watch, EntryChanged, watch.signed([changed(leaf) for leaf in watch.leaves()]))
    ledger, other = watch.book.ledger, enrol(watch.book.accounts, KeyPair.generate())
    with pytest.raises(KeyNotInForce):
        check_evidence(
            evidence_bytes(evidence), ledger.login_log, ledger.registrations, ServiceId(other.party.number), {}
        )


def test_a_checkpoint_is_remembered_only_when_all_is_right(watch: Watch) -> None:
    watch.auditor.audit(watch.followed())
    (state,) = watch.store.names()
    before = b"".join(watch.store.read(state))
    with pytest.raises(LogFinding):
        watch.auditor.audit(watch.followed(watch.signed([changed(leaf) for leaf in watch.leaves()])))
    assert b"".join(watch.store.read(state)) == before


def test_evidence_that_was_never_kept_is_unknown(watch: Watch) -> None:
    with pytest.raises(UnknownRecord):
        watch.auditor.evidence("evidence-of-nothing.json")


def test_evidence_is_kept_once(watch: Watch) -> None:
    forged = watch.signed([changed(leaf) for leaf in watch.leaves()])
    for _ in range(2):
        with pytest.raises(EntryChanged):
            watch.auditor.audit(watch.followed(forged))
    names = watch.store.names()
    with pytest.raises(EntryChanged):
        watch.auditor.audit(watch.followed(forged))
    assert watch.store.names() == names


def test_a_source_that_goes_away_in_the_middle_accuses_nobody(watch: Watch) -> None:
    """Also while the auditor looks closer at what it has found."""
    raw = watch.signed([changed(watch.leaves()[0]), *watch.leaves()[1:]])

    class Away(Served):
        def tile(self, level: int, index: int, width: int = TILE_WIDTH) -> bytes:
            raise PeerUnavailable("the log", "nobody is there")

    for deed in (watch.auditor.audit, watch.auditor.follow):
        with pytest.raises(PeerUnavailable):
            deed(watch.followed(Away(raw.note, raw, raw), anchored=None))
    assert watch.store.names() == ()


def test_a_wrong_bundle_without_tiles_is_reported_by_the_auditor_s_word(watch: Watch) -> None:
    """Nothing shows what was signed for there: the finding stands, and says on what it relies."""
    leaves = watch.leaves()
    raw = watch.signed([changed(leaves[0]), *leaves[1:]])
    log = watch.followed(Served(watch.honest.note, raw, raw), anchored=None)
    with pytest.raises(EntryChanged if watch.mode is LogMode.RECORDED else (EntryChanged, LogGap)) as caught:
        watch.auditor.audit(log)
    assert watch.proven(caught.value).relies_on == ("auditor",)


def test_a_chain_that_lost_a_step_is_named_with_what_was_signed(watch: Watch) -> None:
    """The signed log continues what the chain had, and the chain has something else, or nothing."""
    watch.auditor.audit(watch.followed())
    other = Watch(watch.mode).grow()
    with pytest.raises(ChainRolledBack) as caught:
        watch.auditor.audit(watch.followed(chain=other.book.chain))
    evidence = read_evidence(watch.auditor.evidence(caught.value.evidence))
    assert isinstance(evidence, ChainRootEvidence)
    assert evidence.step is not None
    with pytest.raises(ProofInvalid):  # on the true chain there is no such batch
        check(watch, evidence)
    empty = Watch(watch.mode)
    with pytest.raises(ChainRolledBack) as caught:
        watch.auditor.audit(watch.followed(chain=empty.book.chain))
    gone = read_evidence(watch.auditor.evidence(caught.value.evidence))
    assert isinstance(gone, ChainRootEvidence)
    assert gone.step is None


def test_several_auditors_keep_their_own_state(watch: Watch) -> None:
    other = Auditor(watch.book.ledger.registrations, Watch().store)
    watch.auditor.audit(watch.followed())
    watch.grow(100)
    assert other.audit(watch.followed()).size == watch.auditor.audit(watch.followed()).size == 400
