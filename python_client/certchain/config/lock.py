"""Locks between processes: a file that one of them holds, until it lets go of it or ends in whatever way."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from certchain.config.file import OWNER_ONLY

_PAUSE = 0.02


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """While within, nobody else holds the lock that this file is, in whatever process or thread; makes the file.

    Waits for at most ``patience`` seconds. Raises ``TimeoutError`` when another holds it for longer, and ``OSError``.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        _wait_for(descriptor, time.monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError from None
            time.sleep(_PAUSE)
