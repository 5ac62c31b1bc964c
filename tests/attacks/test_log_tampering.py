"""Attack: somebody changes, removes, inserts or reorders entries of the log, in its files or with the server's own keys."""

import pytest

from certchain.errors import EntriesReordered, EntryChanged, EntryInserted, EntryRemoved, LogGap
from certchain.errors.audit import LogFinding
from certchain.models.log import LogMode
from tests.audited import Served, Tampering, Watch, as_bytes, changed, renumbered, swapped

BOTH = pytest.mark.parametrize("mode", list(LogMode))
DEEDS = pytest.mark.parametrize(
    ("tamper", "index", "kind"),
    [
        pytest.param(lambda log: [*log[:9], changed(log[9]), *log[10:]], 9, EntryChanged, id="changed"),
        pytest.param(lambda log: [changed(log[0]), *log[1:]], 0, EntryChanged, id="first changed"),
        pytest.param(lambda log: [*log[:-1], changed(log[-1])], 299, EntryChanged, id="last changed"),
        pytest.param(lambda log: [*log[:9], *log[10:], log[0]], 9, EntryRemoved, id="removed"),
        pytest.param(lambda log: [*log[:255], *log[256:], log[0]], 255, EntryRemoved, id="last of a bundle removed"),
        pytest.param(lambda log: [*log[:9], changed(log[9]), *log[9:-1]], 9, EntryInserted, id="inserted"),
        pytest.param(lambda log: swapped(log, 9, 12), 9, EntriesReordered, id="reordered"),
        pytest.param(lambda log: swapped(log, 99, 100), 99, EntriesReordered, id="reordered across a batch"),
        pytest.param(lambda log: swapped(log, 20, 280), 20, EntriesReordered, id="reordered over several batches"),
    ],
)


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


@DEEDS
def test_files_that_were_tampered_with_are_noticed_and_named(
    watch: Watch, tamper: Tampering, index: int, kind: type[LogFinding]
) -> None:
    """The thief of the disk has no keys: tiles and checkpoint stay as they were signed."""
    stolen = Served(watch.honest.note, watch.book.store, as_bytes(tamper(watch.leaves())))

    with pytest.raises(kind) as caught:
        watch.auditor.audit(watch.followed(stolen))

    assert caught.value.index == index
    assert watch.proven(caught.value).relies_on == ("auditor",)
    assert watch.auditor.audit(watch.followed()).size == 300


@DEEDS
def test_a_log_that_was_rewritten_and_signed_again_is_noticed_by_the_chain(
    tamper: Tampering, index: int, kind: type[LogFinding]
) -> None:
    """The thief has the server's keys, too, and numbers the entries anew: the chain has each leaf hash."""
    watch = Watch(LogMode.RECORDED).grow()
    forged = watch.signed(tamper(watch.leaves()))

    with pytest.raises(kind) as caught:
        watch.auditor.audit(watch.followed(forged))

    assert caught.value.index == index
    assert watch.proven(caught.value).relies_on == ()
    assert watch.auditor.audit(watch.followed()).on_chain == 300


@DEEDS
def test_a_rewritten_log_of_which_the_chain_has_roots_only_is_noticed_by_its_batch(
    tamper: Tampering, index: int, kind: type[LogFinding]
) -> None:
    watch = Watch(LogMode.ANCHORED).grow()
    forged = watch.signed(renumbered(tamper(watch.leaves())))

    with pytest.raises(EntryChanged) as caught:
        watch.auditor.audit(watch.followed(forged))

    assert caught.value.index == index // 100 * 100
    assert watch.proven(caught.value).relies_on == ()
    assert watch.auditor.audit(watch.followed()).on_chain == 300


@BOTH
def test_an_old_entry_that_is_rewritten_later_is_noticed_by_the_next_audit_and_named(mode: LogMode) -> None:
    """The follow-up reads only what is new; that the tree is another one shows all the same, and then the chain tells the entry."""
    watch = Watch(mode).grow(200)
    watch.auditor.audit(watch.followed())
    watch.grow(100)
    forged = watch.signed([*watch.leaves()[:9], changed(watch.leaves()[9]), *watch.leaves()[10:]])

    with pytest.raises(EntryChanged) as caught:
        watch.auditor.audit(watch.followed(forged))

    assert caught.value.index == (9 if mode is LogMode.RECORDED else 0)
    watch.proven(caught.value)
    assert watch.auditor.audit(watch.followed()).size == 300


def test_an_old_file_that_was_changed_silently_is_noticed_by_a_whole_audit(watch: Watch) -> None:
    """What was audited once is not read again, unless the auditor is told to."""
    watch.auditor.audit(watch.followed())
    stolen = watch.followed(
        Served(watch.honest.note, watch.book.store, as_bytes([changed(watch.leaves()[0]), *watch.leaves()[1:]]))
    )
    assert watch.auditor.audit(stolen).size == 300

    with pytest.raises(EntryChanged) as caught:
        watch.auditor.audit(stolen, whole=True)
    watch.proven(caught.value)


def test_entries_that_are_missing_at_the_end_are_a_gap(watch: Watch) -> None:
    """The signed checkpoint calls for them."""
    stolen = Served(watch.honest.note, watch.book.store, as_bytes(watch.leaves()[:-1]))
    with pytest.raises(LogGap) as caught:
        watch.auditor.audit(watch.followed(stolen))
    assert caught.value.index == 256
    watch.proven(caught.value)
