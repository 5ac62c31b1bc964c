"""The auditor: follows logs against the chain, keeps evidence of what is wrong, and makes and checks proofs of single entries."""

from certchain.roles.auditor.auditor import Auditor
from certchain.roles.auditor.checked import check_evidence
from certchain.roles.auditor.followed import FollowedLog, Progress
from certchain.roles.auditor.server import ServerCheckpoint, ServerEntries
from certchain.roles.auditor.view import View

__all__ = ["Auditor", "FollowedLog", "Progress", "ServerCheckpoint", "ServerEntries", "View", "check_evidence"]
