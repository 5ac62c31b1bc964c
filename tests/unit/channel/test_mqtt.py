"""MQTT 5: a message counts as published once a real broker has taken it; whatever else happens is an error that says what."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from certchain.channel.mqtt import Broker as Address
from certchain.channel.mqtt import parse_broker, publish
from certchain.errors import CertchainError, ConfigurationInvalid, MalformedValue, PeerUnavailable
from tests.broker import broker, display
from tests.certificates import Certificates

SAID = {"rule": "failure-burst", "digest": "sha-256:aa"}


def send(address: str, payload: bytes = b"{}", **given: Any) -> None:
    publish(address, payload, SAID, **{"expiry": 60, "authority": "", "credentials": "", "timeout": 3.0} | given)


def test_a_message_reaches_who_is_subscribed_with_what_it_is_about(tmp_path: Path) -> None:
    with broker(tmp_path) as running, display(running) as shown:
        send(running.address(), b'{"a": 1}')
        (message,) = shown.wait(1)
    properties = message.properties
    assert (message.payload, message.qos, message.topic) == (b'{"a": 1}', 1, "alerts/home")
    assert dict(properties.UserProperty) == SAID
    assert properties.ContentType == "application/json"
    assert 0 < properties.MessageExpiryInterval <= 60


def test_with_tls_the_broker_has_to_be_who_its_address_says(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with broker(tmp_path) as running, display(running) as shown:
        send(running.address(tls=True), authority=str(running.certificates.authority))
        assert len(shown.wait(1)) == 1
        with pytest.raises(PeerUnavailable, match="SSLCertVerificationError"):
            send(running.address(tls=True))  # the system's authorities do not know it
        with pytest.raises(PeerUnavailable, match="SSLCertVerificationError"):
            send(running.address(tls=True), authority=str(Certificates.make(other).authority))
        with pytest.raises(PeerUnavailable):
            send(f"mqtts://127.0.0.1:{running.port}/a", authority=str(running.certificates.authority))
        with pytest.raises(ConfigurationInvalid):
            send(running.address(tls=True), authority=str(tmp_path / "none.pem"))
        assert len(shown.messages) == 1


def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    made = Certificates.make(tmp_path, "broker.example")
    with silent(made) as port, pytest.raises(PeerUnavailable, match="SSLCertVerificationError"):
        send(f"mqtts://localhost:{port}/a", authority=str(made.authority))


@contextmanager
def silent(certificates: Certificates) -> Iterator[int]:
    """A server under a certificate, which says nothing; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                certificates.context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield int(server.getsockname()[1])
        thread.join()


def test_a_broker_that_asks_for_a_password_gets_it_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "credentials"
    with broker(tmp_path, password="rose") as running:
        secret.write_text("alice:rose\n")
        send(running.address(), credentials=str(secret))
        secret.write_text("alice:tulip\n")
        with pytest.raises(PeerUnavailable, match="refused the connection"):
            send(running.address(), credentials=str(secret))
        with pytest.raises(PeerUnavailable, match="refused the connection"):
            send(running.address())
        for content in (b"alice\n", b"\xff"):
            secret.write_bytes(content)
            with pytest.raises(ConfigurationInvalid):
                send(running.address(), credentials=str(secret))
        with pytest.raises(ConfigurationInvalid):
            send(running.address(), credentials=str(tmp_path / "none"))


def test_a_message_that_the_broker_does_not_take_is_not_published(tmp_path: Path) -> None:
    with broker(tmp_path, largest=1000) as running:
        send(running.address(), bytes(500))
        with pytest.raises(PeerUnavailable):
            send(running.address(), bytes(5000))


def test_a_broker_that_is_away_is_slow_or_talks_nonsense_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PeerUnavailable, match="in time"):
            send(f"mqtt://127.0.0.1:{port}/a", timeout=0.3)
        thread = threading.Thread(target=_nonsense, args=(server,))
        thread.start()
        with pytest.raises(CertchainError):
            send(f"mqtt://127.0.0.1:{port}/a", timeout=1.0)
        thread.join()
    with pytest.raises(PeerUnavailable):
        send(f"mqtt://127.0.0.1:{port}/a", timeout=0.3)


def _nonsense(server: socket.socket) -> None:
    server.accept()[0].close()  # the connection of the slow one
    connection, _ = server.accept()
    with connection:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mqtt://broker.example/a", Address("broker.example", 1883, "a", False)),
        ("mqtts://broker.example/a/b%20c", Address("broker.example", 8883, "a/b c", True)),
        ("mqtts://broker.example:99/a", Address("broker.example", 99, "a", True)),
    ],
)
def test_an_address_names_broker_and_topic(address: str, expected: Address) -> None:
    assert parse_broker(address) == expected
    assert parse_broker(address).url.startswith(address.partition(":")[0])


@pytest.mark.parametrize(
    "address",
    ["mqtt://broker", "mqtt:///a", "mqtt://b:x/a", "mqtt://b:99999/a", "mqtt://b/a/%23", "mqtt://b/+", "http://b/a"],
)
def test_what_names_no_topic_to_publish_to_is_refused(address: str) -> None:
    with pytest.raises(MalformedValue):
        parse_broker(address)
