"""The certification server over HTTPS."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool

from certchain.config import Clock, SystemClock
from certchain.log import LogEngine
from certchain.models.certification import Signed
from certchain.roles.certification_server import CertificationServer
from certchain.services.health import Check
from certchain.services.limit import RequestLimits
from certchain.services.metrics import Metrics
from certchain.services.party import party_app


def certification_app(
    server: CertificationServer,
    engine: LogEngine,
    *,
    checks: Mapping[str, Check] | None = None,
    admit: Callable[[Signed], object] | None = None,
    operator_api: APIRouter | None = None,
    limits: RequestLimits | None = None,
    clock: Clock | None = None,
) -> FastAPI:
    """The application. While it runs, the log's keeper publishes and anchors; when it ends, the log is closed.

    ``checks`` say what else than the log has to be there for it to be ready; ``admit`` answers who asks to be enrolled.
    """
    clock = clock or SystemClock()
    metrics = Metrics(clock)
    metrics.watch_log(engine)
    metrics.watch_custodians(server.custody_troubles)

    @asynccontextmanager
    async def keep(_: FastAPI) -> AsyncIterator[None]:
        engine.keeper.start()
        yield
        await run_in_threadpool(server.close)
        await run_in_threadpool(engine.close)

    return party_app(
        server.answer,
        title="Certification server",
        checks={"log": engine.writer.require_writable, **(checks or {})},
        enrol=admit,
        routers=[] if operator_api is None else [operator_api],
        limits=limits,
        clock=clock,
        metrics=metrics,
        lifespan=keep,
    )
