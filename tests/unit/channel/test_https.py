"""The channel to a service: who answers is proven before anything is said, and both ends know the same of the conversation."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route

from certchain.channel import Handler, ServiceChannel
from certchain.channel.http_connection import _cut
from certchain.channel.https import HttpsChannel
from certchain.config import SystemClock
from certchain.errors import (
    CertchainError,
    CertificateInvalid,
    CertificateRefused,
    KeyFileUnreadable,
    LedgerUnavailable,
    LogBusy,
    LoginRefused,
    MalformedMessage,
    MalformedValue,
    PartyRequired,
    PeerUnavailable,
    RequestTooLarge,
    WrongPeer,
)
from certchain.keys import ServerTls, TlsIdentity, client_context
from certchain.models.certification import LoginAccepted
from certchain.models.identifier import ServiceId, service_party
from certchain.models.log import InclusionProof
from certchain.services import running
from certchain.services.health import healthz
from certchain.services.messages import Messages
from certchain.services.problem import refusing_app
from tests.crooked import whole
from tests.tls import HOUR, LOCK, OLGA, PHONE, SERVER, Certificates, now

QUESTION = InclusionProof(1, 2, ())
ANSWER = LoginAccepted(bytes(32))
TIMEOUT = 5.0


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


@pytest.fixture(scope="module")
def lock(certificates: Certificates) -> TlsIdentity:
    return certificates.identity(LOCK)


class Listener:
    """A service's handler, which keeps what it heard, and in which conversation."""

    def __init__(self, answer: object = ANSWER) -> None:
        self.answer = answer
        self.heard: list[Any] = []
        self.bindings: list[bytes] = []
        self.peers: list[Any] = []

    def __call__(self, conversation: Any, message: Any) -> object:
        self.heard.append(message)
        self.bindings.append(conversation.binding)
        self.peers.append(conversation.peer)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def app(handler: Handler) -> FastAPI:
    messages = Messages(handler, SystemClock())
    return refusing_app([Route("/messages", messages.answer, methods=["POST"]), Route("/healthz", healthz)])


@contextmanager
def service(identity: TlsIdentity, handler: Handler | None = None) -> Iterator[str]:
    with running(app(handler or Listener()), tls=ServerTls(identity)) as url:
        yield url


@contextmanager
def channel(url: str, identity: TlsIdentity) -> Iterator[HttpsChannel]:
    opened = HttpsChannel(url, identity, SERVER, TIMEOUT)
    try:
        yield opened
    finally:
        opened.close()


# ------------------------------------------------------------------------------------------------------------- conversations


def test_a_message_arrives_with_who_sent_it_and_its_answer_comes_back(
    certificates: Certificates, lock: TlsIdentity
) -> None:
    listener = Listener()
    with service(certificates.server(), listener) as url, channel(url, lock) as asking:
        seam: ServiceChannel = asking
        assert seam.request(QUESTION, LoginAccepted) == ANSWER
        assert (listener.heard, listener.peers) == ([QUESTION], [LOCK])
        assert seam.peer == SERVER
        assert url.startswith("https://")


def test_both_ends_have_the_same_binding_and_no_other_conversation_has(
    certificates: Certificates, lock: TlsIdentity
) -> None:
    """Also over several connections; not for another channel of the same party, nor for another party."""
    listener = Listener()
    with service(certificates.server(), listener) as url:
        with (
            channel(url, lock) as first,
            channel(url, lock) as second,
            channel(url, certificates.identity(PHONE)) as third,
        ):
            for asking in (first, second, third, first):
                asking.request(QUESTION, LoginAccepted)
            bindings = [first.binding, second.binding, third.binding, first.binding]
        assert listener.bindings == bindings
        assert len(set(bindings)) == 3
        assert {len(binding) for binding in bindings} == {32}


def test_a_conversation_of_another_has_another_binding(certificates: Certificates, lock: TlsIdentity) -> None:
    """Who has overheard the conversation's number, and uses it under a certificate of their own, gets a binding of their own."""
    listener = Listener()
    phone = certificates.identity(PHONE)
    with (
        service(certificates.server(), listener) as url,
        channel(url, lock) as mine,
        channel(url, phone) as theirs,
    ):
        theirs._conversation = mine._conversation
        theirs.request(QUESTION, LoginAccepted)
        assert listener.bindings[-1] == theirs.binding != mine.binding


def test_a_service_that_has_renewed_its_certificate_is_another_conversation(
    certificates: Certificates, lock: TlsIdentity
) -> None:
    listener, tls = Listener(), ServerTls(certificates.server())
    with running(app(listener), tls=tls) as url, channel(url, lock) as asking:
        asking.request(QUESTION, LoginAccepted)
        before = asking.binding
        tls.renew(certificates.server())
        asking._service.close()  # as the service does with connections that are quiet
        asking.request(QUESTION, LoginAccepted)
        assert listener.bindings == [before, asking.binding]
        assert before != asking.binding


def test_a_refusal_is_raised_as_itself(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates.server(), Listener(LoginRefused(3))) as url, channel(url, lock) as asking:
        with pytest.raises(LoginRefused) as refused:
            asking.request(QUESTION, LoginAccepted)
        assert refused.value.attempts_left == 3


PRIVATE = {
    "ledger": (LedgerUnavailable("http://10.0.0.7:8545 refused"), LedgerUnavailable),
    "another service": (PeerUnavailable("https://10.0.0.7", "refused by 10.0.0.7"), PeerUnavailable),
    "settings": (KeyFileUnreadable("/home/10.0.0.7/key", "it is gone"), PeerUnavailable),
}


@pytest.mark.parametrize(("problem", "heard"), PRIVATE.values(), ids=PRIVATE)
def test_a_refusal_does_not_say_where_the_service_keeps_what(
    certificates: Certificates, lock: TlsIdentity, problem: CertchainError, heard: type[CertchainError]
) -> None:
    with service(certificates.server(), Listener(problem)) as url, channel(url, lock) as asking:
        with pytest.raises(heard) as refused:
            asking.request(QUESTION, LoginAccepted)
        assert "10.0.0.7" not in str(refused.value)


def test_a_refusal_for_now_keeps_its_values(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates.server(), Listener(LogBusy(7, 7))) as url, channel(url, lock) as asking:
        with pytest.raises(LogBusy) as refused:
            asking.request(QUESTION, LoginAccepted)
        assert refused.value.values() == LogBusy(7, 7).values()


def test_a_fault_of_the_service_keeps_its_text_to_itself(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates.server(), Listener(RuntimeError("the path /root"))) as url, channel(url, lock) as asking:
        with pytest.raises(PeerUnavailable) as refused:
            asking.request(QUESTION, LoginAccepted)
        assert "/root" not in str(refused.value)


def test_an_answer_of_another_type_is_refused(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates.server(), Listener(QUESTION)) as url, channel(url, lock) as asking:
        with pytest.raises(MalformedMessage, match="expected"):
            asking.request(QUESTION, LoginAccepted)
        assert asking.request(QUESTION, InclusionProof) == QUESTION


def test_what_does_not_cross_is_not_sent(certificates: Certificates, lock: TlsIdentity) -> None:
    listener = Listener()
    with service(certificates.server(), listener) as url, channel(url, lock) as asking, pytest.raises(MalformedMessage):
        asking.request("a text", LoginAccepted)
    assert listener.heard == []


def test_a_closed_channel_carries_nothing(certificates: Certificates, lock: TlsIdentity) -> None:
    listener = Listener()
    with service(certificates.server(), listener) as url, channel(url, lock) as asking:
        asking.close()
        for use in (lambda: asking.request(QUESTION, LoginAccepted), lambda: asking.binding):
            with pytest.raises(PeerUnavailable, match="closed"):
                use()
    assert listener.heard == []


def test_requests_go_in_parallel(certificates: Certificates, lock: TlsIdentity) -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(_: object, message: object) -> object:
        together.wait()
        return message

    with service(certificates.server(), meet) as url, channel(url, lock) as asking, ThreadPoolExecutor() as pool:
        asked = [pool.submit(asking.request, QUESTION, InclusionProof) for _ in range(4)]
        assert [each.result() for each in asked] == [QUESTION] * 4


# ------------------------------------------------------------------------------------------- who answers, and who is answered


WRONG_SERVERS = {
    "another party": lambda mine: (mine.server(service_party(ServiceId(4))), WrongPeer),
    "a device": lambda mine: (mine.identity(LOCK), CertificateInvalid),
    "an operator": lambda mine: (mine.identity(OLGA), CertificateInvalid),
    "expired": lambda mine: (mine.identity(SERVER, at=now() - 2 * HOUR), CertificateInvalid),
    "not yet in force": lambda mine: (mine.identity(SERVER, at=now() + 2 * HOUR), CertificateInvalid),
    "a CA that someone made": lambda _: (Certificates().server(), CertificateInvalid),
    "another network": lambda _: (Certificates(bytes(32)).server(), CertificateInvalid),
}


@pytest.mark.parametrize("which", WRONG_SERVERS)
def test_nothing_is_said_to_who_is_not_the_answerer(certificates: Certificates, lock: TlsIdentity, which: str) -> None:
    identity, error = WRONG_SERVERS[which](certificates)
    with told(identity) as (url, said), channel(url, lock) as asking:
        with pytest.raises(error):
            asking.request(QUESTION, LoginAccepted)
        with pytest.raises(error):
            _ = asking.binding
    assert said == []


WRONG_CLIENTS = {
    "expired": lambda mine: mine.identity(LOCK, at=now() - 2 * HOUR),
    "a CA that someone made": lambda _: Certificates().identity(LOCK),
    "another network": lambda _: Certificates(bytes(32)).identity(LOCK),
}


@pytest.mark.parametrize("which", WRONG_CLIENTS)
def test_who_is_not_the_networks_is_not_heard(certificates: Certificates, which: str) -> None:
    """It even believes in the right server, and is told what is wrong with its certificate, and not merely cut off."""
    stranger = WRONG_CLIENTS[which](certificates)
    believing = TlsIdentity.__new__(TlsIdentity)
    believing.__dict__.update(stranger.__dict__ | {"ca": certificates.ca.certificate, "certified": stranger.certified})
    listener = Listener()
    with service(certificates.server(), listener) as url, channel(url, believing) as asking:
        for _ in range(5):  # the refusal and the first request cross
            with pytest.raises(CertificateRefused):
                asking.request(QUESTION, LoginAccepted)
        assert listener.heard == []


def test_an_operator_opens_no_channel(certificates: Certificates) -> None:
    with pytest.raises(PartyRequired):
        HttpsChannel("https://127.0.0.1:1", certificates.identity(OLGA), SERVER)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1", ""])
def test_a_channel_is_not_opened_without_tls(lock: TlsIdentity, url: str) -> None:
    with pytest.raises(MalformedValue):
        HttpsChannel(url, lock, SERVER)


def test_no_certificate_authority_of_the_web_is_believed(certificates: Certificates, lock: TlsIdentity) -> None:
    """Not even after requests: libraries like to load their own."""
    with service(certificates.server()) as url:
        tls = HttpsChannel(url, lock, SERVER, TIMEOUT)
        context = tls._service._session.get_adapter(url)._tls.context  # type: ignore[attr-defined]
        tls.request(QUESTION, LoginAccepted)
        assert [dict(map(dict.popitem, map(dict, each["subject"]))) for each in context.get_ca_certs()]
        assert context.cert_store_stats()["x509_ca"] == 1
        tls.close()


def test_an_older_tls_is_not_spoken(certificates: Certificates, lock: TlsIdentity) -> None:
    """By neither end."""
    older = ServerTls(certificates.server())
    older.context.minimum_version = older.context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (
        running(app(Listener()), tls=older) as url,
        channel(url, lock) as asking,
        pytest.raises(PeerUnavailable, match="SSLError"),
    ):
        asking.request(QUESTION, LoginAccepted)
    with service(certificates.server()) as url:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for version, spoken in ((ssl.TLSVersion.TLSv1_3, True), (ssl.TLSVersion.TLSv1_2, False)):
            context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, version
            assert shakes_hands(url, context) is spoken


# ------------------------------------------------------------------------------------------------------------ slow and broken


def test_a_service_that_does_not_shake_hands_is_unavailable(lock: TlsIdentity) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        asking = HttpsChannel(f"https://127.0.0.1:{silent.getsockname()[1]}", lock, SERVER, 0.3)
        began = time.monotonic()
        with pytest.raises(PeerUnavailable):
            asking.request(QUESTION, LoginAccepted)
        assert time.monotonic() - began < 3


def test_a_handshake_that_trickles_in_is_cut(lock: TlsIdentity) -> None:
    """However slowly its bytes come: each is in time, and all together are not."""

    def trickle(connection: socket.socket, _: str) -> None:
        for byte in b"\x16\x03\x03\x40\x00" + bytes(200):
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept_once, args=(listener, trickle), daemon=True)
        thread.start()
        asking = HttpsChannel(f"https://127.0.0.1:{listener.getsockname()[1]}", lock, SERVER, 0.3)
        began = time.monotonic()
        with pytest.raises(PeerUnavailable):
            asking.request(QUESTION, LoginAccepted)
        assert time.monotonic() - began < 3
        thread.join(15)


def test_a_connection_that_was_cut_gives_nothing_that_tls_does_not_protect(
    certificates: Certificates, lock: TlsIdentity
) -> None:
    """Mallory is on the way, holds an answer back until time is up, and sends one of his own in its place."""
    mallory, ours = socket.socketpair()
    with mallory, ours:
        server = threading.Thread(target=shake_hands_only, args=(certificates, mallory))
        server.start()
        with client_context(lock.ca, lock).wrap_socket(ours) as secured:
            server.join()
            mallory.sendall(whole(b"forged"))
            _cut(secured)
            with pytest.raises(OSError, match=r"(?i)ssl|eof|record"):
                secured.recv(1000)


def shake_hands_only(certificates: Certificates, connection: socket.socket) -> None:
    copy = connection.dup()
    with ServerTls(certificates.server()).context.wrap_socket(copy, server_side=True) as secured:
        secured.detach()


def test_an_answer_that_is_late_is_said_to_be(certificates: Certificates, lock: TlsIdentity) -> None:
    """And not that anything was wrong with the connection."""
    release = threading.Event()

    def late(_: object, __: object) -> object:
        release.wait(10)
        return ANSWER

    with service(certificates.server(), late) as url:
        asking = HttpsChannel(url, lock, SERVER, 1.0)
        for _ in range(3):
            with pytest.raises(PeerUnavailable, match="ReadTimeout"):
                asking.request(QUESTION, LoginAccepted)
        release.set()
        assert asking.request(QUESTION, LoginAccepted) == ANSWER
        asking.close()


def test_where_plain_http_answers_nothing_is_said(lock: TlsIdentity) -> None:
    said: list[bytes] = []

    def answer(connection: socket.socket, _: str) -> None:
        said.append(connection.recv(10_000))
        connection.sendall(whole(b"hello"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept_once, args=(listener, answer), daemon=True)
        thread.start()
        with pytest.raises(PeerUnavailable):
            HttpsChannel(f"https://127.0.0.1:{listener.getsockname()[1]}", lock, SERVER, 1).request(
                QUESTION, LoginAccepted
            )
        thread.join(5)
    assert b"messages" not in b"".join(said)


def test_a_message_above_the_limit_is_not_sent(certificates: Certificates, lock: TlsIdentity) -> None:
    listener = Listener()
    with service(certificates.server(), listener) as url, channel(url, lock) as asking:
        with pytest.raises(RequestTooLarge):
            asking.request(LoginAccepted(bytes(10_000_000)), LoginAccepted)
        assert asking.request(QUESTION, LoginAccepted) == ANSWER
    assert listener.heard == [QUESTION]


# -------------------------------------------------------------------------------------------------------------------- helpers


@contextmanager
def told(identity: TlsIdentity) -> Iterator[tuple[str, list[bytes]]]:
    """A TLS server of any certificate, and what it was told over TLS."""
    said: list[bytes] = []
    context = ServerTls(identity).context

    def listen(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    said.extend(filter(None, [secured.recv(1000)]))
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=listen, args=(listener,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", said
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def accept_once(listener: socket.socket, script: Any) -> None:
    connection, _ = listener.accept()
    with connection:
        try:
            script(connection, "")
        except OSError:
            return


def shakes_hands(url: str, context: ssl.SSLContext) -> bool:
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=5) as connection:
        try:
            with context.wrap_socket(connection, server_hostname="127.0.0.1"):
                return True
        except ssl.SSLError:
            return False
