"""Evidence compared with the chain: what a document by itself leaves open."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from certchain.encoding.evidence import read_evidence
from certchain.errors import CertchainError, KeyNotInForce, ProofInvalid, Unavailable, UnknownSize
from certchain.ledger import LogLedger, RegistrationLedger
from certchain.models.digest import Digest
from certchain.models.evidence import (
    CLOCK_TOLERANCE,
    ChainLeafEvidence,
    ChainRootEvidence,
    ChainStep,
    Evidence,
    LeafEvidence,
    ProvenFinding,
)
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import LogBatch
from certchain.verification.evidence import CHAIN, verify_evidence

WITHDRAWN_KEYS = "withdrawn keys"


def check_evidence(
    data: bytes,
    chain: LogLedger,
    registrations: RegistrationLedger,
    server: ServiceId,
    witnesses: Mapping[str, bytes],
    *,
    tolerance: int = CLOCK_TOLERANCE,
) -> ProvenFinding:
    """What evidence proves, by itself (``verify_evidence``) and then against the chain's log and the keys of its ``server``.

    The finding relies on the chain no more; still on the auditor's word where the evidence is of what was shown, and on witnesses whom the
    reader does not know. Who signed by keys that the server has withdrawn, nobody can tell: then it relies on those. Raises
    ``ProofInvalid`` or ``KeyNotInForce``.
    """
    proven, evidence = verify_evidence(data, witnesses, tolerance), read_evidence(data)
    party = service_party(server)
    known = [record.thumbprint for record in registrations.keys(party)]
    if not set(proven.thumbprints) <= set(known):
        raise KeyNotInForce(str(party))
    try:
        _check_chain(evidence, chain)
    except (ProofInvalid, Unavailable):
        raise
    except CertchainError as problem:  # numbers that no chain can have
        raise ProofInvalid(str(problem).rstrip(".")) from problem
    withdrawn = () if set(proven.thumbprints) <= set(known[-1:]) else (WITHDRAWN_KEYS,)
    relies = tuple(reason for reason in proven.relies_on if reason != CHAIN)
    return replace(proven, relies_on=(*relies, *withdrawn))


def _check_chain(evidence: Evidence, chain: LogLedger) -> None:
    if isinstance(evidence, ChainLeafEvidence):
        _check_step(evidence.step, chain)
        _check_hash(chain, evidence.index, evidence.chain_hash)
        if evidence.signed is not None and evidence.signed_elsewhere is not None:
            _check_hash(chain, evidence.signed_elsewhere, evidence.signed.leaf_hash)
    elif isinstance(evidence, ChainRootEvidence):
        _check_root(evidence, chain)
    elif isinstance(evidence, LeafEvidence) and evidence.step is not None:
        _check_step(evidence.step, chain)


def _check_hash(chain: LogLedger, index: int, expected: Digest | None) -> None:
    """The chain has this leaf hash at the index; none of an anchored log."""
    batches = chain.batches(index, 1)
    hashes = batches[0].leaf_hashes[index - batches[0].first_index :] if batches else ()
    if (hashes[0] if hashes else None) != expected:
        raise ProofInvalid(f"the chain has something else as entry {index}")


def _check_root(evidence: ChainRootEvidence, chain: LogLedger) -> None:
    if evidence.step is not None:
        _check_step(evidence.step, chain)
        return
    with suppress(UnknownSize):
        chain.root_at(evidence.size)
        raise ProofInvalid(f"the chain has a root at {evidence.size} entries")


def _check_step(step: ChainStep, chain: LogLedger) -> LogBatch:
    """The chain's batch, if it is the one that the evidence names, brought by that account."""
    for batch in chain.batches(step.first_index, 1):
        found = ChainStep(batch.first_index, batch.size, batch.root, batch.at, batch.transaction, chain.sender(batch))
        if found == step:
            return batch
    raise ProofInvalid(f"the chain has another batch from entry {step.first_index} on")
