"""Registration at the user device: the application goes to the certification server, or to the IoT device, which forwards it."""

import logging
import secrets
from dataclasses import dataclass
from typing import TypeVar

from certchain.channel import ServiceChannel
from certchain.encoding.digest import grant_context, second_factor, second_factor_context
from certchain.encoding.message import from_cbor
from certchain.errors import CertchainError, Unavailable
from certchain.keys import SecretKeys, seal_to
from certchain.keys.secret import SECRET_SALT_LENGTH
from certchain.models.application import (
    LoginGrant,
    LoginGrantKept,
    RegistrationAnswer,
    RegistrationApplication,
    RegistrationGrant,
)
from certchain.models.certification import Signed
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, UserId, service_party
from certchain.models.registration import Factor
from certchain.roles.user_device.equipment import (
    Derivation,
    Equipment,
    KeptApplication,
    KeptRegistration,
    application_file,
    registration_file,
)
from certchain.storage.kept import keep, kept, kept_or_none
from certchain.verification.registration import verify_granted, verify_grants
from certchain.verification.statement import verify_statement

Model = TypeVar("Model")
_log = logging.getLogger("certchain.roles.user_device")


@dataclass(frozen=True, slots=True)
class Applicant:
    """Applies for registrations, checks what is granted against the ledger, and keeps it."""

    equipment: Equipment

    def register(
        self, channel: ServiceChannel, user: UserId, device: DeviceId, method: MethodNumber, secret: str
    ) -> RegistrationGrant:
        """Registers, or registers anew; see ``UserDevice.register``.

        The application is kept until its fate is known: asked again, the server gives the answer that was lost.
        """
        pending = self._pending(user, device, method, secret) or self._prepared(user, device, method, secret)
        keep(self.equipment.store, application_file(device), pending)
        try:
            registration = self._apply(channel, pending, secret)
        except Unavailable:
            raise
        except CertchainError:
            self.equipment.store.remove(application_file(device))
            raise
        keep(self.equipment.store, registration_file(device), registration)
        self.equipment.store.remove(application_file(device))
        _log.info("Registration %d for device %d is kept.", registration.grant.registration, device)
        return registration.grant

    def pending(self, device: DeviceId) -> RegistrationApplication | None:
        """The application for the device whose fate is not known; see ``UserDevice.pending``."""
        unanswered = kept_or_none(self.equipment.store, application_file(device), KeptApplication)
        return None if unanswered is None else from_cbor(RegistrationApplication, unanswered.signed.body)

    def introduce(self, channel: ServiceChannel, device: DeviceId) -> RegistrationId:
        """Shows the IoT device the verifier that the server granted; see ``UserDevice.introduce``."""
        registration = kept(self.equipment.store, registration_file(device), KeptRegistration)
        return channel.request(registration.login_grant, LoginGrantKept).registration

    def _pending(self, user: UserId, device: DeviceId, method: MethodNumber, secret: str) -> KeptApplication | None:
        """An application of the same user, by the same method and secret, that was never answered."""
        pending = kept_or_none(self.equipment.store, application_file(device), KeptApplication)
        if pending is None:
            return None
        application = from_cbor(RegistrationApplication, pending.signed.body)
        verifier = pending.derivation.derive(secret).login.verifier
        same = (application.user, application.method, application.login_verifier) == (user, method, verifier)
        return pending if same and pending.signed.keys == self.equipment.identity.keys.public else None

    def _prepared(self, user: UserId, device: DeviceId, method: MethodNumber, secret: str) -> KeptApplication:
        derivation = Derivation(secrets.token_bytes(SECRET_SALT_LENGTH), self.equipment.cost)
        application = self._application(user, device, method, derivation.derive(secret))
        return KeptApplication(self.equipment.identity.sign(application), derivation)

    def _apply(self, channel: ServiceChannel, pending: KeptApplication, secret: str) -> KeptRegistration:
        answer = channel.request(pending.signed, RegistrationAnswer)
        application = from_cbor(RegistrationApplication, pending.signed.body)
        grant = self._verified(application, answer, pending.derivation.derive(secret))
        return KeptRegistration(grant, answer.login_grant, pending.derivation)

    def _application(
        self, user: UserId, device: DeviceId, method: MethodNumber, keys: SecretKeys
    ) -> RegistrationApplication:
        ledger = self.equipment.ledger.registrations
        factors = ledger.method_factors(method)
        sealed = self._sealed_second_factor(user, device, keys) if Factor.SECOND in factors else None
        return RegistrationApplication(
            user=user,
            user_device=self.equipment.id,
            device=device,
            server=self.equipment.server,
            method=method,
            information=self.equipment.information,
            previous=ledger.latest_registration(self.equipment.id, device),
            login_verifier=keys.login.verifier,
            sealed_second_factor=sealed,
        )

    def _sealed_second_factor(self, user: UserId, device: DeviceId, keys: SecretKeys) -> bytes:
        network, server = self.equipment.identity.network, self.equipment.server
        context = second_factor_context(network, user, self.equipment.id, device, server)
        return seal_to(self.equipment.exchange_key(), context, second_factor(user, keys.factor_key).value)

    def _verified(
        self, application: RegistrationApplication, answer: RegistrationAnswer, keys: SecretKeys
    ) -> RegistrationGrant:
        """The grant, from the server, for this application, and in force on the ledger with a commitment to our own R."""
        grant = self._said(self._opened(application, answer), RegistrationGrant)
        verify_grants(application, grant, self._said(answer.login_grant, LoginGrant))
        registration = self.equipment.ledger.registrations.registration(grant.registration)
        return verify_granted(self.equipment.rebuild(grant, keys), registration, grant)

    def _opened(self, application: RegistrationApplication, answer: RegistrationAnswer) -> Signed:
        network, server = self.equipment.identity.network, self.equipment.server
        context = grant_context(network, self.equipment.id, application.device, server)
        return from_cbor(Signed, self.equipment.identity.keys.open(context, answer.sealed_grant))

    def _said(self, signed: Signed, model: type[Model]) -> Model:
        signer, records = service_party(self.equipment.server), self.equipment.server_records()
        return verify_statement(signed, model, signer, records, self.equipment.identity.network)
