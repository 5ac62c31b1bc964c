"""Proof files: entries of the log, provable to anyone, with no server and no chain at hand; one entry, or a bundle under one checkpoint.

A proof shows that the holder of the keys with the thumbprint it names signed a checkpoint of a log that holds this leaf at its
index, and, unless the body was erased, what the leaf commits to. That those keys are the certification server's, and that the chain has the
same log, only the chain says: compare the thumbprint with it, or check the same proof against it (``LogLedger.check_inclusion``).
That the same log is shown to everyone, witnesses say: name them, and how many of them have to.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TypeVar

from certchain.encoding.document import from_document, to_document
from certchain.encoding.leaf import leaf_bytes
from certchain.errors import CertchainError, CheckpointInvalid, CosignaturesMissing, ProofInvalid, WrongSigner
from certchain.merkle import leaf_hash, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.log import (
    BundledEntry,
    Checkpoint,
    Cosignature,
    InclusionProof,
    ProofBundle,
    ProofFile,
    ProvenBundle,
    ProvenEntry,
)
from certchain.verification.checkpoint import verify_checkpoint, verify_cosignatures
from certchain.verification.entry import verify_body

PROOF_FORMAT = "certchain-log-proof/v2"
BUNDLE_FORMAT = "certchain-log-proof-bundle/v1"
_HEAD = 200

File = TypeVar("File", ProofFile, ProofBundle)
Proven = TypeVar("Proven")


def proof_file_bytes(proof: ProofFile | ProofBundle) -> bytes:
    """The proof as the bytes of its file."""
    return to_document(proof)


def is_proof_bundle(data: bytes) -> bool:
    """Whether a file says of itself that it is a proof bundle; nothing of it is verified."""
    return f'"format": "{BUNDLE_FORMAT}"'.encode() in data[:_HEAD]


def verify_proof_file(
    data: bytes, thumbprint: Digest | None = None, witnesses: Mapping[str, bytes] | None = None, quorum: int = 0
) -> ProvenEntry:
    """What a proof file proves, if no byte of it was changed.

    With ``thumbprint`` the signer's keys have to be those; ``quorum`` of the ``witnesses`` (Ed25519 public keys by name) have to have
    cosigned. Raises ``ProofInvalid``, ``CheckpointInvalid``, ``CosignaturesMissing`` or ``WrongSigner``.
    """

    def proven() -> ProvenEntry:
        file = _read(ProofFile, data, PROOF_FORMAT)
        checkpoint, cosignatures = _vouched(file, thumbprint, witnesses or {}, quorum)
        return _proven(BundledEntry(file.leaf, file.body, file.path), checkpoint, cosignatures)

    return _as_proof(proven)


def verify_proof_bundle(
    data: bytes, thumbprint: Digest | None = None, witnesses: Mapping[str, bytes] | None = None, quorum: int = 0
) -> ProvenBundle:
    """What a proof bundle proves, every entry of it, if no byte was changed. It raises what ``verify_proof_file`` does."""

    def proven() -> ProvenBundle:
        file = _read(ProofBundle, data, BUNDLE_FORMAT)
        if any(first.leaf.index >= second.leaf.index for first, second in pairwise(file.entries)):
            raise ProofInvalid("its entries are not in the log's order")
        checkpoint, cosignatures = _vouched(file, thumbprint, witnesses or {}, quorum)
        entries = tuple(_proven(entry, checkpoint, cosignatures) for entry in file.entries)
        return ProvenBundle(entries, checkpoint, cosignatures)

    return _as_proof(proven)


def _as_proof(proven: Callable[[], Proven]) -> Proven:
    """Whatever is wrong in a proof (a wrong index, length, root, body) makes it no proof; the reason stays."""
    try:
        return proven()
    except (ProofInvalid, CheckpointInvalid, CosignaturesMissing, WrongSigner):
        raise
    except CertchainError as problem:
        raise ProofInvalid(str(problem).rstrip(".")) from problem


def _read(model: type[File], data: bytes, expected: str) -> File:
    file = from_document(model, data)
    if file.format != expected:
        raise ProofInvalid(f"its format is {file.format!r} and not {expected!r}")
    return file


def _vouched(
    file: ProofFile | ProofBundle, thumbprint: Digest | None, witnesses: Mapping[str, bytes], quorum: int
) -> tuple[Checkpoint, tuple[Cosignature, ...]]:
    """The checkpoint, and the cosignatures asked for."""
    checkpoint = verify_checkpoint(file.checkpoint, file.keys)
    if thumbprint is not None and thumbprint != checkpoint.thumbprint:
        raise WrongSigner(str(thumbprint), str(checkpoint.thumbprint))
    return checkpoint, verify_cosignatures(file.checkpoint, witnesses, quorum)


def _proven(entry: BundledEntry, checkpoint: Checkpoint, cosignatures: tuple[Cosignature, ...]) -> ProvenEntry:
    leaf = leaf_hash(leaf_bytes(entry.leaf))
    proof = InclusionProof(entry.leaf.index, checkpoint.size, entry.path)
    verify_inclusion(leaf, proof, checkpoint.root)
    said = None if entry.body is None else verify_body(entry.leaf, entry.body).entry
    return ProvenEntry(entry.leaf, said, leaf, proof, checkpoint, cosignatures)
