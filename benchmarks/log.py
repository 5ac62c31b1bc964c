"""How fast the log is, beside the disk alone and Tessera, in one run on one machine: `make bench-log`.

Fails when a bound is missed. With `--quick` it goes through everything with few entries, and asks nothing of the figures.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import anchoring
import audit
import disk
import inprocess
import machine
import service
import tessera
import workload
from chain import Chain, anvil
from figures import Figure, quantiles, spread, table
from rich.console import Console

from certchain.log import KeeperPolicy, LogEngine
from certchain.models.log import Checkpoint, LogMode
from certchain.storage import DirectoryFileStore

BUILT = Path(__file__).resolve().parents[1] / ".make"
"""Beside what make builds: all measurements use this disk."""
IN_PROCESS, THROUGH_SERVICE = 20_000, 12_000  # entries a second
LATENCY, PACE = 0.1, 5_000
AUDIT_SECONDS, AUDIT_BYTES = 60, 300 << 20
POLICY = KeeperPolicy()
WRITERS = (512, 1024)
WIDTH = 120
QUANTILES = ("p50", "p95", "p99")
RECORDED_STEP = 5_000  # leaf hashes in a transaction, while a log is brought to its size for the audit
PROOF_READY = (
    "Durable: every index was given back, after a sync of the journal and its twin. Proof-ready: a signed checkpoint that covers every "
    "entry was published, too, by the keeper at its interval; against it, {proven:,} random entries were then found included. In the "
    "process 4 threads submit 100 entries at a time; through the service 8 connections POST as many, from another process. Tessera "
    "takes one entry in a POST; its rate counts what its checkpoint covers. Our bodies are encrypted and committed to, for 1,000 "
    "subjects; the chain is one in memory, and takes roots with consistency proofs."
)
KEPT = (
    "The keeper publishes every {0.interval:g} s, and anchors when {0.batch:,} entries wait or one has waited for {0.age:g} s. anvil "
    "mines each transaction as it comes: a chain with a block time adds to this."
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured; whether the figures have to hold."""

    rounds: int = 3
    entries: int = 200_000
    tessera: int = 100_000
    samples: int = 1_000
    latency_seconds: float = 10.0
    chain_pace: int = 1_000
    chain_seconds: float = 15.0
    proof_seconds: float = 3.0
    audited: int = 1_000_000
    bounds: bool = True

    def bound(self, value: float) -> float | None:
        """The bound, where there is one."""
        return value if self.bounds else None


QUICK = Scale(1, 1_000, 0, 20, 0.2, 2_000, 0.6, 0.1, 2_000, bounds=False)


@dataclass(slots=True)
class Rates:
    """Entries a second, of each round."""

    durable: list[float] = field(default_factory=list)
    ready: list[float] = field(default_factory=list)
    group: list[float] = field(default_factory=list)
    served: list[float] = field(default_factory=list)
    served_ready: list[float] = field(default_factory=list)
    sqlite: list[float] = field(default_factory=list)
    file: list[float] = field(default_factory=list)
    tessera: dict[int, list[float]] = field(default_factory=lambda: {writers: [] for writers in WRITERS})
    proven: int = 0


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder, gone afterwards. What others have left to be written is on the disk first, so that nobody waits for it here."""
    os.sync()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILT) as place:
        yield Path(place)


# ------------------------------------------------------------------------------------------------------------ throughput


def rates(scale: Scale, say: Callable[[str], None]) -> Rates:
    """Rounds of everything, one after the other, so that what disturbs the machine disturbs all of it."""
    found = Rates()
    for number in range(1, scale.rounds + 1):
        say(f"Entries a second: round {number} of {scale.rounds}")
        with folder() as place:
            ours = inprocess.rate(place, scale.entries, POLICY, scale.samples)
        with folder() as place:
            served = service.rate(place, scale.entries, POLICY.interval, scale.samples)
        with folder() as place:
            width = max(round(ours.group), 1)
            count = scale.entries // width * width
            found.sqlite.append(disk.sqlite_rate(place, count, workload.LENGTH, width))
            found.file.append(disk.file_rate(place, count, workload.LENGTH, width))
        found.durable.append(ours.durable)
        found.ready.append(ours.ready)
        found.group.append(ours.group)
        found.served.append(served.durable)
        found.served_ready.append(served.ready)
        found.proven += ours.proven + served.proven
        for writers in WRITERS if scale.tessera and tessera.installed() else ():
            with folder() as place:
                found.tessera[writers].append(tessera.rate(place, scale.tessera, workload.LENGTH, writers))
    return found


def rate_figures(scale: Scale, found: Rates) -> Iterator[Figure]:
    """Ours against their bounds and against the best of Tessera's rounds, and what stands beside them."""
    best = max((rate for rates in found.tessera.values() for rate in rates), default=0.0)
    yield spread("in the process: durable", found.durable)
    yield spread("in the process: proof-ready", found.ready, scale.bound(max(IN_PROCESS, best)))
    yield spread("through the service: durable", found.served)
    yield spread("through the service: proof-ready", found.served_ready, scale.bound(max(THROUGH_SERVICE, best)))
    yield spread("SQLite alone, a commit a group", found.sqlite)
    yield spread("a file alone, an fsync a group", found.file)
    for writers, values in found.tessera.items():
        name = f"Tessera, {writers:,} writers"
        yield spread(name, values) if values else Figure(f"{name}: not measured (make tessera)", ["", "", ""])


def latency_figure(scale: Scale) -> Figure:
    """Calls of one entry at random moments, timed from when they were due."""
    with folder() as place:
        taken = inprocess.latencies(place, PACE, scale.latency_seconds, POLICY)
    return quantiles(f"call to durable index, {len(taken):,} calls", taken, scale.bound(LATENCY))


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
    found = rates(scale, report.console.print)
    group = f"{median(found.group):,.0f} were synced at once"
    title = f"Entries of {workload.LENGTH} bytes a second: {scale.entries:,} a round; {group}"
    report.show(title, ("min", "median", "max"), rate_figures(scale, found))
    report.console.print(PROOF_READY.format(proven=found.proven), "")
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
