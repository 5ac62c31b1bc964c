"""Attack: one wrong time, or one wrong body, is put in front of something worse, so that nobody looks behind it."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.errors import BodyNotCommitted, EntryBackdated, EntryChanged, ErasedWithoutRecord, GarbageOnChain, LogGap
from certchain.errors.audit import LogFinding
from certchain.models.log import AuditFinding, LoggedEntry, LogLeaf, LogMode
from certchain.roles.auditor.findings import MOST
from tests.audited import RawLog, Served, Watch, Witnessed, changed
from tests.industry import NOON


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param)


def late(leaves: list[LogLeaf], *places: int) -> list[LogLeaf]:
    """An hour before the entry in front of them."""
    return [replace(leaf, at=leaf.at - 3600) if leaf.index in places else leaf for leaf in leaves]


def logged(watch: Watch, count: int) -> list[LogLeaf]:
    watch.book.record(count)
    return watch.leaves()


class Entries:
    def __init__(self, *logged: LoggedEntry) -> None:
        self.logged = logged

    def entries(self, first: int, limit: int) -> tuple[LoggedEntry, ...]:
        return self.logged[first : first + limit]


def test_every_wrong_time_is_found_and_the_next_audit_goes_on(watch: Watch) -> None:
    """The log is as it is, for ever; what is told is told once, and not forgotten."""
    leaves = late(logged(watch, 600), 20, 255, 256, 300, 580)
    with pytest.raises(EntryBackdated) as caught:
        watch.auditor.audit(watch.followed(watch.signed(leaves[:400])))
    assert (caught.value.index, len(caught.value.also.split())) == (20, 2)  # 255 and 256 are one hour late together
    for name in (caught.value.evidence, *caught.value.also.split()):
        caught.value.evidence = name
        assert watch.proven(caught.value).relies_on == ()
    names = watch.store.names()
    report = watch.auditor.audit(watch.followed(watch.signed(leaves[:500])))
    assert (report.size, [found.index for found in report.findings]) == (500, [20, 255, 300])
    assert {found.finding for found in report.findings} == {"EntryBackdated"}
    assert watch.store.names() == names
    assert watch.auditor.follow(watch.followed(watch.signed(leaves[:500]))).findings == report.findings
    with pytest.raises(EntryBackdated) as caught:
        watch.auditor.audit(watch.followed(watch.signed(leaves)))
    assert (caught.value.index, caught.value.also) == (580, "")
    with pytest.raises(EntryBackdated):
        watch.auditor.audit(watch.followed(watch.signed(leaves)), whole=True)


def test_what_stands_behind_a_wrong_time_is_found(watch: Watch) -> None:
    """A changed entry ends the audit; the wrong time's evidence is named with it, and nothing is remembered."""
    watch.grow()
    leaves = watch.leaves()
    more = [replace(leaf, index=300 + leaf.index, at=NOON - 3600 * leaf.index) for leaf in leaves[:3]]
    forged = watch.signed([*late(leaves, 20)[:150], changed(leaves[150]), *leaves[151:], *more])
    with pytest.raises((EntryChanged, GarbageOnChain)):
        watch.auditor.audit(watch.followed(forged))
    assert all(name.startswith("evidence-") for name in watch.store.names())


def test_a_finding_that_ends_the_audit_names_those_in_front_of_it(watch: Watch) -> None:
    leaves = late(logged(watch, 600), 20)
    wrong = watch.signed([*leaves[:400], replace(leaves[400], index=7), *leaves[401:]])
    with pytest.raises(LogFinding) as caught:
        watch.auditor.audit(watch.followed(wrong))
    assert (caught.value.index, len(caught.value.also.split())) == (400, 1)


def test_every_wrong_body_is_found_and_the_next_audit_goes_on(watch: Watch) -> None:
    watch.grow()
    true: Any = list(watch.book.everything())
    lie, gone = replace(true[10], body=true[11].body), replace(true[200], body=None)
    log = watch.followed(entries=Entries(*true[:10], lie, *true[11:200], gone, *true[201:]))
    with pytest.raises(BodyNotCommitted) as caught:
        watch.auditor.audit(log)
    assert (caught.value.index, len(caught.value.also.split())) == (10, 1)
    report = watch.auditor.audit(log)
    kinds = [(found.finding, found.index) for found in report.findings]
    assert kinds == [(BodyNotCommitted.__name__, 10), (ErasedWithoutRecord.__name__, 200)]
    assert all(isinstance(found, AuditFinding) and watch.auditor.evidence(found.evidence) for found in report.findings)


def test_a_log_of_wrong_times_only_does_not_fill_the_auditor_s_store(watch: Watch) -> None:
    """Nor does it wear the auditor out: what comes behind is told by the next audit."""
    leaves = [replace(leaf, at=NOON - 60 * leaf.index) for leaf in logged(watch, 2 * MOST + 50)]
    for audits, size in enumerate((MOST + 50, 2 * MOST + 50), 1):
        with pytest.raises(EntryBackdated) as caught:
            watch.auditor.audit(watch.followed(watch.signed(leaves[:size])))
        assert len(caught.value.also.split()) == MOST - 1
        assert len(watch.store.names()) == audits * MOST + 1


def test_a_gap_in_what_entries_say_names_the_wrong_times_that_were_found(watch: Watch) -> None:
    source = watch.signed(late(logged(watch, 300), 20))
    with pytest.raises(LogGap) as caught:
        watch.auditor.audit(watch.followed(source, entries=Entries()))
    assert len(caught.value.also.split()) == 1


# ------------------------------------------------------------------------------------------------------ wrong clocks


def seen(watch: Watch, raw: RawLog, wanda: int, wilma: int, other: Witnessed) -> Served:
    return Served(other.cosign(watch.wanda.cosign(raw.note, wanda), wilma), raw, raw)


@pytest.mark.parametrize("apart", [-7200, 7200])
def test_one_witness_with_a_wrong_clock_accuses_nobody(watch: Watch, apart: int) -> None:
    """Of two times that a checkpoint was seen at, an entry may be as old as the earlier says, and as new as the later."""
    wilma = Witnessed("witness.example/wilma")
    known = {**watch.known, wilma.name: wilma.keys.public.signing}
    leaves = logged(watch, 300)
    for size in (200, 300):
        source = seen(watch, watch.signed(leaves[:size]), NOON, NOON + apart, wilma)
        assert watch.auditor.audit(watch.followed(source, witnesses=known, quorum=2)).size == size


def test_a_log_that_is_published_and_anchored_while_it_is_audited_accuses_nobody(watch: Watch) -> None:
    """The chain's size was read first: what it gets afterwards is not held against the checkpoint."""
    watch.grow()

    class Busy(Served):
        def checkpoint(self) -> str:
            watch.book.record(50)
            watch.book.flush()
            return self.note

    for word in ({}, {"anchored": None}):
        source = Busy(watch.honest.note, watch.book.store, watch.book.store)
        report = watch.auditor.audit(watch.followed(source, **word))
        assert report.size == report.on_chain
        assert watch.book.chain.size() == report.size + 50
