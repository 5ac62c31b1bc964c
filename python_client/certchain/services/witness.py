"""A witness over HTTP (C2SP tlog-witness): submission and monitoring under one prefix."""

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from certchain.encoding.witness import parse_add_checkpoint, size_line
from certchain.errors import CheckpointInvalid, MalformedMessage, WitnessConflict
from certchain.roles.witness import Witness
from certchain.services.body import whole_body
from certchain.services.problem import NEVER_KEPT, SAFE, refusing_app

LONGEST_REQUEST = 256 * 1024
"""Bytes of a request: 63 hashes, and a checkpoint with many signatures."""
_TEXT = "text/plain; charset=utf-8"
_SIZE = "text/x.tlog.size"
_CONFLICT, _FORBIDDEN = 409, 403


def witness_app(witness: Witness) -> FastAPI:
    """The application: ``POST /add-checkpoint`` and ``GET /<origin hash>/checkpoint``."""

    async def add(request: Request) -> Response:
        return await run_in_threadpool(_cosign, witness, await whole_body(request, LONGEST_REQUEST))

    def checkpoint(request: Request) -> Response:
        note = witness.checkpoint(request.path_params["hashed"])
        return Response(note, headers={**SAFE, "Cache-Control": "no-cache"}, media_type=_TEXT)

    routes = [Route("/add-checkpoint", add, methods=["POST"]), Route("/{hashed}/checkpoint", checkpoint)]
    return refusing_app(routes, {CheckpointInvalid: _FORBIDDEN})


def _cosign(witness: Witness, body: bytes) -> Response:
    try:
        lines = witness.add_checkpoint(parse_add_checkpoint(body.decode()))
    except UnicodeDecodeError:
        raise MalformedMessage("the request is not UTF-8") from None
    except WitnessConflict as conflict:
        headers = {**SAFE, **NEVER_KEPT, "Content-Type": _SIZE}
        return Response(size_line(conflict.actual_size), _CONFLICT, headers)
    return Response(lines, headers={**SAFE, **NEVER_KEPT}, media_type=_TEXT)
