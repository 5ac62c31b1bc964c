"""How often one peer, and one address, may ask: counted in windows that slide, in memory, so that a restart forgets."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from certchain.errors import TooManyRequests
from certchain.services.connected import SCOPE_KEY, Connected
from certchain.services.problem import refusal

_SITE_PREFIX = 64
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What is allowed, as "<number>/<second, minute, hour>"; of several, separated by semicolons, each holds.

    ``peer`` is for whoever a client certificate names. ``address`` is for an IPv4 address or the first 64 bits of an IPv6 address,
    behind which many parties may be. ``stranger`` is for such an address, for requests on connections without a certificate.
    """

    peer: str = "200/second"
    address: str = "2000/second"
    stranger: str = "20/second; 200/minute"


class RateLimited:
    """Passes on what is within the limits, and answers the rest with ``TooManyRequests``; ``refused`` is told of each."""

    def __init__(self, app: ASGIApp, limits: RequestLimits, refused: Callable[[str], None] = lambda _: None) -> None:
        self._app, self._refused = app, refused
        self._windows = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._limits = {
            name: [parse(each.strip()) for each in getattr(limits, name).split(";")]
            for name in ("peer", "address", "stranger")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self._count(scope)
            except TooManyRequests as problem:
                self._refused(type(problem).__name__)
                await refusal(problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _count(self, scope: Scope) -> None:
        """The narrower first: one peer's excess is not counted against its neighbours behind the same address."""
        request, connected = Request(scope), scope.get(SCOPE_KEY)
        address = site(request.client.host if request.client else "")
        if isinstance(connected, Connected) and connected.client is not None:
            self._hit("peer", str(connected.client.name))
        else:
            self._hit("stranger", address)
        self._hit("address", address)

    def _hit(self, kind: str, who: str) -> None:
        for limit in self._limits[kind]:
            if not self._windows.hit(limit, kind, who):
                until = self._windows.get_window_stats(limit, kind, who).reset_time
                raise TooManyRequests(max(1, math.ceil(until - time.time())))


def site(address: str) -> str:
    """What is counted as one address: of IPv6 the first 64 bits, for whoever has one such network has all its addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return _UNKNOWN
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), _SITE_PREFIX), strict=False).network_address)
