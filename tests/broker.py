"""A real MQTT broker for tests: mosquitto on 127.0.0.1, plain and with TLS, in a folder of the test's own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from certchain.ledger.node import free_port
from tests.certificates import Certificates

TOPIC = "alerts/home"


@dataclass(slots=True)
class Broker:
    """Where it listens: without TLS, and with it under its certificate."""

    port: int
    tls_port: int
    certificates: Certificates
    process: Any = None

    def address(self, *, tls: bool = False, topic: str = TOPIC) -> str:
        return f"mqtts://localhost:{self.tls_port}/{topic}" if tls else f"mqtt://127.0.0.1:{self.port}/{topic}"


@dataclass(slots=True)
class Display:
    """A subscriber of the broker, who has whatever comes."""

    messages: list[MQTTMessage] = field(default_factory=list)

    def wait(self, count: int, seconds: float = 10.0) -> list[MQTTMessage]:
        deadline = time.monotonic() + seconds
        while len(self.messages) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.messages


def require(program: str) -> str:
    """Where a program of mosquitto's is; a test is skipped without it, but never in CI."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"{program} is not installed; `make mosquitto` gets it")
    assert found, f"{program} is not installed"
    return found


@contextmanager
def broker(folder: Path, *, password: str = "", largest: int = 0, port: int = 0) -> Iterator[Broker]:
    """While within, a broker serves everyone; with a ``password`` only alice, and with ``largest`` no message that is longer."""
    program, running = require("mosquitto"), Broker(port or free_port(), free_port(), Certificates.make(folder))
    (folder / "mosquitto.conf").write_text(_configuration(running, folder, password, largest))
    with (folder / "mosquitto.log").open("wb") as log:
        running.process = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
    try:
        _await(running)
        yield running
    finally:
        running.process.terminate()
        running.process.wait()


@contextmanager
def display(running: Broker) -> Iterator[Display]:
    """While within, somebody is subscribed to the topic."""
    shown, subscribed = Display(), list[int]()
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_message = lambda _, __, message: shown.messages.append(message)
    client.on_subscribe = lambda *_: subscribed.append(1)
    client.connect("127.0.0.1", running.port)
    client.subscribe(TOPIC, qos=1)
    client.loop_start()
    while not subscribed:
        time.sleep(0.01)
    try:
        yield shown
    finally:
        client.disconnect()
        client.loop_stop()


def _configuration(running: Broker, folder: Path, password: str, largest: int) -> str:
    lines = [
        "per_listener_settings false",
        "persistence false",
        f"allow_anonymous {'false' if password else 'true'}",
        f"listener {running.port} 127.0.0.1",
        f"listener {running.tls_port} 127.0.0.1",
        f"certfile {running.certificates.certificate}",
        f"keyfile {running.certificates.key}",
    ]
    if os.geteuid() == 0:
        lines.append("user root")
    if largest:
        lines.append(f"max_packet_size {largest}")
    if password:
        passwords = folder / "passwords"
        passwords.write_text(f"alice:{password}\n")
        subprocess.run([require("mosquitto_passwd"), "-U", str(passwords)], check=True, capture_output=True)
        passwords.chmod(0o600)
        lines.append(f"password_file {passwords}")
    return "\n".join(lines) + "\n"


def _await(running: Broker) -> None:
    deadline = time.monotonic() + 10
    while not _answers(running.port):
        assert time.monotonic() < deadline, "the broker does not answer"
        assert running.process.poll() is None, "the broker has ended"
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
