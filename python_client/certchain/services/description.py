"""``/openapi.json`` and ``/docs``: what an application answers, for programs and for people. Nothing comes from another place."""

from functools import cache
from importlib import metadata, resources
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from certchain.config import Clock
from certchain.services.connected import certified_peer
from certchain.services.page import content_policy, page_text
from certchain.services.problem import PROBLEM, SAFE

_CERTIFICATE = "certificate"
_KEPT_A_DAY = {"Cache-Control": "private, max-age=86400"}
_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_PROBLEM_SCHEMA = {
    "type": "object",
    "description": "A problem (RFC 9457). `error` is the name that docs/errors.md explains, `advice` what to do about it.",
    "required": ["type", "title", "status", "error"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "error": {"type": "string"},
        "advice": {"type": "string"},
        "detail": {"type": "string"},
    },
}


class DescribedApp(FastAPI):
    """An application whose description names the certificate that it asks for, and its problems."""

    def openapi(self) -> dict[str, Any]:
        """OpenAPI 3.1."""
        described = super().openapi()
        components = described.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = _PROBLEM_SCHEMA
        components["securitySchemes"] = {
            _CERTIFICATE: {"type": "mutualTLS", "description": "A certificate of the network's own CA, in TLS 1.3."}
        }
        return described


def version() -> str:
    """The package's."""
    return metadata.version("certchain")


def problem(description: str) -> dict[str, Any]:
    """The description of a refusal."""
    return {"description": description, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def binary(description: str, media_type: str) -> dict[str, Any]:
    """The description of an answer in bytes."""
    return {"description": description, "content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}


NEEDS_CERTIFICATE: dict[str, Any] = {"security": [{_CERTIFICATE: []}]}
"""What an operation's description says besides, when it takes a certificate."""


def description_routes(clock: Clock) -> list[BaseRoute]:
    """The description's own resources, for whoever has a certificate of the network."""

    def description(request: Request) -> Response:
        certified_peer(request, clock)
        return JSONResponse(request.app.openapi(), headers={**SAFE, "Cache-Control": "no-cache"})

    def page(request: Request) -> Response:
        certified_peer(request, clock)
        text = page_text("api.html")
        # Swagger UI sets styles from its script.
        policy = content_policy(text, scripts="'self'", styles="'self' 'unsafe-inline'")
        headers = {**SAFE, "Cache-Control": "no-cache", "Content-Security-Policy": policy}
        return Response(text, headers=headers, media_type="text/html; charset=utf-8")

    def asset(request: Request) -> Response:
        certified_peer(request, clock)
        name = request.url.path.rpartition("/")[2]
        return Response(_asset(name), headers={**SAFE, **_KEPT_A_DAY}, media_type=_ASSETS[name])

    assets = [Route(f"/docs/{name}", asset) for name in _ASSETS]
    return [Route("/openapi.json", description), Route("/docs", page), *assets]


@cache
def _asset(name: str) -> bytes:
    return resources.files("fastapi_offline").joinpath("static", name).read_bytes()
