"""What the certification server decides in a session: C5, C10, C11 and C12."""

import hmac
from collections.abc import Sequence
from typing import TypeVar

from certchain.encoding.digest import certification_hash, key_thumbprint, transcript
from certchain.errors import (
    CertificationHashWrong,
    ChallengeRejected,
    DatabaseChanged,
    InformationChanged,
    IntegrityFailed,
    KeyNotInForce,
    MethodTooWeak,
    RegistrationNotActive,
    SessionUnknown,
)
from certchain.keys import verify_signature
from certchain.models.app import AppRecord
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.certification import (
    CHALLENGE_LENGTH,
    Certification,
    CertificationForward,
    CertificationRequest,
    IntegrityEvidence,
    SessionOpened,
    Transcript,
    UserDeviceStatement,
)
from certchain.models.identifier import UserId, user_device_party
from certchain.models.registration import KeyRecord, PublicKeys, Registration, RegistrationStatus
from certchain.verification.registration import OnRecord, is_committed_to

Session = TypeVar("Session")


def verify_claims(request: CertificationRequest, statement: UserDeviceStatement) -> UserDeviceStatement:
    """C5: returns the statement that was made to this device, on this channel, by whom the device let log in.

    Raises ``InformationChanged`` or ``ChallengeRejected``.
    """
    asked = (request.user, request.user_device, request.device, request.server)
    if (statement.user, statement.user_device, statement.device, statement.server) != asked:
        raise InformationChanged("C5", "device and user device name different parties")
    if statement.binding != request.binding:
        raise ChallengeRejected("C5", "the statement was made on another channel")
    if statement.evidence.challenge != request.challenge or len(request.challenge) != CHALLENGE_LENGTH:
        raise ChallengeRejected("C5", "the evidence answers another challenge")
    return statement


def verify_information(
    request: CertificationRequest, keys: PublicKeys, statement: UserDeviceStatement, shown: PublicKeys, record: OnRecord
) -> OnRecord:
    """C5: returns the management database's record, which both describe alike. Raises ``InformationChanged``.

    ``keys`` are those that the device signed with, ``shown`` those of the user device.
    """
    if request.information != record.device:
        raise InformationChanged("C5", "the device describes itself otherwise")
    if keys != record.device_keys:
        raise InformationChanged("C5", "the device has other keys")
    if statement.information != record.user_device:
        raise InformationChanged("C5", "the user device describes itself otherwise")
    if shown != record.user_device_keys:
        raise InformationChanged("C5", "the user device has other keys")
    return record


def verify_evidence(evidence: IntegrityEvidence, app: AppRecord) -> IntegrityEvidence:
    """C5: returns the evidence of an app whose files are those that its vendor released. Raises ``IntegrityFailed``."""
    if app.digest != evidence.manifest_digest:
        raise IntegrityFailed("C5", f"the files of {f'{evidence.app} {evidence.version}'!r} were changed")
    return evidence


def verify_present(latest: Registration | None) -> Registration:
    """C6: returns the pair's latest registration. Raises ``RegistrationNotActive``."""
    if latest is None:
        raise RegistrationNotActive("C6", "there is none for this user device and device")
    return latest


def verify_session(session: Session | None) -> Session:
    """C10: returns the session that is open for the device. Raises ``SessionUnknown``, for another device's session too."""
    if session is None:
        raise SessionUnknown("C10", "it was never opened, has ended, or is another device's")
    return session


def verify_challenge(forward: CertificationForward, binding: bytes) -> CertificationForward:
    """C10: returns what was forwarded on the channel on which the session was opened, for the device's challenge.

    Raises ``ChallengeRejected``.
    """
    if forward.binding != binding:
        raise ChallengeRejected("C10", "the session was opened on another channel")
    if forward.certification.challenge != forward.challenge or len(forward.challenge) != CHALLENGE_LENGTH:
        raise ChallengeRejected("C10", "the certification answers another challenge")
    return forward


def verify_registration(
    opened: SessionOpened,
    latest: Registration | None,
    user_device_records: Sequence[KeyRecord],
    device_records: Sequence[KeyRecord],
) -> Registration:
    """C11: returns the registration of the session, if it is in force, and so are the keys it was made with.

    Raises ``RegistrationNotActive``, or ``MethodTooWeak`` for a session by another method than the registration's.
    """
    if latest is None or latest.id != opened.registration:
        raise RegistrationNotActive("C11", "it is missing or superseded")
    if latest.status is not RegistrationStatus.ACTIVE:
        raise RegistrationNotActive("C11", f"it is {latest.status.name.lower()}")
    if user_device_records[-1].thumbprint != latest.key_thumbprint:
        raise RegistrationNotActive("C11", "the user device has had other keys since")
    if device_records[-1].since > latest.registered_at:
        raise RegistrationNotActive("C11", "the device has had other keys since")
    if latest.method != opened.method:
        raise MethodTooWeak("C11", "the session was opened by another method")
    return latest


def verify_rebuilt(rebuilt: RegistrationHash, registration: Registration) -> RegistrationHash:
    """C12: returns the R that the chain's commitment is to. Raises ``DatabaseChanged``."""
    if not is_committed_to(registration, rebuilt):
        raise DatabaseChanged("C12", "R has another commitment there")
    return rebuilt


def verify_owner(key_data: KeyData, user: UserId) -> KeyData:
    """C12: returns the key data of this user's registration. Raises ``InformationChanged``: a method may do without a second factor."""
    if key_data.user != user:
        raise InformationChanged("C12", "the registration is another user's")
    return key_data


def verify_certification(
    certification: Certification, session: Transcript, rebuilt: RegistrationHash, registration: Registration
) -> Transcript:
    """C12: returns the transcript that A and the user device's signature are good for.

    Raises ``CertificationHashWrong``, ``KeyNotInForce`` or ``SignatureInvalid``. A is compared in constant time.
    """
    expected = certification_hash(rebuilt, session)
    if not hmac.compare_digest(expected.value, certification.certification_hash.value):
        raise CertificationHashWrong("C12", "it was not made with R over this transcript")
    signer = str(user_device_party(session.user_device))
    if key_thumbprint(certification.keys) != registration.key_thumbprint:
        raise KeyNotInForce(signer)
    verify_signature(certification.keys.signing, transcript(session), certification.signature, signer)
    return session
