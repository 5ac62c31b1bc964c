"""A notification as a message of MQTT 5, published once the broker has taken it (QoS 1). A connection for each: alerts are rare."""

import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from certchain.channel.webhook import client_context
from certchain.errors import ConfigurationInvalid, MalformedValue, PeerUnavailable

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_TURN = 0.1
_UTF_8 = 1
_LONGEST_TOPIC = 1000


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a message is published: ``url`` names the broker without the topic."""

    host: str
    port: int
    topic: str
    tls: bool

    @property
    def url(self) -> str:
        """The broker, for messages about it."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"


@dataclass(slots=True)
class _Answers:
    """What the broker has said so far."""

    connected: ReasonCode | None = None
    published: ReasonCode | None = None
    secured: list[ssl.SSLSocket] = field(default_factory=list)


def parse_broker(address: str) -> Broker:
    """Reads ``mqtt[s]://broker[:port]/topic``. Raises ``MalformedValue``."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise MalformedValue("address", "it is not mqtt[s]://broker[:port]/topic") from None
    topic = unquote(parts.path.removeprefix("/"))
    if not host or not 0 < len(topic) <= _LONGEST_TOPIC or set(topic) & set("+#\0"):
        raise MalformedValue("address", "it is not mqtt[s]://broker[:port]/topic, with a topic to publish to")
    return Broker(host, port, topic, parts.scheme == "mqtts")


def publish(
    address: str,
    payload: bytes,
    said: Mapping[str, str],
    *,
    expiry: int,
    authority: str,
    credentials: str,
    timeout: float,
) -> None:
    """Publishes a JSON payload, with what is ``said`` as user properties; the broker may forget it after ``expiry`` seconds.

    ``authority`` is as for ``client_context``, ``credentials`` as in ``Subscriber``; all of it takes ``timeout`` seconds at most, and a
    connection as long again. Raises ``PeerUnavailable``, ``ConfigurationInvalid``, ``MalformedValue``.
    """
    broker, answers = parse_broker(address), _Answers()
    client = _client(broker, answers, authority, credentials, timeout)
    try:
        client.connect(broker.host, broker.port, keepalive=max(int(timeout), 1))
        deadline = time.monotonic() + timeout
        _require(broker, "connection", _until(broker, client, lambda: answers.connected, deadline))
        client.publish(broker.topic, payload, qos=1, properties=_properties(said, expiry))
        _require(broker, "message", _until(broker, client, lambda: answers.published, deadline))
        client.disconnect()
    except (
        OSError,
        ValueError,
    ) as problem:  # ssl's errors are of the first kind; the second is paho's word on a payload
        raise PeerUnavailable(broker.url, type(problem).__name__) from problem
    finally:
        _close(client, answers)


def _client(broker: Broker, answers: _Answers, authority: str, credentials: str, timeout: float) -> Client:
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, reconnect_on_failure=False)
    client.connect_timeout = timeout
    if broker.tls:
        client.tls_set_context(_context(authority, answers.secured))
    if credentials:
        client.username_pw_set(*_credentials(credentials))

    def connected(_: Client, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        answers.connected = reason

    def published(_: Client, __: Any, ___: int, reason: ReasonCode, ____: Any) -> None:
        answers.published = reason

    client.on_connect, client.on_publish = connected, published
    return client


def _credentials(file: str) -> tuple[str, str]:
    try:
        user, colon, password = Path(file).read_text(encoding="utf-8").strip().partition(":")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigurationInvalid(file, "it cannot be read") from problem
    if not user or not colon:
        raise ConfigurationInvalid(file, "it is not user:password")
    return user, password


def _properties(said: Mapping[str, str], expiry: int) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = list(said.items())
    properties.MessageExpiryInterval = expiry
    properties.ContentType = "application/json"
    properties.PayloadFormatIndicator = _UTF_8
    return properties


def _until(broker: Broker, client: Client, answer: Callable[[], ReasonCode | None], deadline: float) -> ReasonCode:
    """Serves the connection until the broker has answered. Raises ``PeerUnavailable``."""
    while (found := answer()) is None:
        if time.monotonic() > deadline:
            raise PeerUnavailable(broker.url, "it does not answer in time")
        served = client.loop(_TURN)
        if served != MQTTErrorCode.MQTT_ERR_SUCCESS and answer() is None:
            raise PeerUnavailable(broker.url, "it closed the connection")
    return found


def _require(broker: Broker, what: str, reason: ReasonCode) -> None:
    if reason.is_failure:
        raise PeerUnavailable(broker.url, f"it refused the {what}: {reason}")


def _context(authority: str, secured: list[ssl.SSLSocket]) -> ssl.SSLContext:
    """The library lets go of a connection whose handshake fails without closing it: here each is kept, to be closed."""

    class Kept(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            secured.append(self)
            super().do_handshake(block)

    context = client_context(authority)
    context.sslsocket_class = Kept
    return context


def _close(client: Client, answers: _Answers) -> None:
    """Whatever state it is in."""
    opened = client.socket()
    with suppress(OSError):
        for connection in (*answers.secured, *(() if opened is None else (opened,))):
            connection.close()
