"""The log in the process that writes it: entries a second, the time of one call, proofs a second."""

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

import workload

from certchain.encoding.leaf import leaf_bytes
from certchain.log import KeeperPolicy, LogEngine
from certchain.merkle import inclusion_proof, leaf_hash, verify_inclusion
from certchain.models.entry import LoginEntry
from certchain.models.log import Checkpoint, LogMode

Work = TypeVar("Work")

SUBMITTERS = 4
CALLERS = 64
PATIENCE = 60.0
_LOOK = 0.01


@dataclass(frozen=True, slots=True)
class Rate:
    """Entries a second, until the last was durable and until the published checkpoint covered it; how many were in a group."""

    durable: float
    ready: float
    group: float
    proven: int


def rate(folder: Path, count: int, policy: KeeperPolicy, samples: int) -> Rate:
    """Submissions from several threads, each as fast as it goes, while the keeper publishes; then some entries are proven."""
    submissions = workload.logins(count)
    with workload.opened(folder, *workload.memory_network(LogMode.ANCHORED), policy) as log:
        log.engine.keeper.start()
        work = queued(submissions)
        started = time.perf_counter()
        together(SUBMITTERS, lambda: _submit_all(log.engine, work))
        durable = time.perf_counter() - started
        checkpoint = await_published(log.engine, count)
        ready = time.perf_counter() - started
        proven = prove(log.engine, checkpoint, samples)
        return Rate(count / durable, count / ready, count / log.store.groups, proven)


def latencies(folder: Path, pace: int, seconds: float, policy: KeeperPolicy) -> list[float]:
    """Seconds from when each call was *due* to its durable index; calls of one entry, ``pace`` a second on average, at random times.

    They are due whatever became of those before (an open loop): a call that starts late because all callers wait has waited, too.
    """
    with workload.opened(folder, *workload.memory_network(LogMode.ANCHORED), policy) as log:
        log.engine.keeper.start()
        # Everyone has a key already, as on any day but the first of a period.
        log.engine.writer.submit([workload.login(number) for number in range(workload.SUBJECTS)]).wait()
        due = list(_arrivals(pace, seconds))
        calls = queued(zip(due, map(workload.login, range(len(due))), strict=True))
        taken: list[float] = []
        begin = time.perf_counter() + 0.5
        together(CALLERS, lambda: taken.extend(_call_all(log.engine, calls, begin)))
        return taken


def proof_rates(engine: LogEngine, checkpoint: Checkpoint, seconds: float) -> tuple[float, float]:
    """How many inclusion proofs of random entries are made a second, from tiles on the disk, and how many verified."""
    made, started = [], time.perf_counter()
    while time.perf_counter() - started < seconds:
        made.append(inclusion_proof(engine.store, secrets.randbelow(checkpoint.size), checkpoint.size))
    making = time.perf_counter() - started
    leaves = [engine.store.entries(proof.index, 1)[0].leaf for proof in made]
    started = time.perf_counter()
    for leaf, proof in zip(leaves, made, strict=True):
        verify_inclusion(leaf_hash(leaf_bytes(leaf)), proof, checkpoint.root)
    return len(made) / making, len(made) / (time.perf_counter() - started)


def prove(engine: LogEngine, checkpoint: Checkpoint, samples: int) -> int:
    """Reads random entries, opens them, and proves them included in the checkpoint. Raises what is wrong; returns how many it proved."""
    for _ in range(samples):
        index = secrets.randbelow(checkpoint.size)
        (entry,) = engine.reader.entries(index, 1)
        if entry.body is None or entry.leaf.index != index:
            raise SystemExit(f"entry {index} does not open")
        proof = inclusion_proof(engine.store, index, checkpoint.size)
        verify_inclusion(leaf_hash(leaf_bytes(entry.leaf)), proof, checkpoint.root)
    return samples


def await_published(engine: LogEngine, size: int) -> Checkpoint:
    """The published checkpoint, once it covers so many entries."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        checkpoint = engine.publication.published()
        if checkpoint is not None and checkpoint.size >= size:
            return checkpoint
        time.sleep(_LOOK)
    raise SystemExit("the log is not published")


def queued(work: Iterable[Work]) -> SimpleQueue[Work]:
    """Work for several threads."""
    queue: SimpleQueue[Work] = SimpleQueue()
    for piece in work:
        queue.put(piece)
    return queue


def taken_from(queue: SimpleQueue[Work]) -> Iterator[Work]:
    """Pieces of work, as long as there are any."""
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return


def together(count: int, task: Callable[[], None]) -> None:
    """Runs a task in so many threads. A problem in one of them ends the measurement."""
    problems: list[BaseException] = []

    def run() -> None:
        try:
            task()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def _submit_all(engine: LogEngine, work: SimpleQueue[list[LoginEntry]]) -> None:
    for submission in taken_from(work):
        engine.writer.submit(submission).wait()


def _call_all(engine: LogEngine, calls: SimpleQueue[tuple[float, LoginEntry]], begin: float) -> Iterator[float]:
    for due, entry in taken_from(calls):
        if (early := begin + due - time.perf_counter()) > 0:
            time.sleep(early)
        engine.writer.record(entry)
        yield time.perf_counter() - begin - due


def _arrivals(pace: int, seconds: float) -> Iterator[float]:
    at = 0.0
    while (at := at + random.expovariate(pace)) < seconds:
        yield at
