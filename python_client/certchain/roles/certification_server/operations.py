"""What an operator of the certification server does, in one place and under the operator's name."""

from collections.abc import Sequence
from dataclasses import dataclass

from certchain.models.certification import Signed
from certchain.models.enrolment import EnrolmentAnswer
from certchain.models.entry import Subject
from certchain.models.identifier import DeviceId, Party, RegistrationId, UserDeviceId, UserId
from certchain.roles.certification_server.admission import Admission
from certchain.roles.certification_server.apps import Apps
from certchain.roles.certification_server.lockout import Lockout
from certchain.roles.certification_server.registration import Registrar


@dataclass(frozen=True, slots=True)
class ServerOperations:
    """See ``certchain.channel.operations.Operations``: carried out by the server in this process, in the name of ``by``."""

    admission: Admission
    registrar: Registrar
    lockout: Lockout
    apps: Apps
    by: str

    def enrol_user(self, name: str) -> UserId:
        return self.admission.enrolment.enrol_user(name)

    def admit(self, request: Signed) -> EnrolmentAnswer:
        return self.admission.admit(request)

    def rotate(self, party: Party, request: Signed) -> EnrolmentAnswer:
        return self.admission.rotate(party, request)

    def permit(self, user: UserId, user_device: UserDeviceId, device: DeviceId) -> None:
        self.registrar.permit(user, user_device, device)

    def suspend(self, registration: RegistrationId) -> None:
        self.registrar.suspend(registration)

    def reinstate(self, registration: RegistrationId) -> None:
        self.registrar.reinstate(registration)

    def revoke(self, registration: RegistrationId) -> None:
        self.registrar.revoke(registration)

    def redivide(self, registration: RegistrationId) -> None:
        self.registrar.redivide(registration)

    def report_lost(self, user_device: UserDeviceId, reason: str) -> Sequence[RegistrationId]:
        return self.registrar.report_lost(user_device, self.by, reason)

    def unlock(self, subject: Subject, reason: str) -> int:
        return self.lockout.unlock(subject, self.by, reason)

    def allow_app(self, release: Signed, reason: str) -> None:
        self.apps.allow(release, self.by, reason)

    def deprecate_app(self, app: str, version: str, until: int, reason: str) -> None:
        self.apps.deprecate(app, version, until, self.by, reason)

    def revoke_app(self, app: str, version: str, reason: str) -> None:
        self.apps.revoke(app, version, self.by, reason)
