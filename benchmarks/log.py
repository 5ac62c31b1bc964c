"""How fast the log is, beside the disk alone and Tessera, in one run on one machine: `make bench-log`.

Fails when a bound is missed. With `--quick` it goes through everything with few entries, and asks nothing of the figures.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anchoring
import audit
import inprocess
import machine
import workload
from chain import Chain, anvil
from figures import Figure, quantiles, table
from rich.console import Console
from rounds import BUILT, POLICY, Counts, explanation, folder, measured, rate_figures

from certchain.log import LogEngine
from certchain.models.log import Checkpoint, LogMode
from certchain.storage import DirectoryFileStore

LATENCY, PACE = 0.1, 5_000
AUDIT_SECONDS, AUDIT_BYTES = 60, 300 << 20
WIDTH = 120
QUANTILES = ("p50", "p95", "p99")
RECORDED_STEP = 5_000  # leaf hashes in a transaction, while a log is brought to its size for the audit
KEPT = (
    "The keeper publishes every {0.interval:g} s, and anchors when {0.batch:,} entries wait or one has waited for {0.age:g} s. anvil "
    "mines each transaction as it comes: a chain with a block time adds to this."
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured, and whether the bounds have to hold."""

    counts: Counts = field(default_factory=Counts)
    latency_seconds: float = 10.0
    chain_pace: int = 1_000
    chain_seconds: float = 15.0
    proof_seconds: float = 3.0
    audited: int = 1_000_000
    bounds: bool = True


QUICK = Scale(
    Counts(rounds=1, entries=1_000, alone=100, tessera=0, samples=20),
    latency_seconds=0.2,
    chain_pace=2_000,
    chain_seconds=0.6,
    proof_seconds=0.1,
    audited=2_000,
    bounds=False,
)


def latency_figure(scale: Scale) -> Figure:
    """Calls of one entry at random moments, timed from when they were due."""
    with folder() as place:
        taken = inprocess.latencies(place, PACE, scale.latency_seconds, POLICY)
    return quantiles(f"call to durable index, {len(taken):,} calls", taken, LATENCY if scale.bounds else None)


# -------------------------------------------------------------------------------------------------------------- the chain


def chain_figures(scale: Scale, node: Chain) -> Iterator[Figure]:
    """From acknowledgement to the chain, in either mode."""
    for mode in LogMode:
        with folder() as place:
            chain = anchoring.network(node, mode)
            delays = anchoring.delays(place, chain, scale.chain_pace, scale.chain_seconds, POLICY)
            yield quantiles(f"{mode} log", delays)


# ------------------------------------------------------------------------------------------------------------ a whole log


def whole_log(scale: Scale, node: Chain) -> Iterator[Figure]:
    """A log that is filled once, brought to a contract of either mode, proven and audited."""
    with folder() as place:
        anchored = anchoring.network(node, LogMode.ANCHORED)
        with workload.opened(place, anchored.server, anchored.identity, POLICY) as log:
            checkpoint = filled(log.engine, scale.audited)
            yield from proof_figures(scale, log.engine, checkpoint)
            yield audit_figure(scale, place, place / "notes", node, anchored)
            recorded = anchoring.network(node, LogMode.RECORDED)
            second = LogEngine.over(
                store=log.store,
                keys=log.keys,
                files=DirectoryFileStore(place / "second"),
                ledger=recorded.server.login_log,
                identity=recorded.identity,
                batch_limit=RECORDED_STEP,
            )
            second.keeper.turn(force=True)
            yield audit_figure(scale, place, place / "second", node, recorded)


def filled(engine: LogEngine, count: int) -> Checkpoint:
    """A log of so many entries, published and on the chain."""
    for _ in range(0, count, step := min(count, 50_000)):
        for submission in workload.logins(step):
            engine.writer.submit(submission).wait()
    engine.keeper.turn(force=True)
    return inprocess.await_published(engine, count)


def proof_figures(scale: Scale, engine: LogEngine, checkpoint: Checkpoint) -> Iterator[Figure]:
    """Proofs a second on one core."""
    made, verified = inprocess.proof_rates(engine, checkpoint, scale.proof_seconds)
    yield Figure("inclusion proofs made a second", [f"{made:,.0f}"])
    yield Figure("inclusion proofs verified a second", [f"{verified:,.0f}"])


def audit_figure(scale: Scale, place: Path, notes: Path, node: Chain, chain: anchoring.Network) -> Figure:
    """What an audit of all of it takes."""
    found = audit.audited(notes.with_suffix(".auditor"), place / "log", notes, anchoring.address(node), chain)
    if (found.size, found.on_chain) != (scale.audited, scale.audited):
        raise SystemExit(f"the audit went over {found.size:,} entries, {found.on_chain:,} of them on the chain")
    shown = f"{found.seconds:.1f} s, {found.peak >> 20:,} MB"
    bound = f"< {AUDIT_SECONDS} s, < {AUDIT_BYTES >> 20} MB" if scale.bounds else ""
    held = found.seconds < AUDIT_SECONDS and found.peak < AUDIT_BYTES if scale.bounds else None
    return Figure(f"audit of {found.size:,}, {chain.deployment.login_log_mode}", [shown], bound, held)


# ----------------------------------------------------------------------------------------------------------------- report


@dataclass(slots=True)
class Report:
    """Prints tables as they are found, and knows whether all bounds hold."""

    console: Console
    held: bool = True

    def show(self, title: str, columns: Sequence[str], figures: Iterable[Figure]) -> None:
        """One table."""
        rows = list(figures)
        self.held = self.held and all(row.held is not False for row in rows)
        self.console.print(table(title, columns, rows), "")


def measure(scale: Scale, report: Report) -> None:
    """Everything, in the order of the tables."""
    counts = scale.counts
    found = measured(counts, report.console.print)
    title = f"Entries of {workload.LENGTH} bytes a second, {counts.entries:,} a round"
    report.show(title, ("min", "median", "max"), rate_figures(found, bounds=scale.bounds))
    report.console.print(explanation(found), "")
    report.show(f"Milliseconds of a call at {PACE:,} a second", QUANTILES, [latency_figure(scale)])
    with anvil() as node:
        title = f"Milliseconds from acknowledgement to the chain, at {scale.chain_pace:,} entries a second"
        report.show(title, QUANTILES, chain_figures(scale, node))
        report.console.print(KEPT.format(POLICY), "")
        report.show(f"A log of {scale.audited:,} entries", ("",), whole_log(scale, node))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Measure the log.")
    parser.add_argument("--quick", action="store_true", help="few entries, no bounds")
    scale = QUICK if parser.parse_args(arguments).quick else Scale()
    report, started = Report(Console()), time.monotonic()
    report.console.width = max(report.console.width, WIDTH)
    report.console.print(machine.description(BUILT), "")
    measure(scale, report)
    report.console.print(f"Measured in {time.monotonic() - started:.0f} s.")
    return 0 if report.held else 1


if __name__ == "__main__":
    sys.exit(main())
