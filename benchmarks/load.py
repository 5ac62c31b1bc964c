"""Many devices at once against one certification server, each side in processes that are forked from the one that set all up."""

import multiprocessing
import os
import queue
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

from centre import Centre, Pair
from session import Certifying, Timed

from certchain.channel.https import HttpsChannel
from certchain.errors import CertchainError
from certchain.keys import ServerTls
from certchain.log import LogEngine
from certchain.roles.certification_server import CertificationServer
from certchain.services import RequestLimits, certification_app, serve

CLIENTS = 2
"""Processes that devices live in."""
LIMITS = RequestLimits(address="100000/second")
"""All devices have this machine's one address; each of them keeps to its own limit."""
_STOP = 30.0
_fork = multiprocessing.get_context("fork")


class Openable(Protocol):
    """A centre."""

    def opened(self) -> AbstractContextManager[tuple[CertificationServer, LogEngine]]:
        """The server's role and its log."""


@dataclass(frozen=True, slots=True)
class Rate:
    """What was seen: certifications a second, each certification's times, and the server's own share of the processor."""

    seconds: float
    taken: Sequence[Timed]
    refused: int
    server_cpu: float

    @property
    def a_second(self) -> float:
        """Certifications."""
        return len(self.taken) / self.seconds


@dataclass(frozen=True, slots=True)
class Served:
    """A server in a process of its own."""

    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds of processor that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(centre: Centre, opened: Openable | None = None) -> Iterator[Served]:
    """The whole HTTP server over TLS, mutual, in a process of its own; ``opened`` is what it opens, if it is not the centre itself."""
    here, there = _fork.Pipe()
    process = _fork.Process(target=_serve, args=(centre, there, opened or centre))
    process.start()
    try:
        announced = here.recv() if here.poll(_STOP) else ""
        if not announced or process.pid is None:
            raise SystemExit("the certification server did not start")
        yield Served(announced.split()[-1], process.pid)
    finally:
        process.terminate()
        process.join(_STOP)


def _serve(centre: Centre, announce: Connection, opened: Openable) -> None:

    tls = ServerTls(centre.certified(centre.identity.party))
    with opened.opened() as (server, engine):
        serve(certification_app(server, engine, limits=LIMITS), announce=announce.send, tls=tls)


def measured(centre: Centre, pairs: Sequence[Pair], served: Served, seconds: float) -> Rate:
    """Every pair certifies one session after another, all of them at once."""
    results: Any = _fork.Queue()
    start = _fork.Event()
    slices = [pairs[number::CLIENTS] for number in range(CLIENTS)]
    clients = [
        _fork.Process(target=_clients, args=(centre, each, served.url, seconds, (start, results))) for each in slices
    ]
    for client in clients:
        client.start()
    for _ in clients:
        results.get(timeout=_STOP * 4)  # each says that its connections are open
    cpu = served.cpu()
    start.set()
    found = [results.get(timeout=seconds + 2 * _STOP) for _ in clients]
    used = served.cpu() - cpu
    for client in clients:
        client.join(_STOP)
    taken = [each for timed, _ in found for each in timed]
    return Rate(seconds, taken, sum(refused for _, refused in found), used)


def _clients(centre: Centre, pairs: Sequence[Pair], url: str, seconds: float, reported: tuple[Any, Any]) -> None:
    """Each pair in a thread of its own; ``reported`` is the event that all wait for, and the queue for what they found."""
    start, results = reported
    devices = [_connected(centre, pair, url) for pair in pairs]
    results.put("ready")
    start.wait()
    done: queue.SimpleQueue[tuple[list[Timed], int]] = queue.SimpleQueue()
    deadline = time.perf_counter() + seconds
    threads = [Thread(target=_into, args=(done, *each, deadline)) for each in devices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [done.get() for _ in threads]
    results.put(([each for timed, _ in found for each in timed], sum(refused for _, refused in found)))


def _connected(centre: Centre, pair: Pair, url: str) -> tuple[Certifying, HttpsChannel]:
    """A device whose connection is open; certified once, so that its key data's key is as warm as policy has it."""
    channel = HttpsChannel(url, pair.tls, centre.identity.party, timeout=60)
    certifying = Certifying.of(centre, pair)
    certifying.certify(channel)
    return certifying, channel


def _into(
    done: "queue.SimpleQueue[tuple[list[Timed], int]]", certifying: Certifying, channel: HttpsChannel, deadline: float
) -> None:
    done.put(_go_on(certifying, channel, deadline))


def _go_on(certifying: Certifying, channel: HttpsChannel, deadline: float) -> tuple[list[Timed], int]:
    taken: list[Timed] = []
    refused = 0
    while time.perf_counter() < deadline:
        try:
            taken.append(certifying.certify(channel))
        except CertchainError:
            refused += 1
    with suppress(CertchainError):
        channel.close()
    return [each for each in taken if each.ended <= deadline], refused
