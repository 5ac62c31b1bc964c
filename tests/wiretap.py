"""Someone on the way: sees what passes between two parties, and may change it; and a lock whose owner has turned against its users."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from certchain.channel import Channel, Connection, Handler, MemoryChannel
from certchain.encoding.digest import certification_hash, transcript
from certchain.encoding.message import from_cbor
from certchain.keys import KeyPair
from certchain.models.application import RegistrationHash
from certchain.models.certification import (
    Certification,
    CertificationForward,
    CertificationRequest,
    IntegrityEvidence,
    SessionOpened,
    Signed,
    Transcript,
    UserDeviceStatement,
)
from certchain.models.identifier import Party, user_device_party
from certchain.roles.user_device.equipment import KeptRegistration, registration_file
from certchain.storage.kept import kept
from certchain.verification.session import build_transcript
from certchain.verification.statement import Identity
from tests.household import Household, Lock, Phone


@dataclass(slots=True)
class Wiretap:
    """A handler in front of another: it keeps what passes, and ``change`` and ``answer`` may put something else in its place."""

    handler: Handler
    asker: Party
    answerer: Party
    change: Callable[[Any], Any] = lambda message: message
    answer: Callable[[Any], Any] = lambda answer: answer
    asked: list[Any] = field(default_factory=list)
    answered: list[Any] = field(default_factory=list)

    def __call__(self, connection: Connection, message: Any) -> Any:
        self.asked.append(message)
        answer = self.handler(connection, self.change(message))
        self.answered.append(answer)
        return self.answer(answer)

    def channel(self) -> MemoryChannel:
        return MemoryChannel(self, asker=self.asker, answerer=self.answerer)

    def of(self, kind: type) -> list[Any]:
        """What was asked of this kind: bare, or signed."""
        name = kind.__name__
        return [message for message in self.asked if isinstance(message, kind) or getattr(message, "kind", "") == name]


def tap_server(lock: Lock) -> Wiretap:
    """On the way from the lock to its certification server."""
    tap = Wiretap(lock.server.answer, lock.identity.party, lock.server.identity.party)
    lock.to_server = tap.channel()
    lock.restart()
    return tap


def tap_lock(lock: Lock) -> Wiretap:
    """On the way from a phone to the lock."""
    return Wiretap(lock.answer, lock.asker, lock.identity.party)


@dataclass(slots=True)
class TurnedLock:
    """Whoever has the lock's keys, and speaks to the certification server as it likes."""

    home: Household
    challenge: bytes = b"\x11" * 32
    binding: bytes = b"\x22" * 32

    def statement(self, identity: Identity, **changes: Any) -> Signed:
        """A user device's statement as its own software would make it, but for the changes."""
        home, phone = self.home, self.home.phone
        evidence: IntegrityEvidence = phone.role._claimant.equipment.app.evidence(self.challenge)
        fields: dict[str, Any] = {
            "user": home.alice,
            "user_device": phone.id,
            "device": home.lock.id,
            "server": home.server.id,
            "information": phone.information,
            "evidence": evidence,
            "binding": self.binding,
        }
        return identity.sign(UserDeviceStatement(**fields | changes))

    def request(self, statement: Signed, **changes: Any) -> Signed:
        home = self.home
        fields: dict[str, Any] = {
            "device": home.lock.id,
            "server": home.server.id,
            "information": home.lock.information,
            "user": home.alice,
            "user_device": home.phone.id,
            "challenge": self.challenge,
            "binding": self.binding,
            "statement": statement,
        }
        return home.lock.identity.sign(CertificationRequest(**fields | changes))

    def ask(self, message: Signed, channel: Channel | None = None) -> Signed:
        return (channel or self.home.server.channel(message.signer)).request(message, Signed)

    def open(self, statement: Signed, **changes: Any) -> SessionOpened:
        return from_cbor(SessionOpened, self.ask(self.request(statement, **changes)).body)

    def transcript(self, opened: SessionOpened) -> Transcript:
        return build_transcript(self.home.lock.ledger.network, opened, self.challenge, self.binding)

    def forward(self, certification: Certification, **changes: Any) -> Signed:
        fields: dict[str, Any] = {
            "device": self.home.lock.id,
            "server": self.home.server.id,
            "challenge": self.challenge,
            "binding": self.binding,
            "certification": certification,
        }
        return self.home.lock.identity.sign(CertificationForward(**fields | changes))


def certification(session: Transcript, rebuilt: RegistrationHash, keys: KeyPair) -> Certification:
    """C8, by whoever has R and some keys."""
    return Certification(
        session.session,
        session.challenge,
        certification_hash(rebuilt, session),
        keys.sign(transcript(session)),
        keys.public,
    )


def rebuilt(phone: Phone, home: Household, secret: str) -> RegistrationHash:
    """R, as the phone computes it."""
    registration = kept(phone.store, registration_file(home.lock.id), KeptRegistration)
    return phone.role._claimant.equipment.rebuild(registration.grant, registration.derivation.derive(secret))


def impersonation(phone: Phone, keys: KeyPair) -> Identity:
    """Someone who says that they are the phone, with keys of their own."""
    return Identity(phone.identity.network, user_device_party(phone.id), keys)
