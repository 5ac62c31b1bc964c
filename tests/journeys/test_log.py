"""The log's whole way: recorded, flushed, audited over a channel, proven, and the proof checked with and without a chain."""

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.errors import IndexOutOfRange, MalformedMessage
from certchain.keys import KeyPair
from certchain.models.log import AuditReport, CheckpointQuestion, LogEntry, SignedCheckpoint
from certchain.verification.proof import verify_proof_file
from tests.logbook import Logbook, everything


def test_an_auditor_replays_the_log_over_a_channel_and_proves_an_entry() -> None:
    """More entries than a page holds; the proof needs neither server nor chain."""
    book = Logbook()
    book.record(1200)
    book.writer.flush()
    book.record(3)

    report = book.auditor.audit(book.entries())
    proof = book.auditor.prove(1100, book.entries(), book.channel())

    assert report == AuditReport(1200, book.chain.root(), waiting=3)
    proven = verify_proof_file(proof, key_thumbprint(book.server.keys.public))
    assert proven.entry == everything(book)[1100].entry
    assert (proven.checkpoint.size, proven.checkpoint.signer) == (1200, book.server.party)
    assert book.auditor.check_proof_file(proof) == proven
    with pytest.raises(IndexOutOfRange):
        book.auditor.prove(1200, book.entries(), book.channel())


def test_audits_go_on_from_one_to_the_next() -> None:
    """An auditor that starts again still knows what it saw."""
    book = Logbook()
    told: list[tuple[int, int]] = []
    for round_ in range(1, 4):
        book.record(5)
        book.writer.flush()
        book.restart()
        report = book.auditor.audit(book.entries(), lambda done, total: told.append((done, total)))
        assert report.size == 5 * round_
    assert told[-1] == (15, 15)
    assert book.store.names() == ("audited",)


def test_an_empty_log_can_be_audited() -> None:
    book = Logbook()
    assert book.auditor.audit(book.entries()) == AuditReport(0, book.chain.root(), waiting=0)


def test_a_proof_outlives_a_rotation_of_the_servers_keys() -> None:
    """The chain still knows that the keys were the server's."""
    book = Logbook()
    book.record(5)
    book.writer.flush()
    proof = book.auditor.prove(2, book.entries(), book.channel())
    registrations = book.accounts("authority").registrations
    registrations.rotate_service_keys(book.server.party.number, KeyPair.generate().public)
    book.record(5)
    book.writer.flush()

    assert isinstance(book.auditor.check_proof_file(proof).entry, LogEntry)


def test_a_checkpoint_is_for_anyone_and_other_questions_for_no_one() -> None:
    book = Logbook()
    book.record(2)
    book.writer.flush()
    signed, checkpoint = book.auditor.checkpoint(book.channel())
    assert checkpoint.size == 2
    assert signed.note.startswith(f"certchain/{book.server.network.hex()}/login-log\n2\n")
    with pytest.raises(MalformedMessage):
        book.channel().request(checkpoint, SignedCheckpoint)
    assert book.channel().request(CheckpointQuestion(), SignedCheckpoint) == signed
