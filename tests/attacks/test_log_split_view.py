"""Attack: two readers are shown two logs under one name, and a witness lies for it."""

from dataclasses import replace

import pytest

from certchain.errors import CosignaturesMissing, LogGap, LyingWitness, ProofInvalid, SplitView
from certchain.models.log import LogMode
from certchain.roles.auditor import Auditor
from certchain.storage import MemoryFileStore
from certchain.verification.evidence import verify_evidence
from tests.audited import RawLog, Served, Watch, Witnessed, changed

LATER = 1_700_000_100


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


def fork(watch: Watch, size: int = 400) -> RawLog:
    """The log as another reader is shown it: other entries from the 251st on."""
    leaves = watch.leaves()
    rest = [replace(changed(leaves[250]), index=index, at=leaves[-1].at) for index in range(250, size)]
    return watch.signed([*leaves[:250], *rest])


@pytest.mark.parametrize("size", [260, 300, 400])
def test_two_readers_who_compare_their_checkpoints_find_two_views(watch: Watch, size: int) -> None:
    """Whichever of the two is larger; the proof needs nobody's word."""
    other = fork(watch, size)

    with pytest.raises(SplitView) as caught:
        watch.auditor.compare(watch.followed(other), sources=[watch.honest])

    assert watch.proven(caught.value).relies_on == ()
    assert watch.auditor.compare(watch.followed(), watch.signed(watch.leaves()[:120]).note).size == 300


def test_a_reader_finds_the_other_view_from_a_source_that_has_only_its_own(watch: Watch) -> None:
    """The fork is smaller: the honest source has the tiles that show what its log had at that size."""
    with pytest.raises(SplitView) as caught:
        watch.auditor.compare(watch.followed(), fork(watch, 260).note)
    watch.proven(caught.value)


def test_a_larger_fork_that_nobody_has_the_tiles_of_is_a_gap(watch: Watch) -> None:
    """It is not shown to be a fork, and not believed either."""
    with pytest.raises(LogGap) as caught:
        watch.auditor.compare(watch.followed(), fork(watch).note)
    watch.proven(caught.value)


def test_the_next_audit_of_a_log_that_forked_says_so(watch: Watch) -> None:
    watch.book.record(100)
    watch.book.engine.publication.publish()
    watch.auditor.audit(watch.followed())
    leaves = watch.leaves()
    rest = [replace(changed(leaves[350]), index=index) for index in range(350, 420)]

    with pytest.raises(SplitView) as caught:
        watch.auditor.audit(watch.followed(watch.signed([*leaves[:350], *rest])))
    watch.proven(caught.value)
    with pytest.raises(SplitView):
        watch.auditor.follow(watch.followed(watch.signed([*leaves[:350], *rest])))
    assert watch.auditor.audit(watch.followed()).size == 400


def test_a_fork_that_comes_without_its_tiles_is_noticed_by_its_leaves(watch: Watch) -> None:
    """They lead to the new checkpoint, and not to the one that was seen before: what proves it to others is withheld."""
    watch.book.record(50)
    watch.book.engine.publication.publish()
    watch.auditor.audit(watch.followed())
    leaves = watch.leaves()
    rest = [*(changed(leaf) for leaf in leaves[320:]), replace(leaves[-1], index=350)]
    forged = watch.signed([*leaves[:320], *rest])
    withheld = Served(forged.note, RawLog(()), forged)

    with pytest.raises(SplitView) as caught:
        watch.auditor.audit(watch.followed(withheld, anchored=None))

    assert watch.proven(caught.value).relies_on == ("auditor",)
    assert watch.auditor.audit(watch.followed()).size == 350


def test_a_witness_who_cosigned_both_views_is_named(watch: Watch) -> None:
    other = fork(watch)
    lied = Served(watch.wanda.cosign(other.note, LATER), other, other)
    honest = watch.wanda.cosign(watch.honest.note, LATER)

    with pytest.raises(LyingWitness) as caught:
        watch.auditor.compare(watch.followed(lied), honest)

    assert caught.value.witness == watch.wanda.name
    assert watch.wanda.name in watch.proven(caught.value).proven


def test_a_witness_who_lies_is_found_by_the_next_audit(watch: Watch) -> None:
    seen = Served(watch.wanda.cosign(watch.honest.note, LATER), watch.book.store, watch.book.store)
    watch.auditor.audit(watch.followed(seen, quorum=1))
    other = fork(watch)
    with pytest.raises(LyingWitness) as caught:
        watch.auditor.audit(watch.followed(Served(watch.wanda.cosign(other.note, LATER), other, other), quorum=1))
    watch.proven(caught.value)
    assert watch.auditor.audit(watch.followed(seen, quorum=1)).size == 300


def test_a_witness_who_saw_one_view_only_is_not_accused(watch: Watch) -> None:
    other = fork(watch)
    lied = Served(watch.wanda.cosign(other.note, LATER), other, other)
    with pytest.raises(SplitView) as caught:
        watch.auditor.compare(watch.followed(lied), watch.honest.note)
    assert type(caught.value) is SplitView


def test_a_witness_cannot_be_accused_by_a_forged_cosignature(watch: Watch) -> None:
    """Evidence that names a witness has both of the witness's signatures in it."""
    other = fork(watch)
    with pytest.raises(SplitView) as caught:
        watch.auditor.compare(watch.followed(other), watch.honest.note)
    data = watch.auditor.evidence(caught.value.evidence)
    key = f'"{Witnessed("w").name}"'
    for forged in (
        data.replace(b'"finding": "SplitView"', b'"finding": "LyingWitness"'),
        data.replace(b'"witnesses": []', b'"witnesses": [\n    ' + key.encode() + b"\n  ]"),
    ):
        assert forged != data
        with pytest.raises(ProofInvalid):
            verify_evidence(forged, watch.known)


def test_a_fork_without_the_witnesses_that_are_asked_for_is_not_believed(watch: Watch) -> None:
    """That is what witnesses are for: one reader alone is safe, too."""
    with pytest.raises(CosignaturesMissing):
        Auditor(watch.book.ledger.registrations, MemoryFileStore()).audit(watch.followed(fork(watch), quorum=1))
    cosigned = Served(watch.wanda.cosign(watch.honest.note, LATER), watch.book.store, watch.book.store)
    assert len(watch.auditor.audit(watch.followed(cosigned, quorum=1)).cosignatures) == 1


def test_two_checkpoints_of_one_log_are_no_evidence(watch: Watch) -> None:
    with pytest.raises(SplitView) as caught:
        watch.auditor.compare(watch.followed(fork(watch, 300)), watch.honest.note)
    data = watch.auditor.evidence(caught.value.evidence)
    smaller = data[data.index(b'"smaller"') : data.index(b'"larger"')].replace(b'"smaller"', b'"larger"')
    twisted = data[: data.index(b'"larger"')] + smaller + data[data.index(b'"prefix_root"') :]
    with pytest.raises(ProofInvalid):
        verify_evidence(twisted, watch.known)
