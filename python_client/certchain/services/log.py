"""A log's public part over HTTP (C2SP tlog-tiles), with a page that follows it live; and its submissions, where it has a writer."""

import gzip
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan

from certchain.encoding.base_64 import to_base64
from certchain.encoding.checkpoint import parse_checkpoint_body
from certchain.encoding.note import parse_note
from certchain.encoding.tile import ENTRIES, parse_tile_path
from certchain.errors import MalformedValue, UnknownRecord, UnknownTile
from certchain.log import LogSource
from certchain.merkle import tile_width
from certchain.models.note import CheckpointBody
from certchain.services.page import page
from certchain.services.problem import NEVER_KEPT, SAFE, refusing_app
from certchain.services.submission import Submission

_BYTES = "application/octet-stream"
_BRIEFLY = {"Cache-Control": "no-cache"}
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_QUICKLY = 1  # gzip's level: half of a bundle is digests, which no level makes smaller


def log_app(
    source: LogSource,
    *,
    anchored: Callable[[], str | None] = lambda: None,
    more_status: Callable[[], Mapping[str, Any]] = dict,
    submission: Submission | None = None,
    lifespan: Lifespan[FastAPI] | None = None,
) -> FastAPI:
    """The application. ``source`` is a log or a mirror, of which only what its checkpoint covers is shown.

    ``anchored`` is the newest published checkpoint that the chain has, if it is known; ``more_status`` is shown with the rest under
    ``/status``. With a ``submission`` it takes entries, too.
    """
    log = _PublicLog(source, anchored, more_status)
    routes: list[BaseRoute] = [
        Route("/", page),
        Route("/checkpoint", log.checkpoint),
        Route("/status", log.status),
        Route("/tile/{path:path}", log.tile),
    ]
    if submission is not None:
        routes.append(Route("/entries", submission.answer, methods=["POST"]))
    return refusing_app(routes, lifespan=lifespan)


class _PublicLog:
    def __init__(
        self, source: LogSource, anchored: Callable[[], str | None], more: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._source, self._anchored, self._more = source, anchored, more

    def checkpoint(self, _: Request) -> Response:
        return Response(self._source.checkpoint(), headers={**SAFE, **_BRIEFLY}, media_type="text/plain; charset=utf-8")

    def tile(self, request: Request) -> Response:
        # The framework's own parameter leaves out a line end behind the path: the resource has one spelling.
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))[1:]
        try:
            level, index, width = parse_tile_path(path)
        except MalformedValue:
            raise UnknownTile(path, 0, 0) from None
        hashes = 0 if level == ENTRIES else int(level)
        if width > tile_width(hashes, index, _read(self._source.checkpoint()).size):
            raise UnknownTile(str(level), index, width)
        if level != ENTRIES:
            return Response(self._source.tile(hashes, index, width), headers={**SAFE, **_FOR_EVER}, media_type=_BYTES)
        return _bundle(request, self._source.bundle(index, width))

    def status(self, _: Request) -> Response:
        """All ``null`` before the first checkpoint; what else is known of the log is said then, too."""
        anchored = self._anchored()
        shown = {**self._published(), "anchored_size": None if anchored is None else _read(anchored).size}
        return JSONResponse({**shown, **self._more()}, headers={**SAFE, **NEVER_KEPT})

    def _published(self) -> Mapping[str, Any]:
        try:
            body = _read(self._source.checkpoint())
        except UnknownRecord:
            return {"origin": None, "size": None, "root": None}
        return {"origin": body.origin, "size": body.size, "root": to_base64(body.root.value)}


@lru_cache(maxsize=4)
def _read(note: str) -> CheckpointBody:
    text, _ = parse_note(note)
    return parse_checkpoint_body(text)


def _bundle(request: Request, row: bytes) -> Response:
    headers = {**SAFE, **_FOR_EVER, "Vary": "Accept-Encoding"}
    if _takes_gzip(request.headers.get("Accept-Encoding", "")):
        row, headers["Content-Encoding"] = gzip.compress(row, _QUICKLY, mtime=0), "gzip"
    return Response(row, headers=headers, media_type=_BYTES)


def _takes_gzip(accepted: str) -> bool:
    """Whether gzip is named, and not with the weight 0 (RFC 9110, 12.5.3)."""
    named = (each.partition(";") for each in accepted.lower().replace(" ", "").split(","))
    return any(name == "gzip" and not weight.rstrip("0").endswith(("q=", "q=0.")) for name, _, weight in named)
