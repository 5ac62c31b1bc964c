"""Registration by way of the device: it forwards what a user device applies for, and keeps the verifiers that the server grants."""

import logging
from dataclasses import dataclass

from certchain.channel import Connection
from certchain.errors import WrongRecipient
from certchain.models.application import (
    LoginGrant,
    LoginGrantKept,
    RegistrationAnswer,
    RegistrationApplication,
    RegistrationForward,
)
from certchain.models.certification import Signed
from certchain.models.identifier import device_party, service_party, user_device_party
from certchain.models.registration import Registration
from certchain.roles.iot_device.equipment import Equipment
from certchain.roles.iot_device.login import Logins
from certchain.verification.registration import verify_login_grant
from certchain.verification.statement import verify_peer

_log = logging.getLogger("certchain.roles.iot_device")


@dataclass(frozen=True, slots=True)
class RegistrationDesk:
    """Takes applications to the certification server, and verifiers from it. It sees neither secret, second factor nor salt."""

    equipment: Equipment
    logins: Logins

    def answer(self, connection: Connection, signed: Signed) -> RegistrationAnswer | LoginGrantKept:
        """Answers an application, or a login grant from the certification server, of the user device that shows it."""
        if signed.kind == LoginGrant.__name__:
            return self.answer_login_grant(connection, signed)
        return self.answer_application(connection, signed)

    def answer_application(self, connection: Connection, signed: Signed) -> RegistrationAnswer:
        """Forwards an authentic application for this device under the device's signature, and keeps the verifier granted."""
        verify_peer(connection.peer, signed.signer)
        application = self.equipment.said(signed, RegistrationApplication, signed.signer)
        if application.device != self.equipment.id:
            raise WrongRecipient(str(self.equipment.identity.party), str(device_party(application.device)))
        forward = self.equipment.identity.sign(RegistrationForward(self.equipment.id, signed))
        answer = self.equipment.server.request(forward, RegistrationAnswer)
        self._keep(self._granted(answer.login_grant))
        return answer

    def answer_login_grant(self, connection: Connection, signed: Signed) -> LoginGrantKept:
        """Keeps the verifier of a registration that was made without this device."""
        grant = self._granted(signed)
        verify_peer(connection.peer, user_device_party(grant.user_device))
        return LoginGrantKept(self._keep(grant).registration)

    def _granted(self, signed: Signed) -> LoginGrant:
        return self.equipment.said(signed, LoginGrant, service_party(self.equipment.certification_server))

    def _keep(self, grant: LoginGrant) -> LoginGrant:
        verify_login_grant(grant, self.equipment.id, self._latest(grant))
        self.logins.keep(grant)
        _log.info("Registration %d is known to the device.", grant.registration)
        return grant

    def _latest(self, grant: LoginGrant) -> Registration | None:
        ledger = self.equipment.ledger.registrations
        latest = ledger.latest_registration(grant.user_device, grant.device)
        return None if latest is None else ledger.registration(latest)
