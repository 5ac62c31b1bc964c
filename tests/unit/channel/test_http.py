"""A peer on the network may send what it likes, as slowly as it likes: nobody waits for ever, or keeps all of it."""

import gzip
import socket
import time

import pytest

from certchain.channel import http_connection
from certchain.channel.http import HttpPeer
from certchain.errors import MalformedMessage, MalformedValue, PeerUnavailable
from certchain.services.serve import KEEP_ALIVE
from tests.crooked import Script, crooked, sending, then_closing, trickling, whole

TIMEOUT = 0.5
LIMIT = 1000
WITHIN = 2 * TIMEOUT + 1


def get(script: Script, encoding: str = "identity") -> bytes:
    with crooked(script) as server:
        return HttpPeer(server.url, TIMEOUT).get("anything", LIMIT, encoding).body


def test_what_a_peer_answers_comes_back_whole() -> None:
    with crooked(sending(whole(b"a" * LIMIT, "200 OK", "Content-Type: text/plain; charset=utf-8"))) as server:
        reply = HttpPeer(f"{server.url}/", TIMEOUT).get("some/where", LIMIT)
    assert (reply.status, reply.media_type, reply.body) == (200, "text/plain", b"a" * LIMIT)
    assert server.paths == ["/some/where"]


def test_a_connection_serves_many_questions() -> None:
    with crooked(sending(whole(b"a"))) as server:
        peer = HttpPeer(server.url, TIMEOUT)
        for _ in range(5):
            peer.get("", LIMIT)
        assert server.connections == 1
        peer.close()


def test_a_connection_that_was_idle_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may close it just as the next question goes out, which then may be heard or not."""
    monkeypatch.setattr(http_connection, "LONGEST_IDLE", 0.2)
    with crooked(Forgetful()) as server:
        peer = HttpPeer(server.url, TIMEOUT)
        for _ in range(2):
            assert peer.post("", b"a", LIMIT).status == 200
            time.sleep(0.3)
        assert server.connections == 2
        peer.close()


def test_our_servers_keep_connections_for_longer_than_our_clients_use_them() -> None:
    assert http_connection.LONGEST_IDLE + TIMEOUT < KEEP_ALIVE


def test_a_question_that_may_have_been_heard_is_not_repeated() -> None:
    with crooked(Forgetful()) as server:
        peer = HttpPeer(server.url, TIMEOUT)
        assert peer.post("", b"a", LIMIT).status == 200
        with pytest.raises(PeerUnavailable):
            peer.post("", b"a", LIMIT)
        assert (server.connections, len(server.paths)) == (1, 2)
        peer.close()


class Forgetful:
    """Answers the first question of a connection, and closes it on the second."""

    def __init__(self) -> None:
        self.known: set[socket.socket] = set()

    def __call__(self, connection: socket.socket, _: str) -> None:
        if connection in self.known:
            connection.shutdown(socket.SHUT_RDWR)
            return
        self.known.add(connection)
        connection.sendall(whole(b"a"))


@pytest.mark.parametrize("scheme", ["ftp://log.example", "log.example", "file:///etc/passwd", ""])
def test_an_address_that_is_not_http_is_refused(scheme: str) -> None:
    with pytest.raises(MalformedValue):
        HttpPeer(scheme, TIMEOUT)


OVERSIZE = {
    "announced": whole(b"a" * (LIMIT + 1)),
    "not announced": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"a" * (LIMIT + 1),
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"300\r\n" + b"a" * 0x300 + b"\r\n" * 1 + b"300\r\n",
    "hidden by compression": whole(gzip.compress(b"a" * 10_000_000), "200 OK", "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("answer", [pytest.param(answer, id=name) for name, answer in OVERSIZE.items()])
def test_an_answer_above_the_limit_is_refused(answer: bytes) -> None:
    """Before it is in memory."""
    with pytest.raises((MalformedMessage, PeerUnavailable)):
        get(then_closing(sending(answer)))


def test_a_refusal_may_be_longer_than_what_was_asked_for() -> None:
    with crooked(sending(whole(b"a" * 5000, "404 Not Found"))) as server:
        assert HttpPeer(server.url, TIMEOUT).get("", 32).status == 404


def test_a_refusal_without_end_is_refused_itself() -> None:
    with pytest.raises(MalformedMessage, match="more than"):
        get(then_closing(sending(whole(b"a" * 200_000, "500 Oh"))))


def test_a_compressed_answer_is_unpacked() -> None:
    packed = whole(gzip.compress(b"leaves"), "200 OK", "Content-Encoding: gzip")
    assert get(sending(packed), "gzip, identity") == b"leaves"


UNUSABLE = {
    "nothing at all": then_closing(sending(b"")),
    "cut off in the head": then_closing(sending(b"HTTP/1.1 200 OK\r\nContent-Le")),
    "cut off in the body": then_closing(sending(whole(b"a" * 100)[:-50])),
    "no HTTP": then_closing(sending(b"\x00\x01\x02 hello\r\n\r\n")),
    "silence": lambda connection, path: time.sleep(TIMEOUT * 3),
    "a head that trickles in": trickling(whole(b"a" * 10), TIMEOUT / 10),
    "a body that trickles in": lambda connection, path: (
        connection.sendall(whole(b"a" * 100)[:-99]),
        trickling(b"a" * 99, TIMEOUT / 10)(connection, path),
    ),
}


@pytest.mark.parametrize("script", [pytest.param(script, id=name) for name, script in UNUSABLE.items()])
def test_a_peer_that_does_not_answer_in_time_is_unavailable(script: Script) -> None:
    """However it goes about it: within twice the time that it has."""
    began = time.monotonic()
    with pytest.raises(PeerUnavailable):
        get(script)
    assert time.monotonic() - began < WITHIN


def test_an_address_where_nobody_listens_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(PeerUnavailable, match="ConnectionError"):
        HttpPeer(url, TIMEOUT).get("", LIMIT)


def test_what_claims_to_be_compressed_and_is_not_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="encoding"):
        get(sending(whole(b"not gzip", "200 OK", "Content-Encoding: gzip")))


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    """A log must not send its readers to addresses that only they can reach."""
    with crooked(sending(whole(b"secret"))) as inner:
        away = whole(b"", "302 Found", f"Location: {inner.url}/inner")
        with crooked(sending(away)) as server:
            assert HttpPeer(server.url, TIMEOUT).get("", LIMIT).status == 302
        assert inner.paths == []


def test_a_cookie_is_not_sent_back() -> None:
    with crooked(sending(whole(b"", "200 OK", "Set-Cookie: who=you"))) as server:
        peer = HttpPeer(server.url, TIMEOUT)
        peer.get("", LIMIT)
        assert not peer._session.cookies
