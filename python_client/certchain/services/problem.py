"""What a service answers when it refuses: problem JSON (RFC 9457) with the error's name and advice, and nothing internal."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import Lifespan

from certchain.encoding.problem import problem_values
from certchain.errors import (
    CertchainError,
    CertificateInvalid,
    InvalidInput,
    LogBacklogFull,
    LogBusy,
    NotAuthorised,
    RequestTooLarge,
    ServiceBusy,
    TokenRefused,
    TooManyRequests,
    Unavailable,
    UnknownLog,
    UnknownRecord,
    UnknownTile,
    VerificationFailed,
)

PROBLEM = "application/problem+json"
SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
"""Headers of every answer."""
NEVER_KEPT = {"Cache-Control": "no-store"}

Statuses = Mapping[type[CertchainError], int]

_LOG = logging.getLogger(__name__)
_UNEXPECTED, _TOO_MANY, _MALFORMED = 500, 503, 400
_MOST_PLACES = 5
_AGAIN_AFTER = {LogBusy: 1, LogBacklogFull: 30}
_AGAIN_AFTER_ELSE = 5
# The most particular first.
_STATUSES: Statuses = {
    TokenRefused: 401,
    RequestTooLarge: 413,
    UnknownTile: 404,
    UnknownLog: 404,
    UnknownRecord: 404,
    LogBusy: 429,
    TooManyRequests: 429,
    Unavailable: 503,
    NotAuthorised: 403,
    CertificateInvalid: 403,
    VerificationFailed: 422,
    InvalidInput: 400,
}
# Errors that speak of what was asked. The others may speak of folders and settings: those are for the operator's eyes.
_ABOUT_THE_REQUEST = (
    InvalidInput,
    NotAuthorised,
    VerificationFailed,
    LogBusy,
    LogBacklogFull,
    TooManyRequests,
    ServiceBusy,
)


def refusing_app(
    routes: Sequence[BaseRoute],
    statuses: Statuses | None = None,
    lifespan: Lifespan[FastAPI] | None = None,
    kind: type[FastAPI] = FastAPI,
    **settings: Any,
) -> FastAPI:
    """An application with these routes that answers every error as a problem; ``statuses`` go before those of every service.

    ``settings`` are the framework's own, of an application of this ``kind``.
    """

    async def refuse(_: Request, error: Exception) -> Response:
        return refusal(cast("CertchainError", error), statuses)

    return kind(
        routes=list(routes),
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers={
            CertchainError: refuse,
            HTTPException: _without_error,
            RequestValidationError: _unreadable,
            Exception: _unexpected,
        },
        **settings,
    )


def too_many() -> Response:
    """The answer to a request when as many as a service takes are under way. The connection ends with it."""
    headers = {"Retry-After": str(_AGAIN_AFTER_ELSE), "Connection": "close"}
    return _problem(_TOO_MANY, headers, error="ServiceUnavailable", advice="Ask again in some seconds.")


def refusal(error: CertchainError, statuses: Statuses | None = None) -> Response:
    """An error as a problem."""
    statuses = {**(statuses or {}), **_STATUSES}
    status = next((statuses[kind] for kind in statuses if isinstance(error, kind)), _UNEXPECTED)
    told = isinstance(error, _ABOUT_THE_REQUEST)
    about: dict[str, Any] = {"detail": str(error), "values": problem_values(error)} if told else {}
    if not about:
        _LOG.error("%s: %s", type(error).__name__, error)
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(_again_after(error))
    if isinstance(error, TokenRefused):
        headers["WWW-Authenticate"] = "Bearer"
    return _problem(status, headers, error=type(error).__name__, advice=error.advice, **about)


def _again_after(error: Unavailable) -> int:
    if isinstance(error, TooManyRequests | ServiceBusy):
        return error.retry_after
    return _AGAIN_AFTER.get(type(error), _AGAIN_AFTER_ELSE)


async def _without_error(_: Request, problem: Exception) -> Response:
    """What the framework refuses: a path, a method, a body that never ends."""
    known = cast("HTTPException", problem)
    return _problem(known.status_code, known.headers or {}, error=known.detail.title().replace(" ", ""))


async def _unreadable(_: Request, problem: Exception) -> Response:
    """What does not fit an operation's description: where it does not, but nothing of what was sent."""
    places = [".".join(map(str, each["loc"])) for each in cast("RequestValidationError", problem).errors()]
    detail = f"The request does not fit the description, at: {', '.join(places[:_MOST_PLACES])}."
    return _problem(
        _MALFORMED, {}, error="MalformedRequest", advice="Correct the request and ask again.", detail=detail
    )


async def _unexpected(_: Request, __: Exception) -> Response:
    """The server writes the traceback to its own log."""
    return _problem(_UNEXPECTED, {}, error="InternalServerError", advice="Report it to the operator; it is a fault.")


def _problem(status: int, headers: Mapping[str, str], **members: Any) -> Response:
    content = {"type": "about:blank", "title": members["error"], "status": status, **members}
    return JSONResponse(content, status, {**SAFE, **NEVER_KEPT, **headers}, PROBLEM)
