"""Who applies for a registration: whether it is they, and whether the certification server knows them as they are."""

from dataclasses import dataclass

from certchain.encoding.digest import key_thumbprint
from certchain.errors import RegistrationRefused, UnknownRecord, WrongRecipient, WrongSigner
from certchain.models.application import RegistrationApplication
from certchain.models.certification import Signed
from certchain.models.identifier import DeviceId, device_party, service_party, user_device_party
from certchain.roles.certification_server.equipment import Equipment
from certchain.verification.registration import OnRecord, verify_application, verify_user


@dataclass(frozen=True, slots=True)
class Applicants:
    """What has to hold of an application before it is asked what it is for."""

    equipment: Equipment

    def authentic(self, signed: Signed, forwarder: DeviceId | None) -> RegistrationApplication:
        """The application, from the user device that it names, for this server and for the device that forwards it."""
        application = self.equipment.said(signed, RegistrationApplication, signed.signer)
        applicant = user_device_party(application.user_device)
        if signed.signer != applicant:
            raise WrongSigner(str(applicant), str(signed.signer))
        if application.server != self.equipment.id:
            raise WrongRecipient(str(self.equipment.identity.party), str(service_party(application.server)))
        if forwarder not in {None, application.device}:
            raise RegistrationRefused("the application is for another device than the one that forwards it")
        return application

    def record(self, application: RegistrationApplication, signed: Signed) -> OnRecord:
        """The management database's record of the pair, once user, user device and device are found as they were enrolled.

        Nobody registers under keys that were reported lost.
        """
        try:
            record = self.equipment.on_record(application.device, application.user_device)
            name, salt = self.equipment.database.user(application.user)
        except UnknownRecord as missing:
            raise RegistrationRefused(f"the certification server knows no {missing.kind} {missing.name}") from None
        verify_user(name, salt, self.equipment.ledger.registrations.user_name_commitment(application.user))
        device_records = self.equipment.key_records(device_party(application.device))
        verify_application(application, signed.keys, record, device_records)
        self.require_not_lost(signed)
        return record

    def require_not_lost(self, signed: Signed) -> None:
        """The chain asks for other keys where a registration was suspended; here they are asked for wherever there was none."""
        if self.equipment.database.is_lost_key(key_thumbprint(signed.keys)):
            raise RegistrationRefused("the user device was reported lost, and has to get other keys first")
