"""`certchain log`: the login log, what it says and to whom, its proofs, its audits."""

from certchain.cli.log import audit, follow, keep, proof, read, serve
from certchain.cli.log.noun import log

_ADDED = (audit, follow, keep, proof, read, serve)
"""Each has added its commands to the noun."""

__all__ = ["log"]
