"""Evidence about a log as documents: which format is which kind of evidence."""

import re
from collections.abc import Mapping
from typing import Any

from certchain.encoding.document import from_document, to_document
from certchain.errors import MalformedMessage, ProofInvalid
from certchain.models.evidence import (
    BodyEvidence,
    ChainLeafEvidence,
    ChainRootEvidence,
    Evidence,
    ForkEvidence,
    LeafEvidence,
    RollbackEvidence,
    ServedEvidence,
    ShownEvidence,
)

_FORMAT = "certchain-log-evidence/v1/"
_KINDS: dict[str, type[Evidence]] = {
    "fork": ForkEvidence,
    "rollback": RollbackEvidence,
    "chain-leaf": ChainLeafEvidence,
    "chain-root": ChainRootEvidence,
    "leaf": LeafEvidence,
    "served": ServedEvidence,
    "body": BodyEvidence,
    "shown": ShownEvidence,
}
FORMATS: Mapping[Any, str] = {kind: _FORMAT + name for name, kind in _KINDS.items()}
"""What stands in the ``format`` of each kind of document."""

_HEAD = re.compile(rb'\{\n  "format": "' + re.escape(_FORMAT.encode()) + rb'([a-z-]+)"')


def evidence_bytes(evidence: Evidence) -> bytes:
    """The evidence as the bytes of its file."""
    return to_document(evidence)


def read_evidence(data: bytes) -> Evidence:
    """What ``evidence_bytes`` wrote; nothing of it is verified. Raises ``ProofInvalid``."""
    head = _HEAD.match(data)
    kind = _KINDS.get(head[1].decode()) if head else None
    if kind is None:
        raise ProofInvalid("it is no evidence about a log")
    try:
        evidence: Evidence = from_document(kind, data)
    except MalformedMessage as problem:
        raise ProofInvalid(str(problem).rstrip(".")) from problem
    return evidence
