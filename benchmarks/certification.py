"""How fast certification is, beside one transaction for each login on the same chain, in one run: `make bench-certification`.

Fails when a bound is missed. With `--quick` it goes through everything with few sessions, and asks nothing of the figures.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import machine
from centre import Centre, Pair, centre, registered
from chain import Chain, anvil
from client_work import Work, work
from endurance import Grown, endured
from figures import Figure
from load import CLIENTS, Rate, measured, serving
from log import QUANTILES, WIDTH, Report
from naive import NaiveCentre
from rich.console import Console

PEER_REGISTRATION, PEER_MESSAGE = 0.00156, 0.00004
"""Seconds; see ``PEER``."""
FASTER = 10
BLOCKS = {"mined at once": ("evm_setAutomine", True), "a block a second": ("evm_setIntervalMining", 1)}
"""How anvil is told when to make blocks."""
SLOPE = 64
"""Bytes of memory that a session may leave behind: at this slope, a million sessions are 64 MB."""
PEER = (
    "The peer is Bubbles of Trust (M. T. Hammi, B. Hammi, P. Bellot, A. Serhrouchni: Bubbles of Trust: A decentralized blockchain-based "
    "authentication system for IoT, Computers & Security 78, 2018), in C++ on a laptop: 1.56 ms for an association, 0.04 ms for a data "
    "message, as its authors state; it was not run here. Ours is the processor's time of the user device's own thread, in Python; reading "
    "the chain is counted apart, and so is Argon2id, whose cost is there to stop guessing."
)
NAIVE = (
    "Naive is the same server, with the same devices, where each login is one transaction (32 bytes, kept by the leanest contract) and is "
    "answered when it is mined: at once, as on no network of several nodes, or with a block each second. One account sends, and looks for "
    "its receipt every 2 ms. Times are of C4 and C10 together, as the IoT device waits for them; every device asks again as soon as it is "
    "answered. CPU is the server's, for one certification."
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured, and whether the bounds have to hold."""

    repetitions: int = 100
    devices: int = 32
    seconds: float = 15.0
    naive_seconds: float = 15.0
    sessions: int = 100_000
    bounds: bool = True


QUICK = Scale(repetitions=3, devices=4, seconds=1.0, naive_seconds=1.0, sessions=50, bounds=False)


def work_figures(scale: Scale, found: Work) -> Iterator[Figure]:
    """What a user device computes, beside what the peer states."""
    peer, message = (PEER_REGISTRATION, PEER_MESSAGE) if scale.bounds else (None, None)
    yield milliseconds("registration", found.registration, peer)
    yield milliseconds("certification", found.certification, peer)
    yield milliseconds("command sealed, result opened", found.sealed, message)
    yield milliseconds("the same, with envelopes and OSCORE around both", found.protected)
    yield milliseconds("reading the chain, for a registration", found.reading[0])
    yield milliseconds("reading the chain, for a certification", found.reading[1])
    yield milliseconds("Argon2id, once in each", found.argon2)


def milliseconds(name: str, values: Sequence[float], most: float | None = None) -> Figure:
    """Times in seconds, shown in milliseconds; the median has to be below ``most``."""
    ordered = sorted(values)
    found = [ordered[min(int(len(ordered) * at), len(ordered) - 1)] for at in (0.50, 0.95, 0.99)]
    bound, held = ("", None) if most is None else (f"p50 < {1000 * most:g}", found[0] < most)
    return Figure(name, [f"{1000 * value:,.3f}" for value in found], bound, held)


def rate_figures(scale: Scale, rates: Mapping[str, tuple[Rate, Rate]]) -> Iterator[Figure]:
    """Certifications a second, and their times, by when the chain makes blocks: ours and the naive design's."""
    for blocks, (ours, naive) in rates.items():
        yield _rate(f"{blocks}: log, then chain", ours, *_bound(scale, ours, naive))
        yield _rate(f"{blocks}: naive", naive)


def _bound(scale: Scale, ours: Rate, naive: Rate) -> tuple[str, bool | None]:
    least = FASTER * naive.a_second
    return (f"≥ {least:,.0f}", ours.a_second >= least) if scale.bounds else ("", None)


def _rate(name: str, rate: Rate, bound: str = "", held: bool | None = None) -> Figure:
    whole = sorted(each.whole for each in rate.taken) or [0.0]
    times = [whole[min(int(len(whole) * at), len(whole) - 1)] for at in (0.50, 0.95, 0.99)]
    cpu = 1000 * rate.server_cpu / max(len(rate.taken), 1)
    shown = [f"{rate.a_second:,.1f}", *(f"{1000 * value:,.0f}" for value in times), f"{cpu:.1f}", str(rate.refused)]
    return Figure(name, shown, bound, held)


def memory_figures(scale: Scale, first: Grown, last: Grown) -> Iterator[Figure]:
    """What the sessions between the two left behind."""
    slope = (last.resident - first.resident) / (last.sessions - first.sessions)
    shown = [f"{first.resident / 1e6:,.1f}", f"{last.resident / 1e6:,.1f}", f"{slope:,.1f}"]
    name = f"after {first.sessions:,} and {last.sessions:,} sessions"
    yield Figure(name, shown, f"< {SLOPE}" if scale.bounds else "", slope < SLOPE if scale.bounds else None)


def measure(scale: Scale, report: Report, wanted: str) -> None:
    """What is wanted, in the order of the tables."""
    with TemporaryDirectory(prefix="certchain-measured-") as place, anvil() as node:
        made = centre(Path(place), node)
        if "work" in wanted:
            found = work(made, scale.repetitions)
            report.show("Milliseconds that a user device computes", QUANTILES, work_figures(scale, found))
            report.console.print(PEER, "")
        pairs = registered(made, scale.devices)
        if "rate" in wanted:
            _rates(scale, report, node, made, pairs)
        if "memory" in wanted:
            columns = ("MB then", "MB at the end", "bytes a session")
            grown = endured(made, pairs, scale.sessions)
            report.show("Memory of the server's process", columns, memory_figures(scale, *grown))


def _rates(scale: Scale, report: Report, node: Chain, made: Centre, pairs: Sequence[Pair]) -> None:
    rates: dict[str, tuple[Rate, Rate]] = {}
    for blocks, switch in BLOCKS.items():
        node.configure(*switch)
        with serving(made) as served:
            ours = measured(made, pairs, served, scale.seconds)
        with serving(made, NaiveCentre(made)) as served:
            rates[blocks] = ours, measured(made, pairs, served, scale.naive_seconds)
    title = f"Certifications through the HTTP server, {len(pairs)} devices at once in {CLIENTS} processes"
    columns = ("a second", *(f"{name} (ms)" for name in QUANTILES), "CPU (ms)", "refused")
    report.show(title, columns, rate_figures(scale, rates))
    report.console.print(NAIVE, "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Measure certification.")
    parser.add_argument("--quick", action="store_true", help="few sessions, no bounds")
    parser.add_argument("--only", default="work,rate,memory", help="some of work, rate and memory")
    asked = parser.parse_args(arguments)
    scale = QUICK if asked.quick else Scale()
    report, started = Report(Console()), time.monotonic()
    report.console.width = max(report.console.width, WIDTH)
    report.console.print(machine.description(Path(__file__).parent), _load("before"), "")
    measure(scale, report, asked.only)
    report.console.print(f"Measured in {time.monotonic() - started:.0f} s;", _load("after"))
    return 0 if report.held else 1


def _load(when: str) -> str:
    return f"load average {when}: " + " ".join(f"{each:.1f}" for each in os.getloadavg())


if __name__ == "__main__":
    sys.exit(main())
