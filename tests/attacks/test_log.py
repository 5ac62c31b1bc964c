"""Attacks on the log: by its own server, by a thief of its database, by whoever carries a proof file."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certchain.channel import MemoryChannel
from certchain.encoding.digest import key_thumbprint
from certchain.encoding.document import from_document
from certchain.encoding.note import log_origin
from certchain.errors import (
    CertchainError,
    CheckpointInvalid,
    KeyNotInForce,
    LogInconsistent,
    MalformedMessage,
    NotIncluded,
    ProofInvalid,
    VerificationFailed,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.log import LogPublisher, LogWriter, entry_leaf_hash
from certchain.merkle import inclusion_path, root
from certchain.models.digest import Digest
from certchain.models.log import (
    Checkpoint,
    CheckpointQuestion,
    LogPage,
    LogPageQuestion,
    ProofFile,
    SaltedEntry,
    SignedCheckpoint,
)
from certchain.roles.auditor import Auditor, ServerEntries
from certchain.storage import MemoryManagementDatabase
from certchain.verification.checkpoint import sign_checkpoint
from certchain.verification.proof import PROOF_FORMAT, proof_file_bytes, verify_proof_file
from tests.logbook import Logbook, TamperedEntries, enrol, everything, falsified

SIZE = 30


@pytest.fixture
def book() -> Logbook:
    """A log whose entries are all on the chain, in batches of 8."""
    book = Logbook()
    book.record(SIZE)
    book.writer.flush(limit=8)
    return book


# ------------------------------------------------------------------------------------------------------ the database changed


def renumbered(entries: list[SaltedEntry]) -> list[SaltedEntry]:
    """As a careful forger leaves them: the indices are right again."""
    return [replace(salted, entry=replace(salted.entry, index=index)) for index, salted in enumerate(entries)]


def swapped(entries: list[SaltedEntry], one: int, other: int) -> list[SaltedEntry]:
    entries[one], entries[other] = entries[other], entries[one]
    return entries


Tampering = Callable[[list[SaltedEntry]], list[SaltedEntry]]


@pytest.mark.parametrize(
    ("tamper", "index", "what"),
    [
        pytest.param(lambda log: [*log[:9], falsified(log[9]), *log[10:]], 9, "changed", id="changed entry"),
        pytest.param(
            lambda log: [*log[:9], replace(log[9], salt=bytes(32)), *log[10:]], 9, "changed", id="changed salt"
        ),
        pytest.param(lambda log: [*log[:9], *log[10:]], 9, "removed", id="removed entry"),
        pytest.param(lambda log: renumbered([*log[:9], *log[10:]]), 9, "changed", id="removed and renumbered"),
        pytest.param(lambda log: [*log[:9], falsified(log[9]), *log[9:]], 9, "inserted", id="inserted entry"),
        pytest.param(lambda log: swapped(log, 9, 12), 9, "reordered", id="two entries swapped"),
        pytest.param(lambda log: swapped(log, 7, 8), 7, "reordered", id="swapped across a batch"),
        pytest.param(lambda log: swapped(log, 2, 25), 2, "reordered", id="swapped over several batches"),
        pytest.param(lambda log: [*log[:7], *log[8:]], 7, "removed", id="last entry of a batch removed"),
        pytest.param(lambda log: log[:-1], SIZE - 1, "missing", id="last entry missing"),
        pytest.param(lambda log: log[:20], 20, "missing", id="missing tail"),
        pytest.param(lambda _: [], 0, "missing", id="nothing left"),
        pytest.param(lambda log: [falsified(log[0]), *log[1:]], 0, "changed", id="first entry changed"),
    ],
)
def test_an_auditor_notices_a_changed_log_and_says_where(
    book: Logbook, tamper: Tampering, index: int, what: str
) -> None:
    source = TamperedEntries(tuple(tamper(everything(book))))

    with pytest.raises(LogInconsistent, match=what) as caught:
        book.auditor.audit(source)

    assert caught.value.index == index
    assert book.auditor.audit(book.records).size == SIZE


def test_an_index_that_is_not_the_entrys_place_is_noticed() -> None:
    """Even when the server put it so on the chain: the replay counts for itself."""
    book = Logbook()
    book.record(3)
    liar = [replace(salted, entry=replace(salted.entry, index=7)) for salted in everything(book)]
    book.chain.append(0, (), [entry_leaf_hash(salted) for salted in liar])

    with pytest.raises(LogInconsistent, match="index") as caught:
        book.auditor.audit(TamperedEntries(tuple(liar)))
    assert caught.value.index == 0


# ------------------------------------------------------------------------------------------------ the chain itself went back


def test_a_log_that_was_rolled_back_is_noticed_by_the_next_audit(book: Logbook) -> None:
    """A node that shows an older chain, with the database to match."""
    book.auditor.audit(book.records)
    older = Logbook(accounts=book.accounts.__class__())
    older.records.append_entries(everything(book)[:16])
    older.writer.flush(limit=8)
    auditor = Auditor(older.ledger, book.store, book.auditor.server)

    with pytest.raises(LogInconsistent, match="rolled back") as caught:
        auditor.audit(older.records)
    assert caught.value.index == 16


def test_a_log_that_was_forked_is_noticed_by_the_next_audit(book: Logbook) -> None:
    """Another chain of at least that size, with other entries, and all of it consistent in itself."""
    book.auditor.audit(book.records)
    fork = Logbook(accounts=book.accounts.__class__())
    fork.record(SIZE)
    fork.writer.flush()
    auditor = Auditor(fork.ledger, book.store, book.auditor.server)

    with pytest.raises(LogInconsistent, match="another"):
        auditor.audit(fork.records)


# --------------------------------------------------------------------------------------------------- entries for others' eyes


def test_only_an_auditor_gets_entries(book: Logbook) -> None:
    """They tell who controls what, and when."""
    curious = enrol(book.accounts, KeyPair.generate())
    with pytest.raises(WrongSigner, match="auditor"):
        ServerEntries(book.channel(), curious).entries(0, 1)
    thief = replace(book.auditor_identity, keys=KeyPair.generate())
    with pytest.raises(KeyNotInForce):
        ServerEntries(book.channel(), thief).entries(0, 1)


def test_an_auditors_question_is_worth_nothing_on_another_channel(book: Logbook) -> None:
    question = book.auditor_identity.sign(LogPageQuestion(0, 1, book.channel().binding))
    with pytest.raises(MalformedMessage, match="another channel"):
        book.channel().request(question, LogPage)


# ------------------------------------------------------------------------------------------------------- forged checkpoints


def checkpoint(book: Logbook, **fields: Any) -> Checkpoint:
    honest = Checkpoint(
        log_origin(book.server.network),
        book.chain.size(),
        book.chain.root(),
        book.server.party,
        key_thumbprint(book.server.keys.public),
    )
    return replace(honest, **fields)


def shown(book: Logbook, claimed: Checkpoint, keys: KeyPair | None = None) -> None:
    """The auditor is shown this checkpoint, signed by these keys."""
    keys = keys or book.server.keys
    signed = SignedCheckpoint(sign_checkpoint(claimed, keys), keys.public)
    book.auditor.checkpoint(MemoryChannel(lambda _connection, _message: signed))


def test_an_honest_checkpoint_is_believed(book: Logbook) -> None:
    shown(book, checkpoint(book))


def test_a_checkpoint_on_another_root_than_the_chains_is_refused(book: Logbook) -> None:
    """A split view: the server signs for one auditor what the chain does not have."""
    with pytest.raises(LogInconsistent):
        shown(book, checkpoint(book, root=Digest(bytes(32))))
    with pytest.raises(LogInconsistent):
        shown(book, checkpoint(book, size=SIZE + 100))


def test_a_checkpoint_of_another_network_is_refused(book: Logbook) -> None:
    with pytest.raises(CheckpointInvalid, match="another log"):
        shown(book, checkpoint(book, origin=log_origin(bytes(32))))


def test_a_checkpoint_by_another_service_is_refused(book: Logbook) -> None:
    other = book.auditor_identity
    with pytest.raises(WrongSigner):
        shown(book, checkpoint(book, signer=other.party, thumbprint=key_thumbprint(other.keys.public)), other.keys)


def test_a_checkpoint_by_keys_that_the_chain_does_not_know_is_refused(book: Logbook) -> None:
    thief = KeyPair.generate()
    with pytest.raises(KeyNotInForce):
        shown(book, checkpoint(book, thumbprint=key_thumbprint(thief.public)), thief)


def test_a_server_whose_database_was_changed_signs_no_checkpoint(book: Logbook) -> None:
    changed = MemoryManagementDatabase()
    changed.append_entries([falsified(salted) for salted in everything(book)])
    publisher = LogPublisher(LogWriter(changed, book.chain), book.ledger.registrations, book.server)
    with pytest.raises(LogInconsistent):
        MemoryChannel(publisher.answer).request(CheckpointQuestion(), SignedCheckpoint)


# ------------------------------------------------------------------------------------------------------- forged proof files


@pytest.fixture
def proof(book: Logbook) -> bytes:
    return book.auditor.prove(13, book.entries(), book.channel())


@pytest.mark.parametrize("mask", [1 << bit for bit in range(8)])
def test_no_byte_of_a_proof_file_can_change(proof: bytes, mask: int) -> None:
    """Every single byte, by one bit of it."""
    verify_proof_file(proof)
    for place in range(len(proof)):
        with pytest.raises((ProofInvalid, CheckpointInvalid)):
            verify_proof_file(proof[:place] + bytes([proof[place] ^ mask]) + proof[place + 1 :])


def test_no_byte_of_a_proof_file_can_be_left_out_or_added(proof: bytes) -> None:
    for place in range(len(proof)):
        with pytest.raises(VerificationFailed):
            verify_proof_file(proof[:place] + proof[place + 1 :])
        with pytest.raises(VerificationFailed):
            verify_proof_file(proof[:place] + b" " + proof[place:])


def test_a_proof_signed_by_the_thief_is_refused_where_the_thumbprint_is_known(book: Logbook, proof: bytes) -> None:
    """Whole and right in itself, for an entry that never was: only the thumbprint tells."""
    forgery = forged_by_a_thief(book)
    assert verify_proof_file(forgery).entry.user == 66

    honest = key_thumbprint(book.server.keys.public)
    assert verify_proof_file(proof, honest).entry.user == 1
    with pytest.raises(WrongSigner):
        verify_proof_file(forgery, honest)
    with pytest.raises(KeyNotInForce):
        book.auditor.check_proof_file(forgery)


def forged_by_a_thief(book: Logbook) -> bytes:
    thief, entry = KeyPair.generate(), falsified(everything(book)[0])
    leaves = [entry_leaf_hash(entry)]
    claimed = checkpoint(book, size=1, root=root(leaves), thumbprint=key_thumbprint(thief.public))
    note = sign_checkpoint(claimed, thief)
    return proof_file_bytes(
        ProofFile(PROOF_FORMAT, entry.entry, entry.salt, inclusion_path(leaves, 0), note, thief.public)
    )


def test_a_proof_signed_by_the_server_for_another_log_is_refused_by_the_chain(book: Logbook) -> None:
    """The server itself signs a checkpoint of a log that it never brought to the chain."""
    entry = falsified(everything(book)[0])
    leaves = [entry_leaf_hash(entry)]
    note = sign_checkpoint(checkpoint(book, size=1, root=root(leaves)), book.server.keys)
    forgery = proof_file_bytes(ProofFile(PROOF_FORMAT, entry.entry, entry.salt, (), note, book.server.keys.public))
    verify_proof_file(forgery, key_thumbprint(book.server.keys.public))
    with pytest.raises(LogInconsistent):
        book.auditor.check_proof_file(forgery)


def test_a_path_of_another_entry_or_another_format_is_refused(proof: bytes) -> None:
    file = from_document(ProofFile, proof)
    for twisted in (
        replace(file, path=file.path[:-1]),
        replace(file, path=()),
        replace(file, format="certchain-log-proof/v2"),
        replace(file, salt=bytes(32)),
        replace(file, entry=replace(file.entry, index=14)),
        replace(file, entry=replace(file.entry, index=SIZE)),
        replace(file, entry=replace(file.entry, index=-1)),
    ):
        with pytest.raises(ProofInvalid):
            verify_proof_file(proof_file_bytes(twisted))


def test_a_server_that_gives_the_auditor_another_entry_is_found_out(book: Logbook) -> None:
    source = TamperedEntries(tuple(falsified(salted) for salted in everything(book)))
    with pytest.raises(LogInconsistent) as caught:
        book.auditor.prove(13, source, book.channel())
    assert caught.value.index == 13
    with pytest.raises(LogInconsistent):
        book.auditor.prove(13, TamperedEntries(()), book.channel())


def test_a_chain_that_says_no_is_believed(book: Logbook, proof: bytes) -> None:
    """The contract's own check of the path is asked, besides ours."""

    class StrictLog:
        def __init__(self, inner: Any) -> None:
            self.root_at = inner.root_at

        def check_inclusion(self, leaf_hash: Digest, proof: Any) -> None:
            raise NotIncluded(leaf_hash.value, proof.index, proof.size)

    ledger = replace(book.ledger, login_log=StrictLog(book.chain))
    with pytest.raises(NotIncluded):
        Auditor(ledger, book.store, book.auditor.server).check_proof_file(proof)
    assert issubclass(NotIncluded, CertchainError)
