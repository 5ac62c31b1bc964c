"""Permits: the operator's word that a user may register a user device for an IoT device, once and soon."""

import threading
from dataclasses import dataclass, field

from certchain.config.clock import Clock
from certchain.errors import RegistrationRefused
from certchain.models.application import RegistrationApplication
from certchain.models.identifier import DeviceId, UserDeviceId, UserId

_Permitted = tuple[UserId, UserDeviceId, DeviceId]


@dataclass(frozen=True, slots=True)
class Permits:
    """The permits in force. They live in memory: after a restart, the operator gives those that are still wanted again.

    Without them any enrolled user device could register itself in any user's name, and a thief of a user device could replace the secret.
    """

    clock: Clock
    lifetime: float
    _deadlines: dict[_Permitted, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def give(self, user: UserId, user_device: UserDeviceId, device: DeviceId) -> None:
        """Permits one registration, for the lifetime of a permit."""
        now = self.clock.monotonic()
        with self._lock:
            for expired in [permitted for permitted, deadline in self._deadlines.items() if deadline <= now]:
                del self._deadlines[expired]
            self._deadlines[user, user_device, device] = now + self.lifetime

    def take(self, application: RegistrationApplication) -> None:
        """Uses the permit up. Raises ``RegistrationRefused`` when there is none."""
        with self._lock:
            deadline = self._deadlines.pop((application.user, application.user_device, application.device), None)
        if deadline is None or deadline <= self.clock.monotonic():
            raise RegistrationRefused("the operator has not permitted it, or the permit has expired")

    def give_back(self, application: RegistrationApplication) -> None:
        """After an outage, for the applicant to try again."""
        self.give(application.user, application.user_device, application.device)
