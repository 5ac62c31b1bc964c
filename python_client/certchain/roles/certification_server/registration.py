"""Registration: from a signed application to a commitment on the ledger, key data under seal, and the grants."""

import logging
import secrets
from dataclasses import dataclass, field

from certchain.encoding.digest import (
    application_digest,
    commitment,
    grant_context,
    key_data_context,
    second_factor_context,
)
from certchain.encoding.message import to_cbor
from certchain.errors import (
    AlreadyRegistered,
    DatabaseChanged,
    ForbiddenTransition,
    KeyDataUnreadable,
    RegistrationRefused,
    WrongSigner,
)
from certchain.keys import seal_to
from certchain.models.application import (
    SALT_LENGTH,
    KeyData,
    LoginGrant,
    RegistrationAnswer,
    RegistrationApplication,
    RegistrationForward,
    RegistrationGrant,
)
from certchain.models.certification import Signed
from certchain.models.digest import Digest
from certchain.models.entry import LostKeyEntry
from certchain.models.identifier import (
    DeviceId,
    RegistrationId,
    UserDeviceId,
    UserId,
    device_party,
    user_device_party,
)
from certchain.models.registration import Factor, Registration, RegistrationRequest, RegistrationStatus, RiskLevel
from certchain.roles.certification_server.applicant import Applicants
from certchain.roles.certification_server.equipment import Equipment
from certchain.roles.certification_server.permit import Permits
from certchain.verification.registration import (
    OnRecord,
    combine,
    find_granted,
    verify_current,
    verify_method,
)

_log = logging.getLogger("certchain.roles.certification_server")


@dataclass(frozen=True, slots=True)
class Registrar:
    """Registers pairs of user device and IoT device, and moves their registrations' status."""

    equipment: Equipment
    permits: Permits
    _applicants: Applicants = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_applicants", Applicants(self.equipment))

    def permit(self, user: UserId, user_device: UserDeviceId, device: DeviceId) -> None:
        """The operator permits one registration; it has to come within the policy's lifetime of a permit."""
        self.permits.give(user, user_device, device)

    def suspend(self, registration: RegistrationId) -> None:
        """After a loss: the registration certifies nobody, until it is reinstated, or superseded under fresh keys."""
        self.equipment.ledger.registrations.suspend(registration)
        self._forget(registration)
        _log.info("Registration %d is suspended.", registration)

    def report_lost(self, user_device: UserDeviceId, by: str, reason: str) -> tuple[RegistrationId, ...]:
        """A user device was lost or stolen: all its active registrations are suspended at once; returns which.

        The report is in the log before, and from then on nothing more is registered under the keys that are lost, for any device and
        whatever was permitted. To come back takes fresh keys, a permit, and a method of all factors for each pair. Safe to repeat after an
        outage. Raises ``UnknownRecord`` for a user device that the server does not know.
        """
        self.equipment.database.user_device(user_device)
        index = self.equipment.log.writer.record(LostKeyEntry(user_device, by, reason))
        self.equipment.database.put_lost_key(self._thumbprint(user_device))
        ledger = self.equipment.ledger.registrations
        found = (ledger.registration(number) for number in ledger.registrations_of(user_device))
        active = tuple(entry.id for entry in found if entry.status is RegistrationStatus.ACTIVE)
        if active:
            ledger.suspend_batch(active)
        for number in active:
            self._forget(number)
        _log.warning(
            "User device %d is reported lost: entry %d, %d registrations suspended", user_device, index, len(active)
        )
        return active

    def reinstate(self, registration: RegistrationId) -> None:
        """The user device was found again."""
        ledger = self.equipment.ledger.registrations
        ledger.reinstate(registration)
        self.equipment.database.drop_lost_key(self._thumbprint(ledger.registration(registration).user_device))
        _log.info("Registration %d is reinstated.", registration)

    def revoke(self, registration: RegistrationId) -> None:
        """Ends a registration for good."""
        self.equipment.ledger.registrations.revoke(registration)
        self._forget(registration)
        _log.info("Registration %d is revoked.", registration)

    def redivide(self, registration: RegistrationId) -> int:
        """Divides the key of a registration's key data anew, with nothing standing still; returns the division's number.

        Raises what ``KeyCustody.redivide`` raises; then the division that there was goes on serving.
        """
        return self.equipment.custody.redivide(self.equipment.ledger.registrations.registration(registration))

    def answer_forward(self, signed: Signed) -> RegistrationAnswer:
        """Registers what an IoT device forwards under its own signature."""
        forward = self.equipment.said(signed, RegistrationForward, signed.signer)
        if signed.signer != device_party(forward.device):
            raise WrongSigner(str(device_party(forward.device)), str(signed.signer))
        return self._register(forward.application, forward.device)

    def answer_application(self, signed: Signed) -> RegistrationAnswer:
        """Registers what a user device applies for directly."""
        return self._register(signed, None)

    def _register(self, signed: Signed, forwarder: DeviceId | None) -> RegistrationAnswer:
        application = self._applicants.authentic(signed, forwarder)
        record = self._applicants.record(application, signed)
        latest = self.equipment.latest_registration(application.user_device, application.device)
        again = self._answer_again(signed, application, record, latest)
        if again is not None:
            return again
        current = verify_current(application, latest)
        order = self.equipment.ledger.registrations.method_factors(application.method)
        verify_method(order, self.equipment.policy, record.device, self.equipment.status_changes(latest))
        self.equipment.custody.keepers(self.equipment.policy.risk(record.device))
        self.permits.take(application, application_digest(signed.body))
        try:
            return self._grant(signed, application, record, order, current)
        except (AlreadyRegistered, ForbiddenTransition):
            # A transaction for this very application, whose answer had not come in time, may have reached the chain in the meantime.
            latest = self.equipment.latest_registration(application.user_device, application.device)
            again = self._answer_again(signed, application, record, latest)
            if again is None:
                raise
            return again

    def _thumbprint(self, user_device: UserDeviceId) -> Digest:
        return self.equipment.key_records(user_device_party(user_device))[-1].thumbprint

    def _answer_again(
        self, signed: Signed, application: RegistrationApplication, record: OnRecord, latest: Registration | None
    ) -> RegistrationAnswer | None:
        """The answer of a registration that this very application was granted, or ``None``."""
        granted = find_granted(application, latest)
        salt = self._salt_granted(signed, granted) if granted else None
        if granted is None or salt is None:
            return None
        return self._answer(application, record, granted.id, granted.risk, salt)

    def _salt_granted(self, signed: Signed, latest: Registration) -> bytes | None:
        """The salt of a registration that this very application was granted, whose answer was lost."""
        try:
            key_data = self.equipment.key_data(latest)
        except (DatabaseChanged, KeyDataUnreadable):
            return None  # nobody can be certified by it: a new application has to take its place
        return key_data.salt if key_data.application == application_digest(signed.body) else None

    def _grant(
        self,
        signed: Signed,
        application: RegistrationApplication,
        record: OnRecord,
        order: tuple[Factor, ...],
        current: Registration | None,
    ) -> RegistrationAnswer:
        """Key data is durable, and its key divided, before the ledger is asked: whatever is registered can be certified.

        What was left behind without a registration is never read.
        """
        key_data = KeyData(
            user=application.user,
            salt=secrets.token_bytes(SALT_LENGTH),
            second_factor=self._second_factor(application),
            application=application_digest(signed.body),
        )
        factors = record.factors(key_data.second_factor)
        committed = commitment(combine(application.method, order, key_data.salt, factors))
        context = key_data_context(application.user_device, application.device, committed)
        risk = self.equipment.policy.risk(record.device)
        sealed = self.equipment.custody.divide_new(committed, risk).seal(context, to_cbor(key_data))
        self.equipment.database.put_key_data(committed, sealed)
        registration = self._write(application, risk, committed, current)
        self._stop_if_lost(signed, registration)
        _log.info("Registration %d is made for %s.", registration, user_device_party(application.user_device))
        return self._answer(application, record, registration, risk, key_data.salt)

    def _stop_if_lost(self, signed: Signed, registration: RegistrationId) -> None:
        """A report of a loss that came while custodians and chain were at work may not have seen the registration."""
        try:
            self._applicants.require_not_lost(signed)
        except RegistrationRefused:
            if self.equipment.ledger.registrations.registration(registration).status is RegistrationStatus.ACTIVE:
                self.suspend(registration)
            raise

    def _forget(self, registration: RegistrationId) -> None:
        """It certifies nobody from here on: its key is remembered no more."""
        self.equipment.custody.forget(self.equipment.ledger.registrations.registration(registration).commitment)

    def _second_factor(self, application: RegistrationApplication) -> Digest | None:
        sealed = application.sealed_second_factor
        if sealed is None:
            return None
        parties = (application.user, application.user_device, application.device, application.server)
        context = second_factor_context(self.equipment.identity.network, *parties)
        return Digest(self.equipment.identity.keys.open(context, sealed))

    def _write(
        self, application: RegistrationApplication, risk: RiskLevel, committed: Digest, current: Registration | None
    ) -> RegistrationId:
        ledger = self.equipment.ledger.registrations
        if current is not None:
            registration = ledger.supersede(current.id, application.method, risk, committed)
            self.equipment.custody.forget(current.commitment)
            return registration
        return ledger.register(
            RegistrationRequest(application.user_device, application.device, application.method, risk, committed)
        )

    def _answer(
        self,
        application: RegistrationApplication,
        record: OnRecord,
        registration: RegistrationId,
        risk: RiskLevel,
        salt: bytes,
    ) -> RegistrationAnswer:
        identity = self.equipment.identity
        parties = (application.user, application.user_device, application.device, application.server)
        grant = RegistrationGrant(registration, *parties, application.method, risk, salt, record.third_factor())
        context = grant_context(identity.network, application.user_device, application.device, application.server)
        sealed = seal_to(record.user_device_keys.exchange, context, to_cbor(identity.sign(grant)))
        return RegistrationAnswer(sealed, identity.sign(LoginGrant(registration, *parties, application.login_verifier)))
