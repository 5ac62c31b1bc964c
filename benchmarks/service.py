"""The log behind HTTP: a server in a process of its own, started as `python service.py FOLDER INTERVAL`; and its client, in this one."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

import requests
import workload
from inprocess import PATIENCE, queued, taken_from, together

from certchain.channel.tiles import HttpLogSource
from certchain.encoding.checkpoint import parse_checkpoint_body
from certchain.encoding.entry import entry_bytes
from certchain.encoding.message import to_cbor
from certchain.encoding.note import parse_note
from certchain.log import KeeperPolicy
from certchain.merkle import inclusion_proof, leaf_hash, verify_inclusion
from certchain.models.log import TILE_WIDTH, LogMode
from certchain.models.note import CheckpointBody
from certchain.services import engine_app, serve

CLIENTS = 8
ALONE = 32
"""Clients, where each POST has one entry."""
TOKEN = "a token for a log that lives a minute"  # noqa: S105 - and for nothing else
_LOOK = 0.05
_STOP = 30.0
_ROW, _LENGTH = 87, 2  # a leaf behind its length, in a bundle


@dataclass(frozen=True, slots=True)
class ServiceRate:
    """Entries a second, until the last POST was answered and until the published checkpoint covered it."""

    durable: float
    ready: float
    proven: int


def rate(
    folder: Path, count: int, interval: float, samples: int, *, width: int = workload.GROUP, clients: int = CLIENTS
) -> ServiceRate:
    """POSTs of ``width`` entries over several connections; then some entries are proven from the tiles that are served."""
    bodies = [to_cbor(tuple(map(entry_bytes, submission))) for submission in workload.logins(count, width)]
    with serving(folder, interval) as url:
        work = queued(bodies)
        started = time.perf_counter()
        together(clients, lambda: _post_all(url, work))
        durable = time.perf_counter() - started
        checkpoint = _await_published(url, count)
        ready = time.perf_counter() - started
        return ServiceRate(count / durable, count / ready, _prove(url, checkpoint, samples))


@contextmanager
def serving(folder: Path, interval: float) -> Iterator[str]:
    """The service's address, while it runs in a process of its own."""
    command = [sys.executable, __file__, str(folder), str(interval)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            announced = "" if process.stdout is None else process.stdout.readline()
            yield announced.split()[-1]
        finally:
            process.terminate()
            process.wait(_STOP)


def main(folder: Path, interval: float) -> None:
    """Serves a log until it is told to end. The chain that it is brought to is in memory, and takes roots with their proofs."""
    network = workload.memory_network(LogMode.ANCHORED)
    with workload.opened(folder, *network, KeeperPolicy(interval=interval)) as log:
        serve(engine_app(log.engine, TOKEN))


def _post_all(url: str, work: SimpleQueue[bytes]) -> None:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/cbor"}
    for body in taken_from(work):
        connection.request("POST", "/entries", body, headers)
        response = connection.getresponse()
        said = response.read()
        if response.status != http.HTTPStatus.OK:
            raise SystemExit(f"POST /entries: {response.status} {said.decode(errors='replace')}")
    connection.close()


def _await_published(url: str, size: int) -> CheckpointBody:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = requests.get(f"{url}/checkpoint", timeout=PATIENCE)
        if answer.ok:  # there is none before the first is published
            text, _ = parse_note(answer.text)
            if (checkpoint := parse_checkpoint_body(text)).size >= size:
                return checkpoint
        time.sleep(_LOOK)
    raise SystemExit("the log is not published")


def _prove(url: str, checkpoint: CheckpointBody, samples: int) -> int:
    """Leaves of some full bundles, found included in the checkpoint by proofs from tiles."""
    source = HttpLogSource(url)
    bundles = checkpoint.size // TILE_WIDTH
    for sample in range(samples):
        bundle, place = sample * bundles // samples, sample % TILE_WIDTH
        row = source.bundle(bundle)[place * _ROW + _LENGTH : (place + 1) * _ROW]
        proof = inclusion_proof(source, bundle * TILE_WIDTH + place, checkpoint.size)
        verify_inclusion(leaf_hash(row), proof, checkpoint.root)
    source.close()
    return samples


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
