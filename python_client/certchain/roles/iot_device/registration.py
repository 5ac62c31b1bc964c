"""Registration by way of the device: it forwards what a user device applies for, and keeps the verifiers that the server grants."""

import logging
from dataclasses import dataclass

from certchain.errors import WrongRecipient
from certchain.models.application import (
    LoginGrant,
    LoginGrantKept,
    RegistrationAnswer,
    RegistrationApplication,
    RegistrationForward,
)
from certchain.models.certification import Signed
from certchain.models.identifier import device_party, service_party
from certchain.models.registration import Registration
from certchain.roles.iot_device.equipment import Equipment
from certchain.roles.iot_device.login import Logins
from certchain.verification.registration import verify_login_grant

_log = logging.getLogger("certchain.roles.iot_device")


@dataclass(frozen=True, slots=True)
class RegistrationDesk:
    """Takes applications to the certification server, and verifiers from it. It sees neither secret, second factor nor salt."""

    equipment: Equipment
    logins: Logins

    def answer(self, signed: Signed) -> RegistrationAnswer | LoginGrantKept:
        """Answers an application, or a login grant from the certification server."""
        if signed.kind == LoginGrant.__name__:
            return self.answer_login_grant(signed)
        return self.answer_application(signed)

    def answer_application(self, signed: Signed) -> RegistrationAnswer:
        """Forwards an authentic application for this device under the device's signature, and keeps the verifier granted."""
        application = self.equipment.said(signed, RegistrationApplication, signed.signer)
        if application.device != self.equipment.id:
            raise WrongRecipient(str(self.equipment.identity.party), str(device_party(application.device)))
        forward = self.equipment.identity.sign(RegistrationForward(self.equipment.id, signed))
        answer = self.equipment.server.request(forward, RegistrationAnswer)
        self._keep(answer.login_grant)
        return answer

    def answer_login_grant(self, signed: Signed) -> LoginGrantKept:
        """Keeps the verifier of a registration that was made without this device."""
        return LoginGrantKept(self._keep(signed).registration)

    def _keep(self, signed: Signed) -> LoginGrant:
        server = service_party(self.equipment.certification_server)
        grant = self.equipment.said(signed, LoginGrant, server)
        verify_login_grant(grant, self.equipment.id, self._latest(grant))
        self.logins.keep(grant)
        _log.info("Registration %d is known to the device.", grant.registration)
        return grant

    def _latest(self, grant: LoginGrant) -> Registration | None:
        ledger = self.equipment.ledger.registrations
        latest = ledger.latest_registration(grant.user_device, grant.device)
        return None if latest is None else ledger.registration(latest)
