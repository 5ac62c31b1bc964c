"""Evidence as files of the auditor's store."""

import logging
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from certchain.encoding.evidence import FORMATS, evidence_bytes
from certchain.errors.audit import LogFinding
from certchain.models.evidence import Evidence
from certchain.roles.auditor.followed import FollowedLog, short_name
from certchain.storage import FileStore

Finding = TypeVar("Finding", bound=LogFinding)
Fields = ParamSpec("Fields")
Document = Callable[Concatenate[str, str, Fields], Evidence]

_log = logging.getLogger(__name__)


def keep_evidence(
    store: FileStore,
    log: FollowedLog,
    finding: Finding,
    kind: Document[Fields],
    *fields: Fields.args,
    **named: Fields.kwargs,
) -> Finding:
    """Keeps evidence of a kind, durably, and returns the finding with the log's origin and the evidence's name.

    The ``fields`` are those that follow the document's format and the finding's name.
    """
    data = evidence_bytes(kind(FORMATS[kind], type(finding).__name__, *fields, **named))
    name = f"evidence-{short_name(data)}.json"
    store.write(name, (data,))
    finding.origin, finding.evidence = log.origin, name
    _log.warning("%s: %s (evidence in %s)", type(finding).__name__, finding, name)
    return finding
