"""Permits: the operator's word that a user may register a user device for an IoT device, once and soon."""

from dataclasses import dataclass

from certchain.config.clock import Clock
from certchain.errors import RegistrationRefused
from certchain.models.application import RegistrationApplication
from certchain.models.digest import Digest
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

    def take(self, application: RegistrationApplication, digest: Digest) -> None:
        """Uses the permit up for this application. Raises ``RegistrationRefused`` when there is none.

        The same application may come again, after an outage or a crash, and has the permit still: it can be granted once, because it names
        the registration that it follows. Another application needs a permit of its own, whatever became of this one.
        """
        named = application.user, application.user_device, application.device
        if not self.database.take_permit(*named, digest, self.clock.now()):
            raise RegistrationRefused("the operator has not permitted it, or the permit has expired")
