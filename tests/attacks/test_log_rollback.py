"""Attack: the log's database is put back to an older copy, or the node shows an older or another chain."""

import pytest

from certchain.errors import ChainRolledBack, DatabaseRolledBack, GarbageOnChain, SplitView
from certchain.models.log import LogMode
from certchain.roles.auditor import Auditor
from tests.audited import Served, Watch, renumbered
from tests.logbook import Logbook, another_store


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


def test_a_database_that_was_rolled_back_is_noticed_by_the_next_audit(watch: Watch) -> None:
    watch.auditor.audit(watch.followed())
    older = watch.signed(watch.leaves()[:200])

    with pytest.raises(DatabaseRolledBack) as caught:
        watch.auditor.audit(watch.followed(older))

    assert caught.value.index == 200
    assert watch.proven(caught.value).relies_on == ("auditor",)
    assert watch.auditor.audit(watch.followed()).size == 300


def test_a_rollback_of_what_the_chain_has_not_got_yet_is_noticed(watch: Watch) -> None:
    """Only the auditor, and whoever else saw the checkpoint, knows of it."""
    watch.book.record(50)
    watch.book.engine.publication.publish()
    watch.auditor.audit(watch.followed())
    with pytest.raises(DatabaseRolledBack) as caught:
        watch.auditor.audit(watch.followed(watch.signed(watch.leaves()[:320])))
    assert caught.value.index == 320
    watch.proven(caught.value)


def test_a_witness_who_saw_both_gives_the_order_of_a_rollback(watch: Watch) -> None:
    """Then it does not take the auditor's word that the smaller log came later."""
    newer = Served(watch.wanda.cosign(watch.honest.note, 1_700_000_100), watch.book.store, watch.book.store)
    watch.auditor.audit(watch.followed(newer, quorum=1))
    older = watch.signed(watch.leaves()[:200])
    shown = Served(watch.wanda.cosign(older.note, 1_700_000_200), older, older)

    with pytest.raises(DatabaseRolledBack) as caught:
        watch.auditor.audit(watch.followed(shown, quorum=1))

    proven = watch.proven(caught.value)
    assert proven.relies_on == ()
    assert proven.proven.endswith("afterwards")


def test_a_rolled_back_database_is_noticed_at_the_first_audit_where_the_anchored_checkpoint_is_known(
    watch: Watch,
) -> None:
    """The chain has more than the log, and the server has signed for it."""
    older = watch.signed(watch.leaves()[:150])
    with pytest.raises(DatabaseRolledBack) as caught:
        watch.auditor.audit(watch.followed(older))
    watch.proven(caught.value)

    with pytest.raises(GarbageOnChain):  # without that checkpoint all that can be said is that the chain has more
        watch.auditor.audit(watch.followed(older, anchored=lambda: None))


def test_a_rolled_back_database_that_went_on_is_a_split_view(watch: Watch) -> None:
    """Both checkpoints are signed: the proof needs neither auditor nor chain."""
    watch.book.record(50)
    watch.book.engine.publication.publish()  # the chain has not got them yet
    watch.auditor.audit(watch.followed())
    other = Logbook(mode=watch.mode)
    other.record(120)
    forged = watch.signed(renumbered([*watch.leaves()[:300], *(entry.leaf for entry in other.everything())]))

    with pytest.raises(SplitView) as caught:
        watch.auditor.audit(watch.followed(forged))

    assert watch.proven(caught.value).relies_on == ()
    assert watch.auditor.audit(watch.followed()).size == 350


def test_a_chain_that_went_back_is_noticed(watch: Watch) -> None:
    """A node that shows an older chain, with a log to match."""
    watch.auditor.audit(watch.followed())
    older = Watch(watch.mode)
    older.book.store = another_store(watch.book.store.entries(0, 200))
    older.book.restart()
    chain = older.book.ledger.login_log
    _bring(older)

    with pytest.raises(ChainRolledBack) as caught:
        watch.auditor.audit(watch.followed(chain=chain))
    assert caught.value.index == chain.size() == 200
    assert watch.auditor.audit(watch.followed()).on_chain == 300


def test_a_chain_with_another_log_is_noticed(watch: Watch) -> None:
    """Of the same size, and all of it consistent in itself."""
    watch.auditor.audit(watch.followed())
    other = Watch(watch.mode).grow()
    with pytest.raises(ChainRolledBack):
        watch.auditor.audit(watch.followed(chain=other.book.ledger.login_log))

    forged = watch.signed([entry.leaf for entry in other.book.everything()])
    with pytest.raises(SplitView) as caught:  # and so is the log with it
        watch.auditor.audit(watch.followed(forged, chain=other.book.ledger.login_log, anchored=None))
    watch.proven(caught.value)


def test_a_chain_that_went_back_is_noticed_by_the_light_audit(watch: Watch) -> None:
    watch.auditor.follow(watch.followed())
    with pytest.raises(ChainRolledBack):
        watch.auditor.follow(watch.followed(chain=Watch(watch.mode).book.ledger.login_log))
    assert watch.auditor.follow(watch.followed()).on_chain == 300


def test_another_auditor_starts_from_nothing(watch: Watch) -> None:
    """What one has seen is not known to the other: only comparing helps them (``compare``)."""
    watch.auditor.audit(watch.followed())
    older = watch.signed(watch.leaves()[:200])
    chain = Watch(watch.mode).book.ledger.login_log
    newcomer = Auditor(watch.book.ledger.registrations, Watch().store)
    assert newcomer.audit(watch.followed(older, chain=chain, anchored=None)).size == 200


def _bring(watch: Watch) -> None:
    watch.book.engine.keeper.turn(force=True)
