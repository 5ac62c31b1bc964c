"""``/healthz``: the process answers. ``/readyz``: it can do its work, or what it needs for that and has not."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from anyio import CapacityLimiter, fail_after
from anyio.to_thread import run_sync
from fastapi import Request
from starlette.responses import JSONResponse, Response

from certchain.services.problem import NEVER_KEPT, SAFE

Check = Callable[[], object]
"""Asks one thing that a service needs, as cheaply as can be; what it raises, says that it is not there."""

_OK, _UNAVAILABLE = 200, 503
_PATIENCE = 5.0  # seconds for all checks
_LOG = logging.getLogger(__name__)


def healthz(_: Request) -> Response:
    """The endpoint."""
    return _answer({"status": "ok"}, ok=True)


@dataclass(frozen=True, slots=True)
class Readiness:
    """The endpoint ``answer``. Strangers learn by its name what is missing; why, the operator's log says."""

    checks: Mapping[str, Check]

    async def answer(self, _: Request) -> Response:
        limiter = CapacityLimiter(max(1, len(self.checks)))
        found = {}
        for name, check in self.checks.items():
            found[name] = "ok" if await self._holds(name, check, limiter) else "unavailable"
        ok = all(state == "ok" for state in found.values())
        return _answer({"status": "ok" if ok else "unavailable", "checks": found}, ok=ok)

    async def _holds(self, name: str, check: Check, limiter: CapacityLimiter) -> bool:
        try:
            with fail_after(_PATIENCE / len(self.checks)):
                await run_sync(check, abandon_on_cancel=True, limiter=limiter)
        except Exception as problem:  # whatever it was, it is not ready
            _LOG.warning("not ready: %s: %s", name, problem or type(problem).__name__)
            return False
        return True


def _answer(content: Mapping[str, object], *, ok: bool) -> Response:
    return JSONResponse(content, _OK if ok else _UNAVAILABLE, {**SAFE, **NEVER_KEPT})
