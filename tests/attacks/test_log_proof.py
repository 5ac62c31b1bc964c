"""Attack: a proof file, or what it is made from, is forged."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import key_thumbprint
from certchain.encoding.document import from_document
from certchain.encoding.leaf import leaf_bytes
from certchain.errors import (
    CheckpointInvalid,
    IndexOutOfRange,
    KeyNotInForce,
    LogInconsistent,
    NotIncluded,
    ProofInvalid,
    TileInvalid,
    UnknownSize,
    VerificationFailed,
    WrongLog,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.merkle import leaf_hash, root
from certchain.models.digest import Digest
from certchain.models.log import Checkpoint, LogMode, ProofFile
from certchain.verification.checkpoint import sign_checkpoint
from certchain.verification.proof import PROOF_FORMAT, proof_file_bytes, verify_proof_file
from tests.audited import Served, Watch, as_bytes, changed


@pytest.fixture(params=list(LogMode))
def watch(request: pytest.FixtureRequest) -> Watch:
    return Watch(request.param).grow()


@pytest.fixture
def proof(watch: Watch) -> bytes:
    return watch.auditor.prove(watch.followed(entries=watch.book.engine.reader), 13)


def test_a_proof_is_good_for_everyone(watch: Watch, proof: bytes) -> None:
    proven = verify_proof_file(proof, key_thumbprint(watch.book.server.keys.public))
    assert proven.entry == watch.book.everything()[13].body.entry  # type: ignore[union-attr]
    assert watch.auditor.check_proof_file(watch.followed(), proof) == proven
    with pytest.raises(IndexOutOfRange):
        watch.auditor.prove(watch.followed(), 300)
    assert verify_proof_file(watch.auditor.prove(watch.followed(), 299)).entry is None


def test_no_byte_of_a_proof_file_can_change_be_left_out_or_added(proof: bytes) -> None:
    for place in range(0, len(proof), 7):
        for forged in (
            proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1 :],
            proof[:place] + proof[place + 1 :],
            proof[:place] + b" " + proof[place:],
        ):
            with pytest.raises(VerificationFailed):
                verify_proof_file(forged)


def forged(watch: Watch, keys: KeyPair, **changes: Any) -> bytes:
    """Whole and right in itself, for an entry that never was."""
    leaf = replace(changed(watch.leaves()[0]), index=0)
    identity, hashed = watch.book.server, leaf_hash(leaf_bytes(leaf))
    claimed = Checkpoint(
        watch.book.engine.publication.origin, 1, root([hashed]), identity.party, key_thumbprint(keys.public)
    )
    note = sign_checkpoint(replace(claimed, **changes), keys)
    return proof_file_bytes(ProofFile(PROOF_FORMAT, leaf, None, (), note, keys.public))


def test_a_proof_signed_by_a_thief_is_refused_by_the_thumbprint_and_by_the_chain(watch: Watch) -> None:
    forgery = forged(watch, KeyPair.generate())
    assert verify_proof_file(forgery).checkpoint.size == 1
    with pytest.raises(WrongSigner):
        verify_proof_file(forgery, key_thumbprint(watch.book.server.keys.public))
    with pytest.raises(KeyNotInForce):
        watch.auditor.check_proof_file(watch.followed(), forgery)


def test_a_proof_signed_by_the_server_for_what_it_never_brought_to_the_chain_is_refused(watch: Watch) -> None:
    keys = watch.book.server.keys
    with pytest.raises(LogInconsistent):
        watch.auditor.check_proof_file(watch.followed(), forged(watch, keys))
    leaves = watch.leaves()
    twisted = watch.signed([changed(leaves[0]), *leaves[1:]])
    lie = watch.auditor.prove(watch.followed(twisted, anchored=None), 0)
    with pytest.raises(LogInconsistent):
        watch.auditor.check_proof_file(watch.followed(), lie)


def test_a_proof_of_another_log_or_by_another_service_is_refused(watch: Watch) -> None:
    keys, auditor = watch.book.server.keys, watch.book.auditor_identity
    with pytest.raises(WrongLog):
        watch.auditor.check_proof_file(watch.followed(), forged(watch, keys, origin="certchain/install-log"))
    with pytest.raises(WrongSigner):
        watch.auditor.check_proof_file(watch.followed(), forged(watch, auditor.keys, signer=auditor.party))


def test_a_path_of_another_entry_is_refused(proof: bytes) -> None:
    file = from_document(ProofFile, proof)
    for twisted in (
        replace(file, path=file.path[:-1]),
        replace(file, path=()),
        replace(file, leaf=replace(file.leaf, index=14)),
        replace(file, leaf=replace(file.leaf, at=file.leaf.at + 1)),
        replace(file, format="certchain-log-proof/v1"),
    ):
        with pytest.raises(ProofInvalid):
            verify_proof_file(proof_file_bytes(twisted))


def test_a_proof_is_not_made_from_tiles_or_leaves_that_were_changed(watch: Watch) -> None:
    leaves = watch.leaves()
    other = as_bytes([changed(leaves[0]), *leaves[1:]])
    for source in (
        Served(watch.honest.note, other, watch.book.store),
        Served(watch.honest.note, watch.book.store, other),
    ):
        with pytest.raises(TileInvalid):
            watch.auditor.prove(watch.followed(source), 0)


def test_a_proof_is_not_made_of_what_the_server_says_otherwise(watch: Watch) -> None:
    class Liar:
        def entries(self, first: int, limit: int) -> Any:
            return watch.book.engine.reader.entries(first + 1, limit)

    with pytest.raises(LogInconsistent):
        watch.auditor.prove(watch.followed(entries=Liar()), 13)


def test_a_checkpoint_that_the_chain_does_not_have_is_not_relied_on(watch: Watch) -> None:
    leaves = watch.leaves()
    lie = watch.signed([changed(leaves[0]), *leaves[1:]])
    with pytest.raises(LogInconsistent):
        watch.auditor.checkpoint(watch.followed(anchored=lambda: lie.note))
    ahead = watch.signed([*leaves, replace(leaves[-1], index=300)])
    with pytest.raises(LogInconsistent):
        watch.auditor.checkpoint(watch.followed(anchored=lambda: ahead.note))
    assert watch.auditor.checkpoint(watch.followed()).size == 300


def test_a_chain_that_says_no_is_believed(watch: Watch, proof: bytes) -> None:
    """The contract's own check of the path is asked, besides ours; of an older size it has, when anchored, no root."""

    class Strict:
        def __init__(self, problem: Exception) -> None:
            self.root_at, self._problem = watch.book.chain.root_at, problem

        def check_inclusion(self, hashed: Digest, path: Any) -> None:
            raise self._problem

    strict: Any = Strict(NotIncluded(bytes(32), 13, 300))
    with pytest.raises(NotIncluded):
        watch.auditor.check_proof_file(watch.followed(chain=strict), proof)
    older: Any = Strict(UnknownSize(300))
    assert watch.auditor.check_proof_file(watch.followed(chain=older), proof).leaf.index == 13


def test_a_proof_outlives_a_rotation_of_the_server_s_keys(watch: Watch, proof: bytes) -> None:
    """The chain still knows that the keys were the server's; keys that it never had are refused."""
    registrations = watch.book.accounts("authority").registrations
    registrations.rotate_service_keys(watch.server, KeyPair.generate().public)
    watch.grow(100)
    assert watch.auditor.check_proof_file(watch.followed(), proof).leaf.index == 13
    with pytest.raises(CheckpointInvalid):
        watch.auditor.audit(watch.followed(keys=()))
