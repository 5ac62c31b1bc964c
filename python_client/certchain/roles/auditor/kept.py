"""Evidence as files of the auditor's store."""

import logging
from hashlib import sha256
from typing import TypeVar

from certchain.encoding.evidence import evidence_bytes
from certchain.errors.audit import LogFinding
from certchain.models.evidence import Evidence
from certchain.roles.auditor.followed import FollowedLog
from certchain.storage import FileStore

Finding = TypeVar("Finding", bound=LogFinding)

_NAME_LENGTH = 32
_log = logging.getLogger(__name__)


def keep_evidence(store: FileStore, log: FollowedLog, finding: Finding, evidence: Evidence) -> Finding:
    """Keeps the evidence, durably, and returns the finding with the log's origin and the evidence's name."""
    data = evidence_bytes(evidence)
    name = f"evidence-{sha256(data).hexdigest()[:_NAME_LENGTH]}.json"
    store.write(name, (data,))
    finding.origin, finding.evidence = log.origin, name
    _log.warning("%s: %s (evidence in %s)", type(finding).__name__, finding, name)
    return finding
