"""The certification server over HTTPS: messages of parties, and what its operator and their monitors look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from certchain.channel.https import MESSAGES
from certchain.config import Clock, SystemClock
from certchain.log import LogEngine
from certchain.roles.certification_server import CertificationServer
from certchain.services.health import healthz
from certchain.services.messages import Messages
from certchain.services.problem import refusing_app


def certification_app(server: CertificationServer, engine: LogEngine, *, clock: Clock | None = None) -> FastAPI:
    """The application."""
    clock = clock or SystemClock()

    @asynccontextmanager
    async def keep(_: FastAPI) -> AsyncIterator[None]:
        engine.keeper.start()
        yield
        await run_in_threadpool(engine.close)

    messages = Messages(server.answer, clock)
    routes = [Route(f"/{MESSAGES}", messages.answer, methods=["POST"]), Route("/healthz", healthz)]
    return refusing_app(routes, lifespan=keep)
