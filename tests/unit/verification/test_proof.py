"""Proof files and bundles hold without a server, for exactly what they say; a file that was tampered with does not."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certchain import merkle
from certchain.encoding.digest import key_thumbprint
from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import entry_commitment, leaf_bytes
from certchain.errors import CheckpointInvalid, CosignaturesMissing, ProofInvalid, WrongSigner
from certchain.keys import KeyPair
from certchain.models.digest import Digest
from certchain.models.entry import ErasureEntry, LogEntry, LoginEntry, LoginOutcome, Subject, SubjectKind
from certchain.models.identifier import DeviceId, ServiceId, UserId, service_party
from certchain.models.log import BundledEntry, Checkpoint, Cosignature, LogLeaf, OpenedBody, ProofBundle, ProofFile
from certchain.verification.checkpoint import sign_checkpoint, sign_cosignature
from certchain.verification.proof import (
    BUNDLE_FORMAT,
    PROOF_FORMAT,
    proof_file_bytes,
    verify_proof_bundle,
    verify_proof_file,
)

SERVER, ANNE, THIEF = (KeyPair.generate() for _ in range(3))
WITNESSES = {"anne.example": ANNE.public.signing}
SIZE = 11


def entry(index: int) -> LogEntry:
    if index == 6:
        return ErasureEntry(Subject(SubjectKind.USER, 4), 1_700_000_000, "on request")
    return LoginEntry(LoginOutcome.CERTIFIED, "C13", "", bytes(16), UserId(index), None, DeviceId(7), None)


BODIES = [OpenedBody(bytes([index]) * 32, entry(index)) for index in range(SIZE)]
LEAVES = [
    LogLeaf(index, 1_800_000_000 + index, entry_commitment(body.salt, entry_bytes(body.entry)))
    for index, body in enumerate(BODIES)
]
HASHES = [merkle.leaf_hash(leaf_bytes(leaf)) for leaf in LEAVES]
CHECKPOINT = Checkpoint(
    "certchain/aa/login-log", SIZE, merkle.root(HASHES), service_party(ServiceId(1)), key_thumbprint(SERVER.public)
)
SIGNED = sign_checkpoint(CHECKPOINT, SERVER)
NOTE = SIGNED + sign_cosignature(SIGNED, "anne.example", ANNE, 1_800_000_100)


def proof(index: int, *, erased: bool = False) -> ProofFile:
    body = None if erased else BODIES[index]
    return ProofFile(PROOF_FORMAT, LEAVES[index], body, merkle.inclusion_path(HASHES, index), NOTE, SERVER.public)


def bundle(*indices: int) -> ProofBundle:
    entries = (BundledEntry(LEAVES[i], BODIES[i], merkle.inclusion_path(HASHES, i)) for i in indices)
    return ProofBundle(BUNDLE_FORMAT, tuple(entries), NOTE, SERVER.public)


@pytest.mark.parametrize("index", range(SIZE))
def test_a_proof_file_proves_its_entry_at_its_place(index: int) -> None:
    proven = verify_proof_file(proof_file_bytes(proof(index)))

    assert (proven.leaf, proven.entry, proven.leaf_hash) == (LEAVES[index], entry(index), HASHES[index])
    assert (proven.proof.index, proven.proof.size, proven.checkpoint) == (index, SIZE, CHECKPOINT)
    assert proven.cosignatures == ()


def test_of_an_erased_entry_place_time_and_commitment_are_proven() -> None:
    proven = verify_proof_file(proof_file_bytes(proof(3, erased=True)))

    assert (proven.leaf, proven.entry) == (LEAVES[3], None)


def test_the_signer_s_keys_can_be_asked_for() -> None:
    data = proof_file_bytes(proof(3))

    assert verify_proof_file(data, CHECKPOINT.thumbprint).leaf == LEAVES[3]
    with pytest.raises(WrongSigner):
        verify_proof_file(data, key_thumbprint(THIEF.public))


def test_witnesses_can_be_asked_for() -> None:
    proven = verify_proof_file(proof_file_bytes(proof(3)), witnesses=WITNESSES, quorum=1)
    assert proven.cosignatures == (Cosignature("anne.example", 1_800_000_100),)

    with pytest.raises(CosignaturesMissing):
        verify_proof_file(proof_file_bytes(replace(proof(3), checkpoint=SIGNED)), witnesses=WITNESSES, quorum=1)
    with pytest.raises(CosignaturesMissing):
        verify_proof_file(proof_file_bytes(proof(3)), witnesses={"anne.example": THIEF.public.signing}, quorum=1)


@pytest.mark.parametrize(
    "change",
    [
        lambda file: replace(file, format="certchain-log-proof/v1"),
        lambda file: replace(file, leaf=replace(file.leaf, index=4)),
        lambda file: replace(file, leaf=replace(file.leaf, index=SIZE)),
        lambda file: replace(file, leaf=replace(file.leaf, at=file.leaf.at + 1)),
        lambda file: replace(file, leaf=replace(file.leaf, commitment=Digest(bytes(32)))),
        lambda file: replace(file, leaf=LEAVES[4]),
        lambda file: replace(file, body=BODIES[4]),
        lambda file: replace(file, body=OpenedBody(bytes(32), file.body.entry)),
        lambda file: replace(file, path=file.path[:-1]),
        lambda file: replace(file, path=(*file.path, Digest(bytes(32)))),
        lambda file: replace(file, path=(Digest(bytes(32)), *file.path[1:])),
        lambda file: replace(file, path=tuple(reversed(file.path))),
    ],
)
def test_a_file_with_another_leaf_body_or_path_is_no_proof(change: Callable[[Any], ProofFile]) -> None:
    with pytest.raises(ProofInvalid):
        verify_proof_file(proof_file_bytes(change(proof(3))))


@pytest.mark.parametrize(
    "change",
    [
        lambda file: replace(file, checkpoint=sign_checkpoint(CHECKPOINT, THIEF)),
        lambda file: replace(file, keys=THIEF.public),
        lambda file: replace(file, checkpoint=NOTE.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n")),
        lambda file: replace(file, checkpoint=""),
    ],
)
def test_a_file_with_another_checkpoint_or_other_keys_is_no_proof(change: Callable[[Any], ProofFile]) -> None:
    with pytest.raises(CheckpointInvalid):
        verify_proof_file(proof_file_bytes(change(proof(3))))


def test_a_thief_s_own_log_names_the_thief() -> None:
    """Whoever signs a log of their own can prove its entries: the thumbprint tells whose it is."""
    theirs = replace(CHECKPOINT, thumbprint=key_thumbprint(THIEF.public))
    file = replace(proof(3), checkpoint=sign_checkpoint(theirs, THIEF), keys=THIEF.public)

    assert verify_proof_file(proof_file_bytes(file)).checkpoint.thumbprint == key_thumbprint(THIEF.public)
    with pytest.raises(WrongSigner):
        verify_proof_file(proof_file_bytes(file), CHECKPOINT.thumbprint)


@pytest.mark.parametrize(
    "spelled", [proof_file_bytes(proof(3)), proof_file_bytes(bundle(2, 3))], ids=["file", "bundle"]
)
def test_a_changed_byte_is_noticed_wherever_it_is(spelled: bytes) -> None:
    """Every byte but those of a cosignature that nobody asks for."""
    verify: Any = verify_proof_bundle if b"entries" in spelled else verify_proof_file
    asked = {"thumbprint": CHECKPOINT.thumbprint, "witnesses": WITNESSES, "quorum": 1}
    for at in range(0, len(spelled), 3):
        other = spelled[:at] + bytes([spelled[at] ^ 1]) + spelled[at + 1 :]
        with pytest.raises((ProofInvalid, CheckpointInvalid, CosignaturesMissing, WrongSigner)):
            verify(other, **asked)


def test_a_bundle_proves_every_entry_under_one_checkpoint() -> None:
    proven = verify_proof_bundle(proof_file_bytes(bundle(0, 3, 6, 10)), CHECKPOINT.thumbprint, WITNESSES, 1)

    assert [found.entry for found in proven.entries] == [entry(index) for index in (0, 3, 6, 10)]
    assert {found.checkpoint for found in proven.entries} == {proven.checkpoint} == {CHECKPOINT}
    assert proven.cosignatures == (Cosignature("anne.example", 1_800_000_100),)


def test_a_bundle_of_nothing_proves_the_checkpoint_alone() -> None:
    proven = verify_proof_bundle(proof_file_bytes(bundle()))

    assert (proven.entries, proven.checkpoint) == ((), CHECKPOINT)


@pytest.mark.parametrize("indices", [(3, 2), (3, 3)])
def test_a_bundle_has_each_entry_once_and_in_order(indices: tuple[int, ...]) -> None:
    with pytest.raises(ProofInvalid):
        verify_proof_bundle(proof_file_bytes(bundle(*indices)))


def test_one_bad_entry_makes_a_bundle_no_proof() -> None:
    good = bundle(2, 3, 4)
    for bad in (replace(good.entries[1], body=BODIES[4]), replace(good.entries[1], path=good.entries[2].path)):
        file = replace(good, entries=(good.entries[0], bad, good.entries[2]))
        with pytest.raises(ProofInvalid):
            verify_proof_bundle(proof_file_bytes(file))


def test_a_file_is_no_bundle_and_a_bundle_no_file() -> None:
    with pytest.raises(ProofInvalid):
        verify_proof_bundle(proof_file_bytes(proof(3)))
    with pytest.raises(ProofInvalid):
        verify_proof_file(proof_file_bytes(bundle(3)))
    with pytest.raises(ProofInvalid):
        verify_proof_bundle(proof_file_bytes(replace(bundle(3), format=PROOF_FORMAT)))


def test_a_proof_file_is_readable() -> None:
    file = json.loads(proof_file_bytes(proof(3)))

    assert list(file) == ["format", "leaf", "body", "path", "checkpoint", "keys"]
    assert file["format"] == "certchain-log-proof/v2"
    assert file["leaf"]["index"] == 3
    assert file["body"]["entry"]["kind"] == "login"
