"""A session at the certification server: C5, C6 and C10 to C13."""

import logging
import secrets
from dataclasses import dataclass, field

from certchain.encoding.digest import transcript_digest
from certchain.errors import (
    ChallengeRejected,
    DatabaseChanged,
    MalformedValue,
    RegistrationNotActive,
    SessionUnknown,
    UnknownRecord,
)
from certchain.models.application import RegistrationHash
from certchain.models.certification import (
    CHALLENGE_LENGTH,
    SESSION_LENGTH,
    CertificationForward,
    CertificationRequest,
    SessionOpened,
    SessionOutcome,
    Signed,
    Transcript,
    UserDeviceStatement,
)
from certchain.models.identifier import device_party, user_device_party
from certchain.models.registration import Factor, Registration
from certchain.roles.certification_server.apps import Apps
from certchain.roles.certification_server.equipment import Equipment
from certchain.roles.certification_server.login_record import LoginRecord
from certchain.roles.certification_server.open_session import OpenSession, OpenSessions
from certchain.roles.certification_server.parties import LoginParties, parties_of
from certchain.roles.certification_server.remembered import Remembered
from certchain.verification.certification import (
    verify_certification,
    verify_challenge,
    verify_claims,
    verify_information,
    verify_owner,
    verify_present,
    verify_rebuilt,
    verify_registration,
    verify_session,
)
from certchain.verification.policy import verify_strength
from certchain.verification.registration import OnRecord, combine
from certchain.verification.session import build_transcript

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Certifier:
    """Opens sessions and certifies them. What reaches it is authentic already: signed by a device's keys in force, for this server."""

    equipment: Equipment
    record: LoginRecord
    sessions: OpenSessions
    apps: Apps
    _requested: Remembered = field(default_factory=Remembered)
    _not_open: Remembered = field(default_factory=Remembered)

    def open(self, request: CertificationRequest, signed: Signed) -> Signed:
        """C5 and C6: compares, and opens a session; returns a signed ``SessionOpened``. Every refusal is logged, then raised.

        A request whose challenge the device has used before is a repetition, by whomever: it is refused and leaves no entry.
        """
        self._require_new(request)
        parties = LoginParties(request.device, request.user, request.user_device)
        with self.record.refusals("C5", parties):
            self.record.lockout.require_unlocked(parties)
            self._compare(request, signed)
        with self.record.refusals("C6", parties):
            return self._open(request)

    def certify(self, forward: CertificationForward) -> Signed:
        """C10 to C13: decides, and writes the outcome; returns a signed ``SessionOutcome``. Every refusal is logged, then raised.

        A certification for the same session that is not open is logged once, however often it comes.
        """
        session = self._take(forward)
        opened, parties = session.opened, parties_of(session.opened)
        with self.record.refusals("C10", parties):
            verify_challenge(forward, session.binding)
        with self.record.refusals("C11", parties):
            registration, order = self._registered(opened)
        with self.record.refusals("C12", parties):
            network = self.equipment.identity.network
            transcript = build_transcript(network, opened, forward.challenge, forward.binding)
            rebuilt = self._rebuilt(opened, registration, order)
            verify_certification(forward.certification, transcript, rebuilt, registration)
        return self._conclude(transcript, parties)

    def _require_new(self, request: CertificationRequest) -> None:
        """C4: a device gives each challenge once."""
        _require_length("challenge", request.challenge, CHALLENGE_LENGTH)
        if not self._requested.is_new(request.device, request.challenge):
            _log.warning("C4 refused: a request is repeated (device %d)", request.device)
            raise ChallengeRejected("C4", "it was used before")

    def _compare(self, request: CertificationRequest, signed: Signed) -> None:
        signer = user_device_party(request.user_device)
        statement = self.equipment.said(request.statement, UserDeviceStatement, signer)
        verify_claims(request, statement)
        record = self._on_record("C5", request)
        verify_information(request, signed.keys, statement, request.statement.keys, record)
        self.apps.verify(statement.evidence)

    def _on_record(self, step: str, pair: CertificationRequest | SessionOpened) -> OnRecord:
        """Both are enrolled, by their signatures: a record that is missing was removed."""
        try:
            return self.equipment.on_record(pair.device, pair.user_device)
        except UnknownRecord as missing:
            raise DatabaseChanged(step, f"it knows no {missing.kind} {missing.name}") from None

    def _open(self, request: CertificationRequest) -> Signed:
        latest = self.equipment.latest_registration(request.user_device, request.device)
        registration = verify_present(latest)
        opened = SessionOpened(
            session=secrets.token_bytes(SESSION_LENGTH),
            server=self.equipment.id,
            user=request.user,
            user_device=request.user_device,
            device=request.device,
            registration=registration.id,
            method=registration.method,
            expires_at=self.equipment.clock.now() + self.equipment.policy.session_lifetime,
        )
        self.sessions.put(opened, request.binding)
        return self.equipment.identity.sign(opened)

    def _take(self, forward: CertificationForward) -> OpenSession:
        """C10: the session that the certification is for. Only its name is known of one that is not open."""
        named, device = forward.certification.session, forward.device
        _require_length("session", named, SESSION_LENGTH)
        try:
            return verify_session(self.sessions.take(named, device))
        except SessionUnknown:
            if self._not_open.is_new(device, named):
                self.record.refused("C10", SessionUnknown.__name__, LoginParties(device, session=named))
            raise

    def _registered(self, opened: SessionOpened) -> tuple[Registration, tuple[Factor, ...]]:
        """C11: the registration and its method's factors, as the ledger has them now."""
        ledger = self.equipment.ledger.registrations
        latest = self.equipment.latest_registration(opened.user_device, opened.device)
        user_device_keys = self.equipment.key_records(user_device_party(opened.user_device))
        device_keys = self.equipment.key_records(device_party(opened.device))
        try:
            registration = verify_registration(opened, latest, user_device_keys, device_keys)
        except RegistrationNotActive:
            self.equipment.custody.forget(ledger.registration(opened.registration).commitment)
            raise
        order = ledger.method_factors(registration.method)
        policy, device = self.equipment.policy, self._on_record("C11", opened).device
        verify_strength("C11", order, policy.least_factors[max(registration.risk, policy.risk(device))])
        return registration, order

    def _rebuilt(
        self, opened: SessionOpened, registration: Registration, order: tuple[Factor, ...]
    ) -> RegistrationHash:
        """C12: R from the management database, found to be the one that the chain's commitment is to."""
        record = self._on_record("C12", opened)
        key_data = verify_owner(self.equipment.key_data(registration), opened.user)
        factors = record.factors(key_data.second_factor)
        return verify_rebuilt(combine(registration.method, order, key_data.salt, factors), registration)

    def _conclude(self, transcript: Transcript, parties: LoginParties) -> Signed:
        """C13: after the entry is durable, nothing that could fail is asked of anyone."""
        index = self.record.certified(parties)
        behind = self.equipment.log.anchor.lacking(index + 1)
        lifetime = self.equipment.policy.control_lifetime
        outcome = SessionOutcome(transcript.session, transcript_digest(transcript), index, behind, lifetime)
        return self.equipment.identity.sign(outcome)


def _require_length(name: str, value: bytes, length: int) -> None:
    """What is of another length is no message of this protocol: it is refused before it is remembered or logged."""
    if len(value) != length:
        raise MalformedValue(name, f"it has {len(value)} bytes, not {length}")
