"""The log's whole way: recorded, cosigned, on the chain, audited over channels and HTTP, proven with and without a chain."""

import pytest

from certchain.channel.tiles import HttpLogSource
from certchain.encoding.digest import key_thumbprint
from certchain.errors import EntryChanged, IndexOutOfRange, LyingWitness, MalformedMessage, SplitView
from certchain.keys import KeyPair
from certchain.models.log import CheckpointQuestion, Cosignature, LogMode, SignedCheckpoint
from certchain.roles.auditor import ServerCheckpoint, ServerEntries
from certchain.services import log_app, running
from certchain.verification.proof import verify_proof_file
from tests.audited import Served, Watch, changed
from tests.industry import NOON

BOTH = pytest.mark.parametrize("mode", list(LogMode))


@BOTH
def test_an_auditor_follows_the_log_over_a_channel_and_proves_an_entry(mode: LogMode) -> None:
    """More entries than a page holds; the proof needs neither server nor chain."""
    watch = Watch(mode)
    book = watch.book
    book.record(1200)
    book.flush()
    book.record(3)
    book.engine.publication.publish()
    server = ServerCheckpoint(book.channel())
    log = watch.followed(
        keys=(server.signed().keys,), entries=ServerEntries(book.channel(), book.auditor_identity), anchored=server
    )

    report = watch.auditor.audit(log)
    proof = watch.auditor.prove(log, 1100)

    assert (report.size, report.on_chain, report.bodies, report.erased) == (1203, 1200, 1203, 0)
    proven = verify_proof_file(proof, key_thumbprint(book.server.keys.public))
    logged = book.everything()[1100]
    assert logged.body is not None
    assert proven.entry == logged.body.entry
    assert (proven.checkpoint.size, proven.checkpoint.signer) == (1200, book.server.party)
    assert watch.auditor.check_proof_file(log, proof) == proven
    with pytest.raises(IndexOutOfRange):
        watch.auditor.prove(log, 1200)


@BOTH
def test_audits_go_on_from_one_to_the_next_and_read_only_what_is_new(mode: LogMode) -> None:
    """An auditor that starts again still knows what it saw."""
    watch = Watch(mode)
    told: list[tuple[int, int]] = []
    read: list[int] = []

    class Counting(Served):
        def bundle(self, index: int, width: int = 256) -> bytes:
            read.append(index)
            return super().bundle(index, width)

    for round_ in range(1, 8):
        watch.grow(200)
        source = Counting(watch.honest.note, watch.book.store, watch.book.store)
        report = watch.auditor.audit(watch.followed(source), lambda done, total: told.append((done, total)))
        assert (report.size, report.on_chain) == (200 * round_, 200 * round_)
    assert told[-1] == (1400, 1400)
    assert len(read) <= 14
    assert len(watch.store.names()) == 1


@BOTH
def test_light_and_full_audits_take_turns(mode: LogMode) -> None:
    """What the light ones passed over, the next full one goes through: between them no entry is left out."""
    watch = Watch(mode).grow(200)
    watch.auditor.audit(watch.followed(entries=watch.book.engine.reader))
    watch.grow(200)
    assert watch.auditor.follow(watch.followed()).on_chain == 400
    watch.grow(200)
    report = watch.auditor.audit(watch.followed(entries=watch.book.engine.reader))
    assert (report.size, report.bodies) == (600, 400)


@BOTH
def test_an_auditor_follows_several_logs_apart_from_each_other(mode: LogMode) -> None:
    one, other = Watch(mode).grow(100), Watch(mode).grow(200)
    other.store = one.store
    assert one.auditor.audit(one.followed()).size == 100
    assert other.auditor.audit(other.followed()).size == 200
    assert len(one.store.names()) == 2
    with pytest.raises(EntryChanged):
        one.auditor.audit(one.followed(one.signed([changed(leaf) for leaf in one.leaves()])), whole=True)
    assert other.auditor.audit(other.followed()).size == 200


@BOTH
def test_an_empty_log_can_be_audited(mode: LogMode) -> None:
    watch = Watch(mode)
    watch.book.flush()
    for audit in (watch.auditor.audit, watch.auditor.follow):
        report = audit(watch.followed())
        assert (report.size, report.on_chain, report.root) == (0, 0, watch.book.chain.root())
    watch.grow(100)
    assert watch.auditor.audit(watch.followed()).size == 100


@BOTH
def test_cosignatures_are_in_the_report(mode: LogMode) -> None:
    watch = Watch(mode).grow(100)
    note = watch.wanda.cosign(watch.honest.note, NOON + 1)
    report = watch.auditor.audit(watch.followed(Served(note, watch.book.store, watch.book.store), quorum=1))
    assert report.cosignatures == (Cosignature(watch.wanda.name, NOON + 1),)


def test_a_log_goes_on_under_new_keys() -> None:
    """Those of before stay good for what they signed."""
    watch = Watch().grow(100)
    watch.auditor.audit(watch.followed())
    old, new = watch.book.server, KeyPair.generate()
    watch.book.accounts("authority").registrations.rotate_service_keys(old.party.number, new.public)
    watch.book.server = type(old)(old.network, old.party, new)
    watch.book.restart()
    watch.grow(100)
    assert watch.auditor.audit(watch.followed(keys=(old.keys.public, new.public))).size == 200


def test_a_checkpoint_is_for_anyone_and_other_questions_for_no_one() -> None:
    watch = Watch().grow(2)
    book = watch.book
    signed = ServerCheckpoint(book.channel()).signed()
    assert signed.note.startswith(f"certchain/{book.server.network.hex()}/login-log\n2\n")
    with pytest.raises(MalformedMessage):
        book.channel().request(watch.auditor.checkpoint(watch.followed()).checkpoint, SignedCheckpoint)
    assert book.channel().request(CheckpointQuestion(), SignedCheckpoint) == signed


def test_nothing_is_anchored_before_the_first_batch() -> None:
    watch = Watch()
    assert ServerCheckpoint(watch.book.channel())() is None


@BOTH
def test_two_readers_over_http_are_shown_two_logs_and_find_out(mode: LogMode) -> None:
    """Each of them reads a log that is good by itself; a witness cosigned both."""
    watch = Watch(mode).grow(300)
    leaves = watch.leaves()
    fork = watch.signed([*leaves[:299], changed(leaves[299])])
    views = (
        Served(watch.wanda.cosign(watch.honest.note, NOON), watch.book.store, watch.book.store),
        Served(watch.wanda.cosign(fork.note, NOON), fork, fork),
    )
    with running(log_app(views[0])) as for_alice, running(log_app(views[1])) as for_boris:
        alice, boris = HttpLogSource(for_alice), HttpLogSource(for_boris)
        assert watch.auditor.audit(watch.followed(alice, quorum=1)).size == 300
        with pytest.raises(SplitView):
            watch.auditor.compare(watch.followed(alice, witnesses={}), boris.checkpoint())
        with pytest.raises(LyingWitness) as caught:
            watch.auditor.audit(watch.followed(boris, quorum=1))
        watch.proven(caught.value)
        alice.close()
        boris.close()
