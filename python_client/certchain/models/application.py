"""How a user device is registered for an IoT device: application, grant, and what is kept of them (docs/protocol.md, 3)."""

from dataclasses import dataclass, field

from certchain.models.certification import Signed, UserDeviceInformation
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, ServiceId, UserDeviceId, UserId
from certchain.models.registration import RiskLevel

SALT_LENGTH = 32


@dataclass(frozen=True, slots=True)
class RegistrationHash:
    """R, 32 bytes: it never leaves the parties that may compute it, and is not shown."""

    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RegistrationApplication:
    """A user device's request to be registered for an IoT device, signed by the user device.

    ``previous`` is the pair's latest registration, as the applicant reads the ledger: it makes an application good for one registration.
    ``sealed_second_factor`` is the user's factor hash, sealed to the certification server's exchange key, so that an IoT device which
    forwards it never sees it; ``None`` for a method without it. The salt under which it was made stays with the user device.
    ``login_verifier`` is the Ed25519 public key of the user's login key.
    """

    user: UserId
    user_device: UserDeviceId
    device: DeviceId
    server: ServiceId
    method: MethodNumber
    information: UserDeviceInformation
    previous: RegistrationId | None
    login_verifier: bytes
    sealed_second_factor: bytes | None


@dataclass(frozen=True, slots=True)
class RegistrationForward:
    """The same by way of the IoT device, which signs what it forwards."""

    device: DeviceId
    application: Signed


@dataclass(frozen=True, slots=True)
class RegistrationGrant:
    """What the user device keeps to rebuild R with the user's secret; signed by the certification server, sealed to the user device."""

    registration: RegistrationId
    user: UserId
    user_device: UserDeviceId
    device: DeviceId
    server: ServiceId
    method: MethodNumber
    risk: RiskLevel
    salt: bytes = field(repr=False)
    third_factor: Digest


@dataclass(frozen=True, slots=True)
class LoginGrant:
    """What the IoT device needs to check the user's logins (C1), signed by the certification server. No salt: nothing to guess from."""

    registration: RegistrationId
    user: UserId
    user_device: UserDeviceId
    device: DeviceId
    server: ServiceId
    login_verifier: bytes


@dataclass(frozen=True, slots=True)
class RegistrationAnswer:
    """The server's answer to an application: the signed grant, sealed to the user device; and the signed grant for the IoT device."""

    sealed_grant: bytes
    login_grant: Signed


@dataclass(frozen=True, slots=True)
class LoginGrantKept:
    """The IoT device has the verifier of this registration from now on."""

    registration: RegistrationId


@dataclass(frozen=True, slots=True)
class KeyData:
    """What the certification server needs, besides its database's information, to rebuild R, and whose it is. Kept sealed.

    ``application`` is the digest of the application that was granted: an applicant who has not heard the answer gets it again.
    """

    user: UserId
    salt: bytes = field(repr=False)
    second_factor: Digest | None = field(repr=False)
    application: Digest
