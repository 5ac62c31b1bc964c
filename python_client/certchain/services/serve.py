"""Running an application on uvicorn: bound before anything starts, announced when it answers, stopped in good order."""

import asyncio
import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvloop
from fastapi import FastAPI
from uvicorn import Config, Server

from certchain.channel.http_connection import LONGEST_IDLE
from certchain.errors import MalformedValue, PeerUnavailable, PortTaken
from certchain.keys import ServerTls
from certchain.services.door import Door
from certchain.services.protocol import ImpatientProtocol

LOOPBACK = "127.0.0.1"
KEEP_ALIVE = 2 * LONGEST_IDLE
"""Seconds between requests for which a connection is kept: it does not end just as our own clients ask."""
_LAST_ANSWERS = 10  # seconds for what is under way when a stop is asked for
_TICK = 0.1


def say(line: str) -> None:
    """Writes a line to the standard output, for whoever has started the process and waits for it."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def serve(
    app: FastAPI,
    host: str = LOOPBACK,
    port: int = 0,
    announce: Callable[[str], None] = say,
    tls: ServerTls | None = None,
) -> None:
    """Serves until SIGINT or SIGTERM, then answers what is under way and returns. Port 0 is any free one.

    ``announce`` gets one line with the address once it answers. Without ``tls`` it speaks plain HTTP. Raises ``PortTaken``,
    ``MalformedValue`` for a host that is not this machine's, and ``PeerUnavailable`` when the application does not start.
    """
    with _bound(host, port) as listener, _quiet_signals():
        _run(_Announced(app, tls, lambda: announce(f"Listening at {_url(host, listener, tls)}")), listener)


@contextmanager
def running(app: FastAPI, host: str = LOOPBACK, port: int = 0, *, tls: ServerTls | None = None) -> Iterator[str]:
    """While within, the application answers at the address that this yields, from a thread of this process.

    Raises as ``serve`` does.
    """
    with _bound(host, port) as listener:
        started = threading.Event()
        server = _Announced(app, tls, started.set)
        failed: list[PeerUnavailable] = []

        def run() -> None:
            try:
                _run(server, listener)
            except PeerUnavailable as problem:
                failed.append(problem)

        thread = threading.Thread(target=run, name="service", daemon=True)
        thread.start()
        while not started.wait(_TICK):
            if failed:
                raise failed[0]
        try:
            yield _url(host, listener, tls)
        finally:
            server.should_exit = True
            thread.join()


class _Loop(uvloop.Loop):
    """An event loop whose servers have a door in front of TLS."""

    async def create_server(  # type: ignore[override] # its overloads are many, and uvicorn uses this one
        self, protocol_factory: Callable[[], asyncio.Protocol], *, sock: socket.socket, backlog: int, **named: Any
    ) -> asyncio.AbstractServer | Door:
        context = named.pop("ssl", None)
        if context is None:
            return await super().create_server(protocol_factory, sock=sock, backlog=backlog, **named)
        door = Door(sock, context, protocol_factory)
        door.open(backlog)
        return door


class _Config(Config):
    """uvicorn's settings, and our TLS, which our protocol asks for."""

    def __init__(self, app: FastAPI, tls: ServerTls | None, **named: Any) -> None:
        factory = None if tls is None else lambda *_: tls.context
        super().__init__(app, ssl_context_factory=factory, **named)
        self.tls = tls

    def get_loop_factory(self) -> type[_Loop]:
        return _Loop


class _Announced(Server):
    """A server that says when it answers."""

    def __init__(self, app: FastAPI, tls: ServerTls | None, announce: Callable[[], None]) -> None:
        super().__init__(
            _Config(
                app,
                tls,
                http=ImpatientProtocol,
                ws="none",
                lifespan="on",
                log_config=None,
                log_level=logging.WARNING,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=_LAST_ANSWERS,
            )
        )
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()


def _run(server: Server, listener: socket.socket) -> None:
    """Uvicorn ends the process when the application does not start: that is for others to decide."""
    try:
        server.run(sockets=[listener])
    except SystemExit:
        raise PeerUnavailable("the service", "its application has not started") from None


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise PortTaken(port) from None
        raise MalformedValue("address", f"{host!r} is not one of this machine's") from problem
    with listener:
        yield listener


def _url(host: str, listener: socket.socket, tls: ServerTls | None) -> str:
    return f"{'http' if tls is None else 'https'}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


@contextmanager
def _quiet_signals() -> Iterator[None]:
    """Uvicorn raises a signal again once it has stopped for it: within this it ends nothing more."""

    def stopped(_: int, __: FrameType | None) -> None:
        return None

    before = {number: signal.signal(number, stopped) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
