"""A mirror over HTTP: the same tiles as the log's own, from a folder that follows the log."""

import logging
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from certchain.config import Clock, SystemClock
from certchain.errors import CertchainError
from certchain.roles.mirror import Mirror
from certchain.services.log import log_app

_LOG = logging.getLogger(__name__)


def mirror_app(mirror: Mirror, *, interval: float = 5.0, clock: Clock | None = None) -> FastAPI:
    """The application. While it runs, the mirror follows its source, every ``interval`` seconds.

    ``/status`` says when it was in step last (``synced_at``, seconds since the epoch), and by its name the error that keeps it
    from being so.
    """
    follower = _Follower(mirror, interval, clock or SystemClock())

    @asynccontextmanager
    async def follow(_: FastAPI) -> AsyncIterator[None]:
        thread = threading.Thread(target=follower.run, name="mirror", daemon=True)
        thread.start()
        yield
        follower.stopping.set()
        await run_in_threadpool(thread.join, interval)

    return log_app(mirror, more_status=follower.status, lifespan=follow)


class _Follower:
    def __init__(self, mirror: Mirror, interval: float, clock: Clock) -> None:
        self._mirror, self._interval, self._clock = mirror, interval, clock
        self.stopping = threading.Event()
        self._synced_at: int | None = None
        self._problem: str | None = None

    def run(self) -> None:
        while not self.stopping.is_set():
            self._turn()
            self.stopping.wait(self._interval)

    def status(self) -> Mapping[str, Any]:
        return {"synced_at": self._synced_at, "problem": self._problem}

    def _turn(self) -> None:
        try:
            self._mirror.sync()
        except CertchainError as problem:
            self._problem = type(problem).__name__
            _LOG.error("The mirror is not in step: %s", problem)
        except Exception:
            self._problem = "InternalServerError"
            _LOG.exception("The mirror is not in step, for a reason that is a fault of its own")
        else:
            self._synced_at, self._problem = self._clock.now(), None
