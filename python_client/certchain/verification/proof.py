"""The proof file: one entry of the log, provable to anyone, with no server and no chain at hand.

It proves that the holder of the keys with the thumbprint it names signed a checkpoint of a log that holds this entry at its index. That
those keys are the certification server's, and that the chain has the same log, only the chain says: compare the thumbprint with
it, or check the same proof against it (``LoginLogLedger.check_inclusion``).
"""

from certchain.encoding.digest import log_leaf
from certchain.encoding.document import from_document, to_document
from certchain.encoding.message import to_cbor
from certchain.errors import CertchainError, CheckpointInvalid, ProofInvalid, WrongSigner
from certchain.merkle import leaf_hash, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof, ProofFile, ProvenEntry
from certchain.verification.checkpoint import verify_checkpoint

PROOF_FORMAT = "certchain-log-proof/v1"


def proof_file_bytes(proof: ProofFile) -> bytes:
    """The proof as the bytes of its file."""
    return to_document(proof)


def verify_proof_file(data: bytes, thumbprint: Digest | None = None) -> ProvenEntry:
    """What a proof file proves, if no byte of it was changed.

    With ``thumbprint`` the signer's keys have to be those. Raises ``ProofInvalid``, ``CheckpointInvalid`` or ``WrongSigner``.
    """
    try:
        proven = _verified(from_document(ProofFile, data))
    except (ProofInvalid, CheckpointInvalid):
        raise
    except CertchainError as problem:  # a malformed file, a wrong index, a wrong length, a wrong root
        raise ProofInvalid(str(problem).rstrip(".")) from problem
    if thumbprint is not None and thumbprint != proven.checkpoint.thumbprint:
        raise WrongSigner(str(thumbprint), str(proven.checkpoint.thumbprint))
    return proven


def _verified(file: ProofFile) -> ProvenEntry:
    if file.format != PROOF_FORMAT:
        raise ProofInvalid(f"its format is {file.format!r} and not {PROOF_FORMAT!r}")
    checkpoint = verify_checkpoint(file.checkpoint, file.keys)
    leaf = leaf_hash(log_leaf(file.salt, to_cbor(file.entry)))
    proof = InclusionProof(file.entry.index, checkpoint.size, file.path)
    verify_inclusion(leaf, proof, checkpoint.root)
    return ProvenEntry(file.entry, leaf, proof, checkpoint)
