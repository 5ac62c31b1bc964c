"""Evidence compared with the chain: what a document by itself leaves open."""

from certchain.errors import KeyNotInForce, ProofInvalid, UnknownSize
from certchain.ledger import LogLedger, RegistrationLedger
from certchain.models.evidence import ChainLeafEvidence, ChainRootEvidence, ChainStep, LeafEvidence, ProvenFinding
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import LogBatch
from certchain.verification.evidence import CHAIN, read_evidence, verify_evidence


def check_evidence(
    data: bytes, chain: LogLedger, registrations: RegistrationLedger, server: ServiceId
) -> ProvenFinding:
    """What evidence proves, by itself (``verify_evidence``) and then against the chain's log and the keys of its ``server``.

    The finding relies on the chain no more, only on the auditor's word where the evidence is of what was shown. Raises ``ProofInvalid`` or
    ``KeyNotInForce``.
    """
    proven, evidence = verify_evidence(data), read_evidence(data)
    party = service_party(server)
    known = {record.thumbprint for record in registrations.keys(party)}
    if not set(proven.thumbprints) <= known:
        raise KeyNotInForce(str(party))
    if isinstance(evidence, ChainLeafEvidence):
        _check_leaf(evidence, chain)
    elif isinstance(evidence, ChainRootEvidence):
        _check_root(evidence, chain)
    elif isinstance(evidence, LeafEvidence) and evidence.step is not None:
        _check_step(evidence.step, chain)
    relies = tuple(reason for reason in proven.relies_on if reason != CHAIN)
    return ProvenFinding(proven.finding, proven.origin, proven.proven, proven.thumbprints, relies)


def _check_leaf(evidence: ChainLeafEvidence, chain: LogLedger) -> None:
    batch = _check_step(evidence.step, chain)
    hashes = batch.leaf_hashes
    if evidence.chain_hash is not None and hashes[evidence.index - batch.first_index] != evidence.chain_hash:
        raise ProofInvalid(f"the chain has something else as entry {evidence.index}")
    if evidence.signed is not None and evidence.signed_elsewhere is not None:
        there = chain.batches(evidence.signed_elsewhere, 1)
        if (
            not there
            or there[0].leaf_hashes[evidence.signed_elsewhere - there[0].first_index] != evidence.signed.leaf_hash
        ):
            raise ProofInvalid(f"the chain has something else as entry {evidence.signed_elsewhere}")


def _check_root(evidence: ChainRootEvidence, chain: LogLedger) -> None:
    if evidence.step is not None:
        _check_step(evidence.step, chain)
    try:
        has = chain.root_at(evidence.size)
    except UnknownSize:
        has = None
    if has == evidence.prefix_root:
        raise ProofInvalid(f"the chain has the signed root at {evidence.size} entries")


def _check_step(step: ChainStep, chain: LogLedger) -> LogBatch:
    """The chain's batch, if it is the one that the evidence names, brought by that account."""
    for batch in chain.batches(step.first_index, 1):
        found = ChainStep(batch.first_index, batch.size, batch.root, batch.at, batch.transaction, chain.sender(batch))
        if found == step:
            return batch
    raise ProofInvalid(f"the chain has another batch from entry {step.first_index} on")
