"""A service says where it listens once it answers, and ends in good order when it is asked to."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import requests
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certchain.errors import MalformedValue, PeerUnavailable, PortTaken
from certchain.services import running, serve
from certchain.services.body import whole_body
from certchain.services.problem import refusing_app

PROGRAM = """
import time
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from certchain.services.problem import refusing_app
from certchain.services.serve import serve

def slow(_: Request) -> Response:
    time.sleep(1)
    return Response("answered")

serve(refusing_app([Route("/slow", slow)]), "127.0.0.1", 0)
"""


@contextmanager
def started() -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Listening at http://127.0.0.1:"), line
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_service_ends_when_it_is_asked_to_after_what_is_under_way(number: signal.Signals) -> None:
    """With exit code 0, and nothing but its one line on the output."""
    with started() as (process, url):
        asked = subprocess.Popen(
            [sys.executable, "-c", f"import requests; print(requests.get({url!r} + '/slow', timeout=10).text)"],
            stdout=subprocess.PIPE,
            text=True,
        )
        time.sleep(0.7)
        process.send_signal(number)
        out, err = process.communicate(timeout=15)
        assert (process.returncode, out, err) == (0, "", "")
        assert asked.communicate(timeout=15)[0] == "answered\n"


def test_a_port_that_is_taken_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken) as raised, running(refusing_app([]), port=port):
            pass
        assert raised.value.port == port


@pytest.mark.parametrize("host", ["192.0.2.1", "not a host", "999.999.999.999"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(MalformedValue), running(refusing_app([]), host):
        pass


def test_an_address_of_ip_version_6_is_bracketed() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with running(refusing_app([]), "::1") as url:
        assert url.startswith("http://[::1]:")
        assert requests.get(url, timeout=5).status_code == 404


def test_a_body_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("certchain.services.body._SLOWEST", 0.2)

    async def take(request: Request) -> Response:
        return Response(await whole_body(request, 100))

    with running(refusing_app([Route("/", take, methods=["POST"])])) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nbegun")
            assert slow.recv(1000).startswith(b"HTTP/1.1 408")
        with socket.create_connection(("127.0.0.1", port), timeout=5) as gone:
            gone.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nbegun")
        assert requests.post(url, b"whole", timeout=5).content == b"whole"


@pytest.mark.parametrize("said", [b"", b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
def test_a_client_that_does_not_say_what_it_wants_is_let_go(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a first request that was answered: a connection is not held open by a head that never ends."""
    monkeypatch.setattr("certchain.services.protocol.SLOWEST_HEAD", 0.3)
    with running(refusing_app([])) as url:
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as silent:
            silent.sendall(said)
            assert silent.recv(1000) == b""
        with socket.create_connection(("127.0.0.1", port), timeout=5) as later:
            later.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert later.recv(1000).startswith(b"HTTP/1.1 404")
            time.sleep(0.5)  # between requests there is more time
            later.sendall(b"GET / HT")
            assert later.recv(1000) == b""


def test_an_application_that_does_not_start_is_said_not_to() -> None:
    @asynccontextmanager
    async def failing(_: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("its disk is gone")
        yield

    with pytest.raises(PeerUnavailable), running(refusing_app([], lifespan=failing)):
        pass
    with pytest.raises(PeerUnavailable, match="has not started"):
        serve(refusing_app([], lifespan=failing))
