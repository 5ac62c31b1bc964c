"""With --coverage: which branches of the contracts no test has taken. One that is missed fails the run.

Brownie collects the branches from the traces of the transactions, and with --coverage sends every call as a transaction; its own
report is never right for inherited code, and fails in the compiled release. This one puts together what every contract that inherits
a source has seen of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from brownie.network import contract
from brownie.project import get_loaded_projects
from brownie.test import coverage, output


class Branch(NamedTuple):
    """A condition in a source: its path, its place there, and the function it is in."""

    source: str
    start: int
    stop: int
    function: str

    def __str__(self) -> str:
        text = Path(self.source).read_text()
        line = text.count("\n", 0, self.start) + 1
        return f"{self.source}:{line} {self.function}: {text[self.start : self.stop]}"


def conditions(build: dict[str, Any]) -> Iterator[tuple[str, int, Branch, bool]]:
    """Every branch of a contract's build: the source's number, the branch's, and whether a jump means that it holds."""
    for number, functions in build["coverageMap"]["branches"].items():
        source = build["allSourcePaths"][number]
        if not source.startswith("contracts/"):
            continue
        for function, places in functions.items():
            for branch, (start, stop, jumps_if_true) in places.items():
                yield number, int(branch), Branch(source, start, stop, function), jumps_if_true


def outcomes() -> dict[Branch, set[bool]]:
    """Of each branch, the outcomes that were seen."""
    builds = dict(get_loaded_projects()[0]._build.items())
    seen: dict[Branch, set[bool]] = {
        branch: set() for build in builds.values() for _, _, branch, _ in conditions(build)
    }
    for evaluated in coverage.get_coverage_eval().values():
        for name, sources in evaluated.items():
            for number, index, branch, jumps_if_true in conditions(builds[name]):
                _, passed, jumped = sources.get(number, ((), (), ()))
                seen[branch].update([not jumps_if_true] if index in passed else [])
                seen[branch].update([jumps_if_true] if index in jumped else [])
    return seen


def missed() -> list[str]:
    """The outcomes that no test has led to, in the order of the sources."""
    return [
        f"never {outcome}: {branch}"
        for branch, seen in sorted(outcomes().items())
        for outcome in (True, False)
        if outcome not in seen
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Leave Brownie's own report out, and keep the places in the sources of contracts that have immutables.

    Brownie takes an immutable's value in the deployed code for another contract, and forgets those places.
    """
    if config.getoption("--coverage"):
        contract._verify_deployed_code = lambda address, expected, language: True
        coverage.get_merged_coverage_eval = dict
        output._build_coverage_output = lambda evaluated: []
        output._save_coverage_report = lambda build, evaluated, folder: None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A missed branch is a failure, unless only some tests were asked for."""
    if session.config.getoption("--coverage") and session.exitstatus == pytest.ExitCode.OK and missed():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name each outcome that was missed, then say how many of them there were."""
    if not config.getoption("--coverage"):
        return
    lines = missed()
    for line in lines:
        terminalreporter.write_line(line)
    total = 2 * len(outcomes())
    terminalreporter.write_line(f"Branches of the contracts: {total - len(lines)} of {total} outcomes seen.")
