"""Who takes part in a login, as far as a session has come."""

from dataclasses import dataclass

from certchain.models.certification import SessionOpened
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId


@dataclass(frozen=True, slots=True)
class LoginParties:
    """The parties; only the device is always known."""

    device: DeviceId
    user: UserId | None = None
    user_device: UserDeviceId | None = None
    session: bytes | None = None
    registration: RegistrationId | None = None


def parties_of(opened: SessionOpened) -> LoginParties:
    """The parties of an open session."""
    return LoginParties(opened.device, opened.user, opened.user_device, opened.session, opened.registration)
