"""The body of a request, from whoever sends it: no longer and no slower than it may be."""

import asyncio

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from certchain.errors import RequestTooLarge

_SLOWEST = 30.0  # seconds
_TIMED_OUT, _BROKEN_OFF = 408, 400


async def whole_body(request: Request, limit: int) -> bytes:
    """The body, of at most ``limit`` bytes. Raises ``RequestTooLarge``, or ``HTTPException`` when it does not arrive."""
    body = bytearray()
    try:
        async with asyncio.timeout(_SLOWEST):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise RequestTooLarge(limit, "bytes")
    except TimeoutError:
        raise HTTPException(_TIMED_OUT) from None
    except ClientDisconnect:
        raise HTTPException(_BROKEN_OFF) from None
    return bytes(body)
