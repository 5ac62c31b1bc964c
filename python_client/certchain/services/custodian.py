"""A custodian over HTTPS."""

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.types import Lifespan

from certchain.channel import Handler
from certchain.config import Clock
from certchain.services.health import Check
from certchain.services.limit import RequestLimits
from certchain.services.party import party_app


def custodian_app(
    handler: Handler,
    *,
    checks: Mapping[str, Check] | None = None,
    limits: RequestLimits | None = None,
    clock: Clock | None = None,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The application of a custodian, whose role is ``handler``; ``lifespan`` is for what it does beside answering."""
    return party_app(handler, title="Custodian", checks=checks, limits=limits, clock=clock, lifespan=lifespan)
