"""Entries a second, in rounds: ours, then the disk alone, then Tessera, so that what disturbs the machine disturbs all of them."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import disk
import inprocess
import service
import tessera
import workload
from figures import Figure, spread

from certchain.log import KeeperPolicy

BUILT = Path(__file__).resolve().parents[1] / ".make"
"""Beside what make builds: all measurements use this disk."""
IN_PROCESS, THROUGH_SERVICE = 20_000, 12_000  # entries a second
POLICY = KeeperPolicy()
WRITERS = (512, 1024)
WHAT = (
    "Durable: every index was given back, after a sync of the journal and its twin. Proof-ready: a signed checkpoint that covers every "
    "entry was published, too, by the keeper at its interval; against it, random entries were then found included ({proven:,} in all). "
    "In the process {0} threads submit {1} entries at a time; through the service {2} connections POST as many, or {4} one entry each, "
    "from another process. Tessera's interface takes one entry in a POST, and its rate counts what its checkpoint covers. Our bodies "
    "are encrypted and committed to, for {3:,} subjects; the chain is one in memory, and takes roots with consistency proofs. SQLite "
    "and the file write groups of the size that was synced at once in the process: {group:,.0f}."
)
_PROOF_READY = "proof-ready"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rounds; how many entries each measurement of one has, and how many of ours are proven. 0 leaves Tessera out."""

    rounds: int = 3
    entries: int = 200_000
    alone: int = 10_000
    tessera: int = 100_000
    samples: int = 1_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of one round: entries a second; in our rounds, also how many were synced at once, and how many proven."""

    name: str
    rate: float
    group: float | None = None
    proven: int = 0


@contextmanager
def folder() -> Iterator[Path]:
    """A new folder, gone afterwards. What others have left to be written is on the disk first, so that nobody waits for it here."""
    os.sync()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=BUILT) as place:
        yield Path(place)


def measured(counts: Counts, say: Callable[[str], None]) -> list[Measured]:
    """Everything, round by round."""
    found: list[Measured] = []
    for number in range(1, counts.rounds + 1):
        say(f"Entries a second: round {number} of {counts.rounds}")
        ours = list(_in_process(counts))
        found += [*ours, *_through_service(counts), *_alone(counts)]
        found += [*_disk(counts, max(round(ours[-1].group or 0), 1)), *_tessera(counts)]
    return found


def rate_figures(found: list[Measured], *, bounds: bool) -> Iterator[Figure]:
    """Ours against their bounds and against the best of Tessera's rounds; and what stands beside them."""
    rates: dict[str, list[float]] = {}
    for each in found:
        rates.setdefault(each.name, []).append(each.rate)
    best = max((each.rate for each in found if each.name.startswith("Tessera")), default=0.0)
    asked = {f"in the process: {_PROOF_READY}": IN_PROCESS, f"through the service: {_PROOF_READY}": THROUGH_SERVICE}
    for name, values in rates.items():
        yield spread(name, values, max(asked[name], best) if bounds and name in asked else None)
    if not best:
        yield Figure("Tessera: not measured (it needs Go)", ["", "", ""])


def explanation(found: list[Measured]) -> str:
    """What the figures mean."""
    group = median(each.group for each in found if each.group is not None)
    proven = sum(each.proven for each in found)
    numbers = inprocess.SUBMITTERS, workload.GROUP, service.CLIENTS, workload.SUBJECTS, service.ALONE
    return WHAT.format(*numbers, proven=proven, group=group)


def _in_process(counts: Counts) -> Iterator[Measured]:
    with folder() as place:
        found = inprocess.rate(place, counts.entries, POLICY, counts.samples)
    yield Measured("in the process: durable", found.durable)
    yield Measured(f"in the process: {_PROOF_READY}", found.ready, found.group, found.proven)


def _through_service(counts: Counts) -> Iterator[Measured]:
    with folder() as place:
        found = service.rate(place, counts.entries, POLICY.interval, counts.samples)
    yield Measured("through the service: durable", found.durable)
    yield Measured(f"through the service: {_PROOF_READY}", found.ready, proven=found.proven)


def _alone(counts: Counts) -> Iterator[Measured]:
    with folder() as place:
        found = service.rate(place, counts.alone, POLICY.interval, 0, width=1, clients=service.ALONE)
    yield Measured("through the service: one entry in a POST", found.ready)


def _disk(counts: Counts, width: int) -> Iterator[Measured]:
    count = counts.entries // width * width
    with folder() as place:
        yield Measured("SQLite alone, a commit a group", disk.sqlite_rate(place, count, workload.LENGTH, width))
    with folder() as place:
        yield Measured("a file alone, an fsync a group", disk.file_rate(place, count, workload.LENGTH, width))


def _tessera(counts: Counts) -> Iterator[Measured]:
    for writers in WRITERS if counts.tessera and tessera.installed() else ():
        with folder() as place:
            found = tessera.rate(place, counts.tessera, workload.LENGTH, writers)
        yield Measured(f"Tessera, {writers:,} writers", found)
