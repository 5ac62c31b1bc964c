"""A service says where it listens once it answers, and ends in good order when it is asked to."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager

import pytest
import requests
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from certchain.channel.https import HttpsChannel
from certchain.errors import MalformedValue, PeerUnavailable, PortTaken
from certchain.models.certification import LoginAccepted
from certchain.services import running, serve
from certchain.services.body import whole_body
from certchain.services.problem import refusing_app
from tests.tls import LOCK, SERVER, Certificates

PROGRAM = """
import time
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from certchain.services.problem import refusing_app
from certchain.services.serve import serve

def slow(_: Request) -> Response:
    print("asked", flush=True)
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
    """With exit code 0, and nothing more on the output than where it listens, and what its handler says."""
    with started() as (process, url):
        asked = subprocess.Popen(
            [sys.executable, "-c", f"import requests; print(requests.get({url!r} + '/slow', timeout=10).text)"],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=15)
        assert (process.returncode, out, err) == (0, "", "")
        assert asked.communicate(timeout=15)[0] == "answered\n"


TLS_PROGRAM = """
import sys
import time
from certchain.keys import CertificateAuthority, ServerTls, TlsIdentity, TlsKey
from certchain.models.certification import LoginAccepted
from certchain.models.identifier import ServiceId, service_party
from certchain.services import custodian_app, serve

ca, key = CertificateAuthority.from_private_bytes(bytes.fromhex(sys.argv[1])), TlsKey.generate()
certificate = ca.issue(key.request(), service_party(ServiceId(3)), now=int(time.time()))

def slow(_: object, message: object) -> object:
    print("asked", flush=True)
    time.sleep(1)
    return LoginAccepted(bytes(32))

serve(custodian_app(slow), tls=ServerTls(TlsIdentity(key, certificate, ca.certificate)))
"""


def test_a_service_over_tls_says_so_and_ends_in_the_same_order() -> None:
    """Also while a client that waits keeps its connection, and another never shakes hands."""
    certificates = Certificates()
    process = subprocess.Popen(
        [sys.executable, "-c", TLS_PROGRAM, certificates.ca.private_bytes().hex()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert url.startswith("https://127.0.0.1:")
        asking = HttpsChannel(url, certificates.identity(LOCK), SERVER)
        assert len(asking.binding) == 32
        with ThreadPoolExecutor() as pool, connected(url):
            asked = pool.submit(asking.request, LoginAccepted(bytes(32)), LoginAccepted)
            assert process.stdout.readline() == "asked\n"
            process.send_signal(signal.SIGTERM)
            assert asked.result(15) == LoginAccepted(bytes(32))
            out, err = process.communicate(timeout=15)
        assert (process.returncode, out, err) == (0, "", "")
        with pytest.raises(PeerUnavailable):
            asking.request(LoginAccepted(bytes(32)), LoginAccepted)
        asking.close()
    finally:
        process.kill()
        process.communicate()


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


def connected(url: str, said: bytes = b"") -> socket.socket:
    """A connection on which this was said, and its answer's beginning read if it is a whole request."""
    connection = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5)
    connection.sendall(said)
    if said.startswith(b"GET") and said.endswith(b"\r\n\r\n"):
        assert connection.recv(1000).startswith(b"HTTP/1.1 404")
    return connection


SAID = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: a\r\n",
    "half a body": b"POST /taken HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nbegun",
    "a request that was answered": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_connections_that_are_only_held_open_keep_nobody_out(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was said on them: with all places taken, the one that has been waited for longest is given up."""
    monkeypatch.setattr("certchain.services.protocol.MOST_CONNECTIONS", 8)

    async def take(request: Request) -> Response:
        return Response(await whole_body(request, 100))

    with running(refusing_app([Route("/taken", take, methods=["POST"])])) as url, ExitStack() as held:
        oldest, *others = [held.enter_context(connected(url, said)) for _ in range(8)]
        time.sleep(0.2)  # what was said on them is heard
        for _ in range(3):
            held.enter_context(connected(url, SAID["a request that was answered"]))
        assert requests.post(f"{url}/taken", b"whole", timeout=5).content == b"whole"
        assert ended(oldest)
        assert not ended(others[-1])


def ended(connection: socket.socket) -> bool:
    """Whether the other side has closed it, once what it said before is read."""
    connection.settimeout(0.3)
    try:
        while connection.recv(1000):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_with_all_places_at_work_a_request_more_is_refused_as_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """And taken again once one of them is answered: no work is given up for it."""
    monkeypatch.setattr("certchain.services.protocol.MOST_CONNECTIONS", 2)
    asked, answer = threading.Semaphore(0), threading.Event()

    def work(_: Request) -> Response:
        asked.release()
        answer.wait(10)
        return Response("done")

    with running(refusing_app([Route("/work", work)])) as url, ThreadPoolExecutor() as pool:
        working = [pool.submit(requests.get, f"{url}/work", timeout=15) for _ in range(2)]
        try:
            assert all(asked.acquire(timeout=10) for _ in working)
            refused = requests.get(f"{url}/work", timeout=5)
        finally:
            answer.set()
        assert (refused.status_code, refused.headers["Content-Type"]) == (503, "application/problem+json")
        assert (refused.json()["error"], refused.headers["Connection"]) == ("ServiceUnavailable", "close")
        assert int(refused.headers["Retry-After"]) > 0
        assert [each.result().text for each in working] == ["done", "done"]
        assert requests.get(f"{url}/work", timeout=5).text == "done"


def test_an_application_that_does_not_start_is_said_not_to() -> None:
    @asynccontextmanager
    async def failing(_: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("its disk is gone")
        yield

    with pytest.raises(PeerUnavailable), running(refusing_app([], lifespan=failing)):
        pass
    with pytest.raises(PeerUnavailable, match="has not started"):
        serve(refusing_app([], lifespan=failing))
