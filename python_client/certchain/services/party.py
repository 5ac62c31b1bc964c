"""What every service of an enrolled party has: messages, health, readiness, metrics, a description, and limits for all of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import JSONResponse, Response
from starlette.types import Lifespan

from certchain.channel import Handler
from certchain.channel.https import CONVERSATION, ENROLMENT, LONGEST_MESSAGE, MEDIA_TYPE, MESSAGES
from certchain.config import Clock, SystemClock
from certchain.errors import MalformedMessage
from certchain.models.certification import Signed
from certchain.services.description import (
    NEEDS_CERTIFICATE,
    DescribedApp,
    binary,
    description_routes,
    problem,
    version,
)
from certchain.services.health import Check, Readiness, healthz
from certchain.services.limit import RateLimited, RequestLimits
from certchain.services.messages import MOST_WAITING, THREADS, Messages
from certchain.services.metrics import Metrics
from certchain.services.problem import refusing_app

Responses = dict[int | str, dict[str, Any]]

_DESCRIPTION = (
    "Who asks is known by a TLS certificate of the network's own CA. Messages and their answers are deterministic CBOR, as "
    "docs/protocol.md has them: programs use the package's `HttpsChannel`. People use the operations that speak JSON."
)
_REFUSED: Responses = {
    400: problem("It cannot be read."),
    403: problem("Without a certificate that is good for this."),
    429: problem("More often than is allowed. `Retry-After` says when to ask again."),
}
_REFUSED_MESSAGE: Responses = {
    **_REFUSED,
    408: problem("Its body did not arrive in time."),
    413: problem(f"Its body has more than {LONGEST_MESSAGE:,} bytes."),
    503: problem("As much is under way as the service takes. `Retry-After` says when to ask again."),
}
_ANSWER = binary("The envelope of the answer, or of a refusal.", MEDIA_TYPE)
_METRICS_TEXT = {"description": "The numbers.", "content": {"text/plain": {"schema": {"type": "string"}}}}
_NEWCOMERS = 4  # that are enrolled, and that wait for it, at a time: they must not keep parties waiting
_ENVELOPE = {"required": True, "content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
_CONVERSATION_HEADER = {
    "name": CONVERSATION,
    "in": "header",
    "required": True,
    "description": "16 random bytes that the client draws for a conversation.",
    "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
}


def party_app(
    handler: Handler,
    *,
    title: str,
    checks: Mapping[str, Check] | None = None,
    enrol: Callable[[Signed], object] | None = None,
    routers: Sequence[APIRouter] = (),
    limits: RequestLimits | None = None,
    clock: Clock | None = None,
    metrics: Metrics | None = None,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The application of a party whose ``handler`` answers messages.

    ``checks`` say what it needs to be ready; ``enrol`` answers who is not enrolled yet and has no certificate; ``routers`` are of the
    operator API, each of whose operations depends on ``operator_of``.
    """
    clock, metrics = clock or SystemClock(), metrics or Metrics(clock or SystemClock())
    app = refusing_app(
        description_routes(clock),
        lifespan=lifespan,
        kind=DescribedApp,
        title=title,
        version=version(),
        description=_DESCRIPTION,
    )
    app.state.clock = clock
    app.include_router(_message_routes(Messages(handler, clock, metrics.heard, metrics.refused, THREADS, MOST_WAITING)))
    if enrol is not None:
        newcomers = Messages(_enrolling(enrol), clock, metrics.heard, metrics.refused, _NEWCOMERS, _NEWCOMERS)
        app.include_router(_enrolment_routes(newcomers))
    app.include_router(_monitoring_routes(Readiness(checks or {}), metrics))
    for router in routers:
        app.include_router(router)
    app.add_middleware(RateLimited, limits=limits or RequestLimits(), refused=metrics.refused)
    return app


def _message_routes(messages: Messages) -> APIRouter:
    router = APIRouter(tags=["messages"])
    router.add_api_route(
        f"/{MESSAGES}",
        messages.answer,
        methods=["POST"],
        summary="Say something to this service, as an enrolled party",
        response_class=Response,
        responses={200: _ANSWER, **_REFUSED_MESSAGE},
        openapi_extra={"requestBody": _ENVELOPE, "parameters": [_CONVERSATION_HEADER], **NEEDS_CERTIFICATE},
    )
    return router


def _enrolment_routes(newcomers: Messages) -> APIRouter:
    router = APIRouter(tags=["messages"])
    router.add_api_route(
        f"/{ENROLMENT}",
        newcomers.answer_anyone,
        methods=["POST"],
        summary="Ask to be enrolled; the answer is sealed to the keys that are",
        response_class=Response,
        responses={200: _ANSWER, **_REFUSED_MESSAGE},
        openapi_extra={"requestBody": _ENVELOPE},
    )
    return router


def _enrolling(enrol: Callable[[Signed], object]) -> Handler:
    def answer(_: object, message: object) -> object:
        if not isinstance(message, Signed):
            raise MalformedMessage("who asks to be enrolled signs for it")
        return enrol(message)

    return answer


def _monitoring_routes(readiness: Readiness, metrics: Metrics) -> APIRouter:
    router = APIRouter(tags=["monitoring"])
    limited: Responses = {429: _REFUSED[429]}
    router.add_api_route(
        "/healthz", healthz, summary="The process answers", response_class=JSONResponse, responses={**limited}
    )
    router.add_api_route(
        "/readyz",
        readiness.answer,
        summary="What this service needs is there",
        response_class=JSONResponse,
        responses={**limited, 503: {"description": "Something is not, and this is its name."}},
    )
    router.add_api_route(
        "/metrics",
        metrics.answer,
        summary="What this service does, for Prometheus; an operator's certificate is asked for",
        response_class=Response,
        responses={200: _METRICS_TEXT, 403: _REFUSED[403], **limited},
        openapi_extra=NEEDS_CERTIFICATE,
    )
    return router
