"""What the Registration contract keeps: keys, combination methods and registrations."""

from dataclasses import dataclass
from enum import IntEnum

from certchain.errors import MalformedKey
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, RegistrationId, UserDeviceId

SIGNING_KEY_LENGTH = 32
EXCHANGE_KEY_LENGTH = 33


class Factor(IntEnum):
    """The factor hashes: first of the user device, second of the user, third of the IoT device."""

    FIRST = 0
    SECOND = 1
    THIRD = 2


class RiskLevel(IntEnum):
    """What a successful attack on the IoT device could cost."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


class RegistrationStatus(IntEnum):
    """Active ⇄ suspended; either becomes superseded or revoked, and both of those are final."""

    ACTIVE = 0
    SUSPENDED = 1
    SUPERSEDED = 2
    REVOKED = 3


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The two public keys of an identifier, kept apart by use.

    ``signing`` is Ed25519 (RFC 8032), 32 bytes; ``exchange`` is P-256 for key exchange, 33 bytes (SEC 1, compressed).
    Raises ``MalformedKey`` for other lengths.
    """

    signing: bytes
    exchange: bytes

    def __post_init__(self) -> None:
        if len(self.signing) != SIGNING_KEY_LENGTH or len(self.exchange) != EXCHANGE_KEY_LENGTH:
            raise MalformedKey(len(self.signing), len(self.exchange))


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """Keys that an identifier has had: their thumbprint and since when (seconds since the epoch)."""

    thumbprint: Digest
    since: int


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """What is asked for one new registration. ``commitment`` is H("commitment", R)."""

    user_device: UserDeviceId
    device: DeviceId
    method: MethodNumber
    risk: RiskLevel
    commitment: Digest


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration as the chain has it.

    ``version`` counts a pair's registrations from 1; ``key_thumbprint`` is of the user device's keys when it was registered;
    ``registered_at`` is in seconds since the epoch; ``previous`` is the pair's registration before this one, or ``None``.
    """

    id: RegistrationId
    user_device: UserDeviceId
    device: DeviceId
    method: MethodNumber
    version: int
    risk: RiskLevel
    status: RegistrationStatus
    registered_at: int
    key_thumbprint: Digest
    commitment: Digest
    previous: RegistrationId | None


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One move of a registration's status: to what, when (seconds since the epoch), by which account (checksummed address)."""

    status: RegistrationStatus
    at: int
    by: str
