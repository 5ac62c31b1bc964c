"""What user device and IoT device decide in a session: C6 to C9, C14 and C15."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from certchain.encoding.digest import transcript_digest
from certchain.errors import (
    CertchainError,
    ChallengeRejected,
    CommandRefused,
    MethodTooWeak,
    OutcomeForged,
    RegistrationNotActive,
)
from certchain.models.application import RegistrationGrant
from certchain.models.certification import (
    CHALLENGE_LENGTH,
    SESSION_LENGTH,
    Certification,
    SessionOpened,
    SessionOutcome,
    Signed,
    Transcript,
)
from certchain.models.identifier import DeviceId, ServiceId, UserDeviceId, UserId, service_party
from certchain.models.registration import KeyRecord
from certchain.verification.statement import verify_statement

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class SessionParties:
    """Between whom a session is."""

    user: UserId
    user_device: UserDeviceId
    device: DeviceId
    server: ServiceId


def parties_of(opened: SessionOpened) -> SessionParties:
    """Between whom the server opened a session."""
    return SessionParties(opened.user, opened.user_device, opened.device, opened.server)


def build_transcript(network: bytes, opened: SessionOpened, challenge: bytes, binding: bytes) -> Transcript:
    """C8: the transcript of a session, as each of the three parties builds it for itself."""
    return Transcript(
        network=network,
        session=opened.session,
        challenge=challenge,
        user=opened.user,
        user_device=opened.user_device,
        device=opened.device,
        server=opened.server,
        registration=opened.registration,
        method=opened.method,
        expires_at=opened.expires_at,
        binding=binding,
    )


def verify_word(
    step: str, signed: Signed, model: type[Model], *, server: ServiceId, records: Sequence[KeyRecord], network: bytes
) -> Model:
    """C6, C14: returns what the certification server said. Raises ``OutcomeForged`` when it did not."""
    try:
        return verify_statement(signed, model, service_party(server), records, network)
    except CertchainError as problem:
        raise OutcomeForged(step, str(problem).rstrip(".")) from None


def verify_opened(opened: SessionOpened, parties: SessionParties) -> SessionOpened:
    """C6: returns the session that was opened between these parties. Raises ``OutcomeForged``."""
    if parties_of(opened) != parties or len(opened.session) != SESSION_LENGTH:
        raise OutcomeForged("C6", "the session was opened for others")
    return opened


def verify_offer(opened: SessionOpened, challenge: bytes, grant: RegistrationGrant) -> SessionOpened:
    """C8: returns the session that the user device's own grant is for.

    Raises ``RegistrationNotActive``, ``MethodTooWeak`` or ``ChallengeRejected``: the user device shows its A for nothing else.
    """
    if opened.registration != grant.registration:
        raise RegistrationNotActive("C8", "the session is for another registration than this user device has")
    if opened.method != grant.method:
        raise MethodTooWeak("C8", "the session is for another method than was agreed on")
    if len(challenge) != CHALLENGE_LENGTH:
        raise ChallengeRejected("C8", "it has another length")
    return opened


def verify_in_time(step: str, deadline: float, now: float) -> float:
    """C3, C9: returns the deadline while a challenge is in force, by the device's monotonic clock. Raises ``ChallengeRejected``."""
    if now >= deadline:
        raise ChallengeRejected(step, "it has expired")
    return deadline


def verify_answer(certification: Certification, session: Transcript) -> Certification:
    """C9: returns the certification that answers this session's challenge. Raises ``ChallengeRejected``."""
    if (certification.session, certification.challenge) != (session.session, session.challenge):
        raise ChallengeRejected("C9", "the certification is for another session or challenge")
    return certification


def verify_outcome(outcome: SessionOutcome, session: Transcript) -> SessionOutcome:
    """C14: returns the outcome of this session, over this transcript. Raises ``OutcomeForged``."""
    if outcome.session != session.session or outcome.transcript != transcript_digest(session):
        raise OutcomeForged("C14", "it is for another session")
    if outcome.control_lifetime < 0:
        raise OutcomeForged("C14", "its lifetime is negative")
    return outcome


def verify_control(session: bytes, named: bytes, deadline: float, now: float) -> bytes:
    """C15: returns the session that a command names when it is the one in control of this channel, in time. Raises ``CommandRefused``."""
    if named != session:
        raise CommandRefused("another session is in control of this channel")
    if now >= deadline:
        raise CommandRefused("the control keys have expired")
    return session


def verify_counter(counter: int, last: int) -> int:
    """C15: returns a counter that is higher than the last. Raises ``CommandRefused`` for a replayed one."""
    if counter <= last:
        raise CommandRefused("its counter was used before")
    return counter
