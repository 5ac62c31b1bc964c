"""Findings that do not end an audit: wrong times, and bodies that do not fit. What lies behind them is looked at all the same."""

from collections.abc import Sequence

from certchain.errors.audit import LogFinding
from certchain.models.log import AuditFinding

MOST = 100
"""Of how many such findings one audit keeps evidence; a log that has more is wrong all the same."""


class Findings:
    """What one audit collects; ``known`` is what the audits before have told already."""

    def __init__(self, known: Sequence[AuditFinding] = ()) -> None:
        self._known = {(each.finding, each.index): each for each in known}
        self._fresh: list[LogFinding] = []

    def wants(self, kind: type[LogFinding], index: int) -> bool:
        """Whether a finding of this kind about the entry is new, and not one too many of this audit."""
        return (kind.__name__, index) not in self._known and len(self._fresh) < MOST

    def add(self, finding: LogFinding) -> None:
        """Takes a finding whose evidence is kept."""
        kind = type(finding).__name__
        self._known[kind, finding.index] = AuditFinding(kind, finding.index, finding.evidence)
        self._fresh.append(finding)

    @property
    def all(self) -> tuple[AuditFinding, ...]:
        """Those that were known, and the new ones."""
        return tuple(self._known.values())

    def first(self) -> LogFinding | None:
        """The first new one, with the names of the others' evidence; ``None`` when there is none."""
        return self.told_with(self._fresh[0], self._fresh[1:]) if self._fresh else None

    def told_by(self, finding: LogFinding) -> LogFinding:
        """A finding that ends the audit, with the names of the evidence of those in front of it."""
        return self.told_with(finding, self._fresh)

    @staticmethod
    def told_with(finding: LogFinding, others: Sequence[LogFinding]) -> LogFinding:
        """The finding with the names of the others' evidence."""
        finding.also = " ".join(other.evidence for other in others)
        return finding
