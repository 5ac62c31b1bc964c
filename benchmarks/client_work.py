"""What a user device computes: seconds of processor of its own thread, while whoever it talks with works in another."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aiocoap import CHANGED, POST, Message
from aiocoap.message import Direction
from centre import SECRET, Centre

from certchain.channel import MemoryChannel
from certchain.channel.answering import answered
from certchain.channel.coap.context import OscoreContext
from certchain.channel.coap.site import MESSAGES_PATH
from certchain.channel.envelope import decode_answer, encode_message
from certchain.keys import RFC_9106_SECOND, Argon2Cost, ControlKeys, KeyPair, SecretKeys
from certchain.keys.control import CONTROL_LENGTH
from certchain.models.certification import Command, CommandResult, DeviceInformation, UserDeviceInformation
from certchain.models.identifier import device_party, user_device_party
from certchain.roles.certification_server import CertificationServer
from certchain.roles.iot_device import IotDevice
from certchain.roles.user_device import UserDevice
from certchain.storage import MemoryFileStore
from certchain.verification.statement import Identity

if TYPE_CHECKING:
    from certchain.ledger import Ledger

Answer = TypeVar("Answer")
COMMAND, RESULT = b"unlock the front door", b"unlocked"
_CHEAPEST = Argon2Cost(iterations=1, memory=8, lanes=1)


@dataclass(frozen=True, slots=True)
class Work:
    """Seconds of each repetition. ``reading`` is what asking the chain costs in a session; ``argon2`` stretching a secret once."""

    registration: Sequence[float]
    certification: Sequence[float]
    reading: tuple[Sequence[float], Sequence[float]]
    sealed: Sequence[float]
    protected: Sequence[float]
    argon2: Sequence[float]


@dataclass(slots=True)
class Waited:
    """Seconds of processor that went into starting and ending the other end's threads: a measurement's own."""

    taken: float = 0.0


WAITED = Waited()


class ElsewhereChannel(MemoryChannel):
    """A channel whose other end works in a thread of its own; envelopes are made and read at this end as on any channel."""

    def request(self, message: object, answer: type[Answer]) -> Answer:
        """See ``ServiceChannel.request``."""
        data = encode_message(message)
        answers: list[bytes] = []
        began = time.thread_time()
        other = Thread(target=lambda: answers.append(answered(self._handler, self._other_end, data)))
        other.start()
        other.join()
        WAITED.taken += time.thread_time() - began
        reply = answers[0]
        return decode_answer(reply, answer)


@dataclass(slots=True)
class Watch:
    """Collects how long this thread computed, and how much of it in ``reads``, which it does not count to the rest."""

    taken: list[float] = field(default_factory=list)
    reading: list[float] = field(default_factory=list)

    @contextmanager
    def running(self, reads: "Reads | None" = None) -> Iterator[None]:
        """One repetition."""
        before, waited, began = reads.taken if reads else 0.0, WAITED.taken, time.thread_time()
        yield
        whole, reading = time.thread_time() - began, (reads.taken if reads else 0.0) - before
        self.taken.append(whole - reading - (WAITED.taken - waited))
        self.reading.append(reading)


class Reads:
    """A part of a ledger, which counts what its reader's thread computes for its questions."""

    def __init__(self, part: Any) -> None:
        self._part, self.taken = part, 0.0

    def __getattr__(self, name: str) -> Any:
        ask = getattr(self._part, name)

        def asked(*arguments: object) -> Any:
            began = time.thread_time()
            try:
                return ask(*arguments)
            finally:
                self.taken += time.thread_time() - began

        return asked


@dataclass(frozen=True, slots=True)
class ReadLedger:
    """A ledger as a user device reads it."""

    registrations: Reads


def work(centre: Centre, repetitions: int) -> Work:
    """Each kind of work, so many times. The secret's stretching is made as cheap as it goes, and measured by itself."""
    registering, certifying = Watch(), Watch()
    with centre.opened() as (server, _):
        for number in range(repetitions):
            role, channel, register, reads = _newcomer(centre, server, f"measured {number}")
            with registering.running(reads):
                register()
            with certifying.running(reads):
                role.certify(channel, device_of(channel), SECRET)
    return Work(
        registering.taken,
        certifying.taken,
        (registering.reading, certifying.reading),
        *_messages(repetitions * 10),
        [_stretched() for _ in range(min(repetitions, 10))],
    )


def device_of(channel: MemoryChannel) -> Any:
    """The number of the device at the other end."""
    return channel.peer.number


def _newcomer(
    centre: Centre, server: CertificationServer, name: str
) -> tuple[UserDevice, ElsewhereChannel, Callable[[], object], Reads]:
    """A user device that may register for a new IoT device: its role, its channel to that device, and what registers it there."""
    keys, device_keys, network = KeyPair.generate(), KeyPair.generate(), centre.identity.network
    information = UserDeviceInformation("Pixel 9", "Android", name)
    user = server.enrolment.enrol_user(name)
    user_device = server.enrolment.enrol_user_device(information, keys.public)
    device = server.enrolment.enrol_device("Acme", "bolt", name, device_keys.public)
    server.registrar.permit(user, user_device, device)
    identity = Identity(network, user_device_party(user_device), keys)
    given = centre.user_device_equipment(identity, information, _CHEAPEST)
    reads = Reads(given.ledger.registrations)
    role = UserDevice(
        identity=identity,
        information=information,
        ledger=cast("Ledger", ReadLedger(reads)),
        store=given.store,
        server=given.server,
        server_keys=given.server_keys,
        app=centre.app,
        cost=_CHEAPEST,
    )
    party = device_party(device)
    lock = IotDevice(
        identity=Identity(network, party, device_keys),
        information=DeviceInformation(device, "Acme", "bolt", name),
        ledger=given.ledger,
        store=MemoryFileStore(),
        server=MemoryChannel(server.answer, asker=party, answerer=centre.identity.party),
        certification_server=given.server,
        execute=lambda _: RESULT,
    )
    channel = ElsewhereChannel(lock.answer, asker=identity.party, answerer=party)
    return role, channel, lambda: role.register(channel, user, device, centre.method, SECRET), reads


def _messages(repetitions: int) -> tuple[list[float], list[float]]:
    """Sealing a command and opening its answer; and the same with an envelope and OSCORE around each."""
    keys = ControlKeys.divide(bytes(16), bytes(range(CONTROL_LENGTH)))
    here, there = (OscoreContext(bytes(32), *ids) for ids in ((b"\x00", b"\x01"), (b"\x01", b"\x00")))
    sealed, protected = Watch(), Watch()
    for counter in range(1, repetitions + 1):
        result = keys.seal_result(counter, RESULT)
        with sealed.running():
            keys.seal_command(counter, COMMAND)
            keys.open_result(result)
        _protected(keys, counter, here, there, protected)
    return sealed.taken, protected.taken


def _protected(keys: ControlKeys, counter: int, here: OscoreContext, there: OscoreContext, watch: Watch) -> None:
    """One command and its result. Only what this end does is counted; CoAP's own retransmission is no computing."""
    began = time.thread_time()
    command = Message(code=POST, payload=encode_message(keys.seal_command(counter, COMMAND)), uri_path=MESSAGES_PATH)
    command.direction = Direction.OUTGOING
    outer, asked = here.protect(command, None)
    datagram = _crossed(outer)
    first = time.thread_time() - began
    inner, asking = there.unprotect(_arrived(datagram))
    decode_answer(inner.payload, Command)
    answer = Message(code=CHANGED, payload=encode_message(keys.seal_result(counter, RESULT)))
    answer.direction = Direction.OUTGOING
    back, _ = there.protect(answer, asking)
    datagram = _crossed(back)
    began = time.thread_time()
    opened, _ = here.unprotect(_arrived(datagram), asked)
    if keys.open_result(decode_answer(opened.payload, CommandResult)) != RESULT:
        raise SystemExit("another result came back")
    watch.taken.append(first + time.thread_time() - began)


def _crossed(message: Message) -> bytes:
    message.mid, message.mtype = 1, 0
    return bytes(message.encode())


def _arrived(datagram: bytes) -> Message:
    message = Message.decode(datagram)
    message.direction = Direction.INCOMING
    return message


def _stretched() -> float:
    """Argon2id in its own lanes' threads: what passes on the clock, and not this thread's share."""
    began = time.perf_counter()
    SecretKeys.derive(SECRET, bytes(16), RFC_9106_SECOND)
    return time.perf_counter() - began
