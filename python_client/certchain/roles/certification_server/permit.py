"""Permits: the operator's word that a user may register a user device for an IoT device, once and soon."""

from dataclasses import dataclass

from certchain.config.clock import Clock
from certchain.errors import RegistrationRefused
from certchain.models.application import RegistrationApplication
from certchain.models.identifier import DeviceId, UserDeviceId, UserId
from certchain.storage import ManagementDatabase


@dataclass(frozen=True, slots=True)
class Permits:
    """The permits in force, in the management database; each is good for ``lifetime`` seconds by the server's clock.

    Without them any enrolled user device could register itself in any user's name, and a thief of a user device could replace the secret.
    """

    database: ManagementDatabase
    clock: Clock
    lifetime: int

    def give(self, user: UserId, user_device: UserDeviceId, device: DeviceId) -> None:
        """Permits one registration, for the lifetime of a permit."""
        self.database.put_permit(user, user_device, device, self.clock.now() + self.lifetime)

    def take(self, application: RegistrationApplication) -> None:
        """Uses the permit up. Raises ``RegistrationRefused`` when there is none."""
        named = application.user, application.user_device, application.device
        if not self.database.take_permit(*named, self.clock.now()):
            raise RegistrationRefused("the operator has not permitted it, or the permit has expired")

    def give_back(self, application: RegistrationApplication) -> None:
        """After an outage, for the applicant to try again."""
        self.give(application.user, application.user_device, application.device)
