"""A log that is watched: a logbook whose entries a recogniser follows, and receivers that are told of alerts."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from certchain.keys import KeyPair
from certchain.models.alert import KeptAlert
from certchain.models.entry import LoginEntry, LoginOutcome
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId, device_party
from certchain.models.notification import Subscriber
from certchain.roles.recogniser import DeliveryPolicy, Equipment, Recogniser
from certchain.storage import MemoryNotificationStore
from certchain.verification.alert import document_bytes
from certchain.verification.recognition import RecognitionPolicy, Threshold
from certchain.verification.statement import Identity
from certchain.verification.webhook import VerifiedWebhook, verify_webhook
from tests.faults import Fuse, Fused
from tests.logbook import Logbook

RULES = RecognitionPolicy(user_failures=Threshold(3, 60), device_failures=Threshold(9, 60))


def refused(
    reason: str = "LoginRefused", step: str = "C2", user: int = 1, device: int = 1, registered: int | None = None
) -> LoginEntry:
    """A login that was refused."""
    known = None if registered is None else RegistrationId(registered)
    return LoginEntry(LoginOutcome.REFUSED, step, reason, None, UserId(user), UserDeviceId(2), DeviceId(device), known)


def certified(device: int = 1) -> LoginEntry:
    parties = UserId(1), UserDeviceId(2), DeviceId(device), RegistrationId(1)
    return LoginEntry(LoginOutcome.CERTIFIED, "C13", "", bytes(16), *parties)


@dataclass(slots=True)
class Watch:
    """``restart`` begins from what is durable; the fuse is in the notification store and before the chain's alerts."""

    book: Logbook = field(default_factory=Logbook)
    store: Any = field(default_factory=MemoryNotificationStore)
    delivery: DeliveryPolicy = field(default_factory=lambda: DeliveryPolicy(timeout=1.0, attempts=3))
    receipts: list[Any] = field(default_factory=list)
    fuse: Fuse = field(default_factory=Fuse)
    lock: Identity = field(init=False)
    recogniser: Recogniser = field(init=False)

    def __post_init__(self) -> None:
        keys = KeyPair.generate()
        device = self.ledger.registrations.enrol_device(keys.public)
        self.lock = Identity(self.ledger.network, device_party(device), keys)
        self.restart()

    @property
    def ledger(self) -> Any:
        return self.book.accounts("certification server")

    def restart(self) -> None:
        fuse = self.fuse
        equipment = Equipment(
            identity=self.book.server,
            ledger=_Chain(self.ledger, Fused(self.ledger.alerts, fuse, ("raise_alert",))),
            log=self.book.engine,
            store=Fused(self.store, fuse, ("keep_recognised", "keep_raised", "keep_delivery")),
            clock=self.book.clock,
            receipts=lambda: tuple(self.receipts),
            recognition=RULES,
            delivery=self.delivery,
        )
        self.recogniser = Recogniser(equipment)

    def record(self, *entries: LoginEntry) -> None:
        for entry in entries:
            self.book.engine.writer.record(entry)

    def publish(self, *entries: LoginEntry) -> None:
        self.record(*entries)
        self.book.engine.publication.publish()

    def turn(self, *entries: LoginEntry) -> int:
        """These entries are logged and published, and the recogniser takes its turn."""
        self.publish(*entries)
        return self.recogniser.turn()

    def alerts(self) -> tuple[KeptAlert, ...]:
        """The alerts, the oldest first."""
        return tuple(reversed(self.store.alerts(1000)))

    def document(self, *, withheld: bool = False) -> bytes:
        """The document of the first alert."""
        return document_bytes(self.recogniser.document(self.alerts()[0].digest, withheld=withheld))


@dataclass(frozen=True, slots=True)
class _Chain:
    """A ledger whose alerts are fused."""

    ledger: Any
    alerts: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as a receiver got it."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """A webhook's receiver: gives the answers that a test lays out, and 204 after them; ``pause`` is before each."""

    keys: Any = None
    answers: list[int] = field(default_factory=list)
    pause: float = 0.0
    posted: list[Posted] = field(default_factory=list)
    address: str = ""

    def subscriber(self, name: str = "office", **given: Any) -> Subscriber:
        return Subscriber(name, f"{self.address}/hook?key=1", **given)

    def verified(self, posted: Posted, now: int, **changed: Any) -> VerifiedWebhook:
        """What the receiver makes of a request."""
        given: dict[str, Any] = {
            "method": "POST",
            "address": f"{self.address}{posted.path}",
            "headers": posted.headers,
            "body": posted.body,
            "keys": self.keys,
            "now": now,
        }
        return verify_webhook(**given | changed)


@contextmanager
def receiving(receiver: Receiver, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """While within, the receiver answers on 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(receiver.pause)
            receiver.posted.append(Posted(self.path, dict(self.headers.items()), body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            self.send_header("Location", f"{receiver.address}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # who hangs up is no trouble of the test's
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver.address = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def subscribed(watch: Watch, *receivers: Receiver, **given: Any) -> None:
    for place, receiver in enumerate(receivers):
        receiver.keys = watch.book.server.keys.public
        watch.store.put_subscriber(receiver.subscriber(f"office-{place}", **given))


def without_number(alerts: tuple[KeptAlert, ...]) -> list[KeptAlert]:
    return [replace(alert, number=None) for alert in alerts]
