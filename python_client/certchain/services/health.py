"""``/healthz``: the process answers. ``/readyz``: it can do its work; or else, by its name, what it needs for that and has not."""

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anyio import CapacityLimiter, create_task_group, move_on_after
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.responses import JSONResponse, Response

from certchain.errors import StorageUnavailable
from certchain.services.problem import NEVER_KEPT, SAFE

Check = Callable[[], object]
"""Asks one thing that a service needs, as cheaply as can be; what it raises, says that it is not there."""

_OK, _UNAVAILABLE = 200, 503
_PATIENCE = 3.0
_LEAST_ROOM = 64 << 20
_FRESH = 1.0
"""Seconds: for a check, and for which its outcome is told again."""
_LOG = logging.getLogger(__name__)


async def healthz(_: Request) -> Response:
    """The endpoint."""
    return _answer({"status": "ok"}, ok=True)


@dataclass(slots=True)
class _State:
    """What is known of one thing; a check that never returns is not begun a second time."""

    ok: bool = False
    asked: float = float("-inf")
    under_way: bool = False


@dataclass(slots=True)
class Readiness:
    """The endpoint ``answer``. Strangers learn what is missing; why, the operator's log says."""

    checks: Mapping[str, Check]
    _states: dict[str, _State] = field(init=False)
    _limiter: CapacityLimiter = field(init=False)

    def __post_init__(self) -> None:
        self._states = {name: _State() for name in self.checks}
        self._limiter = CapacityLimiter(max(1, len(self.checks)))

    async def answer(self, _: Request) -> Response:
        async with create_task_group() as group:
            for name in self.checks:
                group.start_soon(self._ask, name)
        found = {name: "ok" if state.ok else "unavailable" for name, state in self._states.items()}
        ok = all(state.ok for state in self._states.values())
        return _answer({"status": "ok" if ok else "unavailable", "checks": found}, ok=ok)

    async def _ask(self, name: str) -> None:
        state = self._states[name]
        if time.monotonic() - state.asked < _FRESH:
            return
        if state.under_way:
            state.ok = False
            return
        state.asked, state.under_way = time.monotonic(), True
        with move_on_after(_PATIENCE) as scope:
            await run_sync(self._asked, name, abandon_on_cancel=True, limiter=self._limiter)
        if scope.cancelled_caught:
            _LOG.warning("not ready: %s does not answer", name)
            state.ok = False

    def _asked(self, name: str) -> None:
        state = self._states[name]
        try:
            self.checks[name]()
            state.ok = True
        except Exception as problem:  # whatever it was, it is not ready
            _LOG.warning("not ready: %s: %s", name, problem or type(problem).__name__)
            state.ok = False
        finally:
            state.under_way = False


def room_on_disk(folder: Path, least: int = _LEAST_ROOM) -> Check:
    """A check that a folder's file system has at least so many bytes left."""

    def check() -> None:
        free = shutil.disk_usage(folder).free
        if free < least:
            raise StorageUnavailable(f"{folder}: {free:,} bytes are left on its disk, fewer than {least:,}")

    return check


def _answer(content: Mapping[str, object], *, ok: bool) -> Response:
    return JSONResponse(content, _OK if ok else _UNAVAILABLE, {**SAFE, **NEVER_KEPT})
