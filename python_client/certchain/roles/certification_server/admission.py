"""Admission: who asks to be enrolled gets an identifier from the chain and a certificate from the network's CA."""

from dataclasses import dataclass

from certchain.errors import InformationChanged, RegistrationRefused, WrongSigner
from certchain.keys import CertificateAuthority
from certchain.models.certification import Signed
from certchain.models.enrolment import CertificateRenewal, Enrolled, EnrolmentAnswer, EnrolmentRequest
from certchain.models.identifier import (
    DeviceId,
    Party,
    PartyKind,
    UserDeviceId,
    device_party,
    user_device_party,
)
from certchain.models.production import DeviceDescription
from certchain.roles.certification_server.enrolment import Enrolment
from certchain.roles.certification_server.equipment import Equipment
from certchain.verification.enrolment import seal_enrolled, verify_enrolment


@dataclass(frozen=True, slots=True)
class Admission:
    """Answers requests to be enrolled. An answer is sealed to the exchange key that was enrolled, so that only its holder can use it."""

    equipment: Equipment
    enrolment: Enrolment
    authority: CertificateAuthority

    def admit(self, signed: Signed) -> EnrolmentAnswer:
        """Enrols a device or user device for an operator, who knows whom they let in.

        The same request, whose answer was lost, is answered with the same identifier. Raises what ``verify_enrolment`` raises,
        ``KeyAlreadyEnrolled``, and ``RegistrationRefused`` for a service: services are the authority's to enrol.
        """
        request = verify_enrolment(signed, self.equipment.identity.network)
        return self._answer(self._enrolled(request, signed), request, signed)

    def admit_from_batch(self, signed: Signed) -> EnrolmentAnswer:
        """Enrols a device that shows its place in a production batch; see ``Enrolment.enrol_from_batch``."""
        request = verify_enrolment(signed, self.equipment.identity.network)
        return self._answer(device_party(self.enrolment.enrol_from_batch(signed)), request, signed)

    def rotate(self, party: Party, signed: Signed) -> EnrolmentAnswer:
        """Puts the keys of a request in force for a party that is enrolled, as after a loss, for an operator who knows whose they are.

        It has to describe the party as it was enrolled: ``InformationChanged``. Safe to repeat.
        """
        request = verify_enrolment(signed, self.equipment.identity.network)
        self._rotated(party, request, signed)
        return self._answer(party, request, signed)

    def renew(self, signed: Signed) -> Signed:
        """A certificate for another TLS key of who asks, under their keys in force on the chain; returns a signed ``Enrolled``."""
        renewal = self.equipment.said(signed, CertificateRenewal, signed.signer)
        certificate = self._certificate(renewal.certificate_request, signed.signer)
        return self.equipment.identity.sign(Enrolled(signed.signer, certificate))

    def _enrolled(self, request: EnrolmentRequest, signed: Signed) -> Party:
        if request.device is not None:
            described = request.device.manufacturer, request.device.model, request.device.serial
            return device_party(self.enrolment.enrol_device(*described, signed.keys))
        if request.user_device is not None:
            return user_device_party(self.enrolment.enrol_user_device(request.user_device, signed.keys))
        raise RegistrationRefused("services are enrolled by the authority")

    def _rotated(self, party: Party, request: EnrolmentRequest, signed: Signed) -> None:
        database = self.equipment.database
        if request.device is not None and party.kind is PartyKind.DEVICE:
            device, _ = database.device(DeviceId(party.number))
            known: object = DeviceDescription(device.manufacturer, device.model, device.serial)
            self._require_same(known, request.device)
            self.enrolment.rotate_device_keys(device.device, signed.keys)
        elif request.user_device is not None and party.kind is PartyKind.USER_DEVICE:
            known, _ = database.user_device(UserDeviceId(party.number))
            self._require_same(known, request.user_device)
            self.enrolment.rotate_user_device_keys(UserDeviceId(party.number), signed.keys)
        else:
            raise WrongSigner(str(party), str(signed.signer))

    def _require_same(self, known: object, described: object) -> None:
        if known != described:
            raise InformationChanged("enrolment", "it is enrolled as something else")

    def _answer(self, party: Party, request: EnrolmentRequest, signed: Signed) -> EnrolmentAnswer:
        enrolled = Enrolled(party, self._certificate(request.certificate_request, party))
        return seal_enrolled(enrolled, signed.keys, self.equipment.identity.network)

    def _certificate(self, request: bytes, party: Party) -> bytes:
        return self.authority.issue(request, party, now=self.equipment.clock.now())
