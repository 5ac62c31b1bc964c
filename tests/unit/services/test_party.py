"""A party's service takes messages from parties alone, within bounds; it says whether it is ready, what it does, and how to use it."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPSConnection, RemoteDisconnected
from typing import Any

import pytest
from fastapi import APIRouter, Depends

from certchain.channel.envelope import decode_message, encode_message
from certchain.channel.https import CONVERSATION, LONGEST_MESSAGE, HttpsChannel, ask_to_be_enrolled
from certchain.errors import (
    CertificateInvalid,
    LoginRefused,
    MalformedMessage,
    PeerUnavailable,
    ServiceBusy,
    TooManyRequests,
    WrongPeer,
)
from certchain.keys import KeyPair, ServerTls, TlsIdentity, client_context
from certchain.models.certificate import Operator
from certchain.models.certification import LoginAccepted, Signed
from certchain.models.enrolment import EnrolmentAnswer
from certchain.models.identifier import NOBODY, ServiceId, service_party
from certchain.models.log import InclusionProof
from certchain.services import RequestLimits, custodian_app, running
from certchain.services.connected import operator_of
from certchain.services.party import party_app
from certchain.verification.statement import Identity
from tests.industry import TestClock
from tests.tls import LOCK, NETWORK, OLGA, PHONE, SERVER, Certificates, now

QUESTION = InclusionProof(1, 2, ())
ANSWER = LoginAccepted(bytes(32))
BODY = encode_message(QUESTION)
HEADER = {CONVERSATION: "00" * 16}


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


@pytest.fixture(scope="module")
def lock(certificates: Certificates) -> TlsIdentity:
    return certificates.identity(LOCK)


def answer(_: object, __: object) -> object:
    return ANSWER


@contextmanager
def service(certificates: Certificates, handler: Any = answer, **settings: Any) -> Iterator[str]:
    with running(custodian_app(handler, **settings), tls=ServerTls(certificates.server())) as url:
        yield url


class Reply:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def problem(self) -> str:
        assert self.headers["content-type"] == "application/problem+json"
        return str(json.loads(self.body)["error"])


def ask(  # noqa: PLR0917 - the request's parts, in their order
    url: str,
    path: str,
    ca: Certificates,
    who: TlsIdentity | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request of a client that is no channel: with the certificate of whoever is named, or none."""
    host = url.removeprefix("https://")
    connection = HTTPSConnection(host, timeout=10, context=client_context(ca.ca.certificate, who))
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        response = connection.getresponse()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


# ----------------------------------------------------------------------------------------------------------- who is let in


def test_without_a_certificate_there_is_health_and_nothing_else(certificates: Certificates) -> None:
    with service(certificates) as url:
        assert json.loads(ask(url, "/healthz", certificates).body) == {"status": "ok"}
        assert ask(url, "/readyz", certificates).status == 200
        for path in ("/metrics", "/docs", "/openapi.json", "/docs/swagger-ui-bundle.js"):
            refused = ask(url, path, certificates)
            assert (refused.status, refused.problem) == (403, "CertificateMissing")
        refused = ask(url, "/messages", certificates, None, BODY, HEADER)
        assert (refused.status, refused.problem) == (403, "CertificateMissing")


def test_over_plain_http_nobody_is_a_party() -> None:
    """Whatever the headers claim."""
    with running(custodian_app(answer)) as url:
        host = url.removeprefix("http://")
        with socket.create_connection((host.split(":")[0], int(host.split(":")[1])), timeout=5) as connection:
            head = (
                f"POST /messages HTTP/1.1\r\nHost: a\r\n{CONVERSATION}: {'00' * 16}\r\nContent-Length: {len(BODY)}\r\n"
            )
            claims = "X-Client-Cert: device 1\r\nX-Forwarded-For: 127.0.0.1\r\n\r\n"
            connection.sendall((head + claims).encode() + BODY)
            assert connection.recv(5000).startswith(b"HTTP/1.1 403")


def test_a_certificate_that_the_ca_would_never_issue_opens_nothing(certificates: Certificates) -> None:
    """OpenSSL takes it, for the CA has signed it; but it names nobody, or more than one."""
    with service(certificates) as url:
        for odd in (certificates.issued_wrongly(), certificates.issued_wrongly([LOCK, PHONE])):
            with pytest.raises((ConnectionError, RemoteDisconnected, ssl.SSLError)):
                ask(url, "/healthz", certificates, odd)
        assert ask(url, "/healthz", certificates, certificates.issued_wrongly([LOCK])).status == 200


def test_an_operator_is_no_party_and_a_party_no_operator(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates) as url:
        olga = certificates.identity(OLGA)
        refused = ask(url, "/messages", certificates, olga, BODY, HEADER)
        assert (refused.status, refused.problem) == (403, "PartyRequired")
        refused = ask(url, "/metrics", certificates, lock)
        assert (refused.status, refused.problem) == (403, "OperatorRequired")
        assert ask(url, "/metrics", certificates, olga).status == 200
        assert ask(url, "/messages", certificates, lock, BODY, HEADER).status == 200


def test_a_certificate_that_expires_on_an_open_connection_ends_what_it_allowed(certificates: Certificates) -> None:
    clock = TestClock(now())
    with service(certificates, clock=clock) as url:
        asking = HttpsChannel(url, certificates.identity(LOCK), SERVER)
        assert asking.request(QUESTION, LoginAccepted) == ANSWER
        clock.seconds += 2 * 3600
        with pytest.raises(PeerUnavailable, match="403"):
            asking.request(QUESTION, LoginAccepted)
        asking.close()


def test_the_operator_api_knows_which_operator_asks(certificates: Certificates, lock: TlsIdentity) -> None:
    router = APIRouter(prefix="/operator")

    @router.get("/name")
    def name(operator: Operator = Depends(operator_of)) -> dict[str, str]:  # noqa: B008 - as FastAPI has it
        return {"name": operator.name}

    @router.get("/double/{number}", dependencies=[Depends(operator_of)])
    def double(number: int) -> dict[str, int]:
        return {"double": 2 * number}

    app = party_app(answer, title="Test", routers=[router])
    with running(app, tls=ServerTls(certificates.server())) as url:
        olga = certificates.identity(OLGA)
        assert json.loads(ask(url, "/operator/name", certificates, olga).body) == {"name": "olga"}
        assert ask(url, "/operator/name", certificates, lock).problem == "OperatorRequired"
        assert ask(url, "/operator/name", certificates).problem == "CertificateMissing"
        misfit = ask(url, "/operator/double/s3cret", certificates, olga)
        assert (misfit.status, misfit.problem) == (400, "MalformedRequest")
        assert b"s3cret" not in misfit.body
        assert b"path.number" in misfit.body


# --------------------------------------------------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"\xff" * 100, b"{}", BODY[:-1], BODY + b"\x00", encode_message(ANSWER)[1:]]
)
def test_bytes_that_are_no_message_are_refused_as_a_message_is(
    certificates: Certificates, lock: TlsIdentity, body: bytes
) -> None:
    with service(certificates) as url:
        refused = ask(url, "/messages", certificates, lock, body, HEADER)
        assert (refused.status, refused.headers["content-type"]) == (200, "application/cbor")
        with pytest.raises(MalformedMessage):
            decode_message(refused.body)


def test_a_message_of_ten_megabytes_is_refused_before_it_is_kept(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates) as url:
        for body in (bytes(LONGEST_MESSAGE + 1), bytes(10_000_000)):
            try:
                refused = ask(url, "/messages", certificates, lock, body, HEADER)
            except (ConnectionError, ssl.SSLError):  # it closes before it has read all of them
                continue
            assert (refused.status, refused.problem) == (413, "RequestTooLarge")
        assert ask(url, "/messages", certificates, lock, BODY, HEADER).status == 200


@pytest.mark.parametrize("value", [None, "", "00", "00" * 15, "00" * 17, "zz" * 16, "AA" * 16, " " + "00" * 16 + "x"])
def test_a_message_outside_any_conversation_is_refused(
    certificates: Certificates, lock: TlsIdentity, value: str | None
) -> None:
    with service(certificates) as url:
        headers = {} if value is None else {CONVERSATION: value}
        refused = ask(url, "/messages", certificates, lock, BODY, headers)
        assert (refused.status, refused.problem) == (400, "MalformedValue")


def test_with_all_threads_at_work_a_message_more_is_refused_and_taken_later(
    certificates: Certificates, lock: TlsIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.services.party.THREADS", 1)
    monkeypatch.setattr("certchain.services.party.MOST_WAITING", 1)
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(_: object, __: object) -> object:
        begun.release()
        go_on.wait(10)
        return ANSWER

    with service(certificates, slow) as url, ThreadPoolExecutor() as pool:
        asking = HttpsChannel(url, lock, SERVER)
        under_way = [pool.submit(asking.request, QUESTION, LoginAccepted)]
        assert begun.acquire(timeout=10)
        under_way.append(pool.submit(asking.request, QUESTION, LoginAccepted))
        time.sleep(0.3)
        with pytest.raises(ServiceBusy) as refused:
            asking.request(QUESTION, LoginAccepted)
        assert refused.value.retry_after > 0
        go_on.set()
        assert [each.result() for each in under_way] == [ANSWER] * 2
        assert asking.request(QUESTION, LoginAccepted) == ANSWER
        asking.close()


def test_one_peer_leaves_room_for_the_others(
    certificates: Certificates, lock: TlsIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much it says, and however slowly that is answered; once its own are answered, it has its places back."""
    monkeypatch.setattr("certchain.services.messages.MOST_EACH", 2)
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(conversation: Any, __: object) -> object:
        if conversation.peer == LOCK:
            begun.release()
            go_on.wait(10)
        return ANSWER

    with service(certificates, slow) as url, ThreadPoolExecutor() as pool:
        asking, other = HttpsChannel(url, lock, SERVER), HttpsChannel(url, certificates.identity(PHONE), SERVER)
        under_way = [pool.submit(asking.request, QUESTION, LoginAccepted) for _ in range(2)]
        assert begun.acquire(timeout=10)
        assert begun.acquire(timeout=10)
        with pytest.raises(ServiceBusy):
            asking.request(QUESTION, LoginAccepted)
        assert other.request(QUESTION, LoginAccepted) == ANSWER
        go_on.set()
        assert [each.result() for each in under_way] == [ANSWER] * 2
        assert asking.request(QUESTION, LoginAccepted) == ANSWER
        asking.close(), other.close()


def test_a_client_that_is_slow_with_its_body_is_given_up_and_keeps_nobody_waiting(
    certificates: Certificates, lock: TlsIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.services.body._SLOWEST", 0.5)
    with service(certificates) as url, tls_connection(url, certificates, lock) as slow:
        slow.sendall(
            f"POST /messages HTTP/1.1\r\nHost: a\r\n{CONVERSATION}: {'00' * 16}\r\nContent-Length: 99\r\n\r\na".encode()
        )
        assert ask(url, "/messages", certificates, lock, BODY, HEADER).status == 200
        assert slow.recv(1000).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    "said",
    [b"", b"\x16", b"GET / HTTP/1.1\r\n\r\n", bytes(300)],
    ids=["nothing", "a beginning", "plain HTTP", "zeros"],
)
def test_who_never_ends_the_handshake_is_let_go(
    certificates: Certificates, said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.services.door.SLOWEST_HANDSHAKE", 0.5)
    with service(certificates) as url:
        host, _, port = url.removeprefix("https://").partition(":")
        with socket.create_connection((host, int(port)), timeout=5) as silent:
            silent.sendall(said)
            try:
                while silent.recv(1000):
                    pass
            except ConnectionResetError:
                pass
        assert ask(url, "/healthz", certificates).status == 200


def test_who_is_refused_and_stays_is_told_and_let_go(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.services.door.SLOWEST_HANDSHAKE", 0.5)
    expired = certificates.identity(LOCK, at=now() - 7200)
    context = client_context(certificates.ca.certificate, expired)
    with service(certificates) as url:
        host, _, port = url.removeprefix("https://").partition(":")
        with (
            socket.create_connection((host, int(port)), timeout=5) as connection,
            context.wrap_socket(connection) as refused,
        ):
            with pytest.raises(ssl.SSLError, match="CERTIFICATE_EXPIRED"):
                refused.recv(1)
            assert not is_open_below(refused)


def is_open_below(connection: ssl.SSLSocket) -> bool:
    """Whether the other end keeps the connection that TLS ran over, for some seconds more."""
    try:
        return socket.socket.recv(connection, 1) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def test_a_flood_of_handshakes_keeps_nobody_out_and_takes_no_more_places_than_there_are(
    certificates: Certificates, lock: TlsIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all places taken, the handshake that has been under way for longest is given up; conversations that are open go on."""
    monkeypatch.setattr("certchain.services.door.MOST_HANDSHAKES", 20)
    with service(certificates) as url:
        host, _, port = url.removeprefix("https://").partition(":")
        asking = HttpsChannel(url, lock, SERVER)
        assert asking.request(QUESTION, LoginAccepted) == ANSWER
        silent = [socket.create_connection((host, int(port)), timeout=5) for _ in range(300)]
        try:
            assert ask(url, "/messages", certificates, lock, BODY, HEADER).status == 200
            assert asking.request(QUESTION, LoginAccepted) == ANSWER
            assert sum(map(is_open, silent)) <= 20
        finally:
            asking.close()
            for each in silent:
                each.close()


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_what_follows_a_handshake_at_once_is_heard(certificates: Certificates, lock: TlsIdentity) -> None:
    """A client sends its request with the end of its handshake; over and over, for it is a matter of luck what arrives together."""
    with service(certificates) as url:
        for _ in range(30):
            assert ask(url, "/messages", certificates, lock, BODY, HEADER).status == 200


def test_a_stop_does_not_wait_for_who_does_not_shake_hands(certificates: Certificates) -> None:
    with service(certificates) as url:
        host, _, port = url.removeprefix("https://").partition(":")
        silent = socket.create_connection((host, int(port)), timeout=5)
        assert ask(url, "/healthz", certificates).status == 200
        began = time.monotonic()
    assert time.monotonic() - began < 3
    silent.close()


def test_at_a_stop_what_is_under_way_is_answered_and_nothing_new_is_taken(
    certificates: Certificates, lock: TlsIdentity
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_: object, __: object) -> object:
        begun.set()
        go_on.wait(10)
        return ANSWER

    with ThreadPoolExecutor() as pool:
        asking = HttpsChannel("https://127.0.0.1:1", lock, SERVER)
        with service(certificates, slow) as url:
            asking = HttpsChannel(url, lock, SERVER)
            under_way = pool.submit(asking.request, QUESTION, LoginAccepted)
            assert begun.wait(10)
            threading.Timer(0.7, go_on.set).start()
        assert under_way.result() == ANSWER
        with pytest.raises(PeerUnavailable):
            asking.request(QUESTION, LoginAccepted)


# --------------------------------------------------------------------------------------------------------------- enrolment


def signed_by_a_newcomer() -> Signed:
    return Identity(NETWORK, NOBODY, KeyPair.generate()).sign(QUESTION)


def test_who_is_not_enrolled_yet_can_ask_for_it_without_a_certificate(certificates: Certificates) -> None:
    asked: list[Signed] = []

    def enrol(request: Signed) -> EnrolmentAnswer:
        asked.append(request)
        return EnrolmentAnswer(b"sealed")

    request = signed_by_a_newcomer()
    app = party_app(answer, title="Test", enrol=enrol)
    with running(app, tls=ServerTls(certificates.server())) as url:
        ca = certificates.ca.certificate
        assert ask_to_be_enrolled(url, ca, SERVER, request) == EnrolmentAnswer(b"sealed")
        assert asked == [request]
        with pytest.raises(WrongPeer):
            ask_to_be_enrolled(url, ca, service_party(ServiceId(9)), request)
        with pytest.raises(CertificateInvalid):
            ask_to_be_enrolled(url, Certificates().ca.certificate, SERVER, request)
        with pytest.raises(MalformedMessage):
            decode_message(ask(url, "/enrolment", certificates, None, BODY).body)
        assert asked == [request]


def test_a_refused_enrolment_is_raised_as_itself_and_no_service_enrols_unasked(certificates: Certificates) -> None:
    def refuse(_: Signed) -> EnrolmentAnswer:
        raise LoginRefused(1)

    ca = certificates.ca.certificate
    app = party_app(answer, title="Test", enrol=refuse)
    with running(app, tls=ServerTls(certificates.server())) as url, pytest.raises(LoginRefused):
        ask_to_be_enrolled(url, ca, SERVER, signed_by_a_newcomer())
    with service(certificates) as url, pytest.raises(PeerUnavailable, match="404"):
        ask_to_be_enrolled(url, ca, SERVER, signed_by_a_newcomer())


# ------------------------------------------------------------------------------------------------------------------ limits


def test_a_peer_that_asks_too_often_waits_and_its_neighbours_do_not(
    certificates: Certificates, lock: TlsIdentity
) -> None:
    with service(certificates, limits=RequestLimits(peer="3/minute")) as url:
        asking = HttpsChannel(url, lock, SERVER)
        for _ in range(3):
            asking.request(QUESTION, LoginAccepted)
        with pytest.raises(TooManyRequests) as refused:
            asking.request(QUESTION, LoginAccepted)
        assert 1 <= refused.value.retry_after <= 60
        neighbour = HttpsChannel(url, certificates.identity(PHONE), SERVER)
        assert neighbour.request(QUESTION, LoginAccepted) == ANSWER
        said = ask(url, "/messages", certificates, lock, BODY, HEADER)
        assert (said.status, said.problem) == (429, "TooManyRequests")
        assert int(said.headers["retry-after"]) == refused.value.retry_after
        asking.close()
        neighbour.close()


def test_strangers_that_ask_too_often_do_not_keep_a_party_out(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates, limits=RequestLimits(stranger="2/minute")) as url:
        statuses = [ask(url, "/healthz", certificates).status for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        assert ask(url, "/messages", certificates, lock, BODY, HEADER).status == 200


def test_an_address_that_asks_too_often_waits(certificates: Certificates, lock: TlsIdentity) -> None:
    with service(certificates, limits=RequestLimits(address="2/minute")) as url:
        assert [ask(url, "/messages", certificates, lock, BODY, HEADER).status for _ in range(3)] == [200, 200, 429]
        olga = certificates.identity(OLGA)
        assert ask(url, "/metrics", certificates, olga).status == 429


# ------------------------------------------------------------------------------------------------------- readiness, metrics


def test_a_service_says_by_its_name_what_it_lacks_and_not_why(certificates: Certificates) -> None:
    def fail() -> None:
        raise OSError("postgresql://admin@10.0.0.7 refused")

    with service(certificates, checks={"database": fail, "ledger": lambda: 7}) as url:
        reply = ask(url, "/readyz", certificates)
        assert reply.status == 503
        assert json.loads(reply.body) == {
            "status": "unavailable",
            "checks": {"database": "unavailable", "ledger": "ok"},
        }
        assert ask(url, "/healthz", certificates).status == 200


def test_a_check_that_hangs_is_given_up_and_not_begun_again(
    certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certchain.services.health._PATIENCE", 0.2)
    monkeypatch.setattr("certchain.services.health._FRESH", 0.0)
    begun, go_on = [], threading.Event()

    def hang() -> None:
        begun.append(1)
        go_on.wait(20)

    with service(certificates, checks={"ledger": hang}) as url:
        assert [ask(url, "/readyz", certificates).status for _ in range(3)] == [503] * 3
        assert len(begun) == 1
        go_on.set()
        time.sleep(0.2)
        assert ask(url, "/readyz", certificates).status == 200


def test_readiness_is_not_asked_for_more_often_than_it_is_news(certificates: Certificates) -> None:
    """Strangers may ask; the database should not hear of it each time."""
    asked: list[int] = []
    with service(certificates, checks={"database": lambda: asked.append(1)}) as url:
        for _ in range(5):
            ask(url, "/readyz", certificates)
    assert len(asked) <= 2


def test_metrics_tell_kinds_and_outcomes_and_no_party(certificates: Certificates, lock: TlsIdentity) -> None:
    def handler(_: object, message: object) -> object:
        if isinstance(message, LoginAccepted):
            raise LoginRefused(2)
        return ANSWER

    with service(certificates, handler, limits=RequestLimits(peer="5/minute")) as url:
        asking = HttpsChannel(url, lock, SERVER)
        forged = Signed("Nonsense" * 10, LOCK, KeyPair.generate().public, b"", b"")
        for message in (QUESTION, QUESTION, forged):
            asking.request(message, LoginAccepted)
        with pytest.raises(LoginRefused):
            asking.request(ANSWER, LoginAccepted)
        ask(url, "/messages", certificates, lock, b"garbage", HEADER)
        ask(url, "/messages", certificates, lock, BODY, HEADER)
        shown = ask(url, "/metrics", certificates, certificates.identity(OLGA)).body.decode()
        asking.close()
    for line in (
        'certchain_messages_total{kind="InclusionProof",outcome="answered"} 2.0',
        'certchain_messages_total{kind="other",outcome="answered"} 1.0',
        'certchain_messages_total{kind="LoginAccepted",outcome="LoginRefused"} 1.0',
        'certchain_messages_total{kind="unreadable",outcome="MalformedMessage"} 1.0',
        'certchain_message_seconds_count{kind="InclusionProof"} 2.0',
        'certchain_requests_refused_total{error="TooManyRequests"} 1.0',
    ):
        assert line in shown.splitlines(), shown
    assert "Nonsense" not in shown
    assert "device" not in shown
    connections = next(line for line in shown.splitlines() if line.startswith("certchain_open_connections "))
    assert float(connections.split()[1]) >= 1


# ------------------------------------------------------------------------------------------------------------- description


def test_the_description_is_openapi_3_1_and_names_every_operation(
    certificates: Certificates, lock: TlsIdentity
) -> None:
    app = party_app(answer, title="Test", enrol=lambda _: EnrolmentAnswer(b""))
    with running(app, tls=ServerTls(certificates.server())) as url:
        described = json.loads(ask(url, "/openapi.json", certificates, lock).body)
    assert described["openapi"].startswith("3.1.")
    assert set(described["paths"]) == {"/messages", "/enrolment", "/healthz", "/readyz", "/metrics"}
    messages = described["paths"]["/messages"]["post"]
    assert list(messages["requestBody"]["content"]) == ["application/cbor"]
    assert {"200", "400", "403", "408", "413", "429", "503"} <= set(messages["responses"])
    assert "422" not in json.dumps(described["paths"])
    assert messages["security"] == [{"certificate": []}]
    assert described["components"]["securitySchemes"]["certificate"]["type"] == "mutualTLS"
    assert "security" not in described["paths"]["/enrolment"]["post"]


def tls_connection(url: str, certificates: Certificates, who: TlsIdentity) -> ssl.SSLSocket:
    host, _, port = url.removeprefix("https://").partition(":")
    plain = socket.create_connection((host, int(port)), timeout=5)
    return client_context(certificates.ca.certificate, who).wrap_socket(plain, server_hostname=host)
