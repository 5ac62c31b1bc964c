"""The memory of a certification server's process over many sessions, which its role's own handler is given there."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from centre import Centre, Pair
from session import Certifying

from certchain.channel import MemoryChannel

WARM_UP = 10
"""One part in so many of the sessions comes before the first look: caches fill, and Python's memory with them."""
_PATIENCE = 7200.0
_fork = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Grown:
    """Bytes of memory that were resident after so many sessions."""

    sessions: int
    resident: int


def endured(centre: Centre, pairs: Sequence[Pair], sessions: int) -> tuple[Grown, Grown]:
    """The process after a tenth of the sessions, and after all of them."""
    here, there = _fork.Pipe()
    process = _fork.Process(target=_endure, args=(centre, pairs, sessions, there))
    process.start()
    try:
        return _look(here), _look(here)
    finally:
        process.join(_PATIENCE)


def _look(told: Connection) -> Grown:
    if not told.poll(_PATIENCE):
        raise SystemExit("the sessions did not end")
    return Grown(*told.recv())


def _endure(centre: Centre, pairs: Sequence[Pair], sessions: int, told: Connection) -> None:
    with centre.opened() as (server, engine):
        engine.keeper.start()
        devices = [
            (
                Certifying.of(centre, pair),
                MemoryChannel(server.answer, asker=pair.device.party, answerer=centre.identity.party),
            )
            for pair in pairs
        ]
        for number in _numbers(sessions, told):
            certifying, channel = devices[number % len(devices)]
            certifying.certify(channel)


def _numbers(sessions: int, told: Connection) -> Iterator[int]:
    for number in range(sessions):
        if number == sessions // WARM_UP:
            told.send((number, resident()))
        yield number
    told.send((sessions, resident()))


def resident() -> int:
    """Bytes of this process's memory that are in the machine's."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
