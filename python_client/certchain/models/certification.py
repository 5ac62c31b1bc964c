"""What passes between user device, IoT device and certification server, and what they keep. The numbers are the session's steps."""

from dataclasses import dataclass
from enum import StrEnum

from certchain.errors import MalformedValue
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, Party, RegistrationId, ServiceId, UserDeviceId, UserId
from certchain.models.registration import PublicKeys

PROTOCOL_VERSION = 1
CHALLENGE_LENGTH = 32
SESSION_LENGTH = 16
REPORT_NONCE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class UserDeviceInformation:
    """What a user device says of itself; ``app_instance`` is drawn at random when the app is installed."""

    model: str
    platform: str
    app_instance: str


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """What an IoT device says of itself."""

    device: DeviceId
    manufacturer: str
    model: str
    serial: str


@dataclass(frozen=True, slots=True)
class ManifestFile:
    """One file of an app: its path below the app's folder (with ``/``), its size in bytes and its SHA-256."""

    path: str
    size: int
    digest: Digest


class AppStatus(StrEnum):
    """What the certification server makes of an app's version. A deprecated one is certified until a date."""

    ALLOWED = "allowed"
    DEPRECATED = "deprecated"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class IntegrityEvidence:
    """C3: which app runs on the user device, bound to the challenge that the device gave after the login."""

    app: str
    version: str
    manifest_digest: Digest
    challenge: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A message with its signature: the body as deterministic CBOR, who signed, and the keys to check it with.

    The keys count only after their thumbprint has been found in force on the ledger.
    """

    kind: str
    signer: Party
    keys: PublicKeys
    body: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Login:
    """C1: the user logs in; ``proof`` is the login key's Ed25519 signature over ``encoding.digest.login_proof``."""

    user: UserId
    user_device: UserDeviceId
    proof: bytes


@dataclass(frozen=True, slots=True)
class LoginAccepted:
    """C2: the login is good; ``challenge`` (32 bytes) is for the integrity evidence."""

    challenge: bytes


@dataclass(frozen=True, slots=True)
class UserDeviceStatement:
    """C3: the user device's information and integrity evidence, signed by the user device. ``binding`` is the channel's, 32 bytes."""

    user: UserId
    user_device: UserDeviceId
    device: DeviceId
    server: ServiceId
    information: UserDeviceInformation
    evidence: IntegrityEvidence
    binding: bytes


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """C4: the device passes that on with its own information, signed by the device.

    ``user`` and ``user_device`` are those that logged in, ``challenge`` is the one it gave at C2, ``binding`` that of their channel.
    """

    device: DeviceId
    server: ServiceId
    information: DeviceInformation
    user: UserId
    user_device: UserDeviceId
    challenge: bytes
    binding: bytes
    statement: Signed


@dataclass(frozen=True, slots=True)
class LoginFailure:
    """C2: the device reports a wrong login, signed by the device; or what it refused at C3 or C9 on a channel with a good one.

    ``user`` and ``user_device`` are whom the login claimed to be; ``nonce`` (16 random bytes) tells a report from its repetition; ``step``
    is where the device refused: C2, C3 or C9.
    """

    device: DeviceId
    server: ServiceId
    user: UserId
    user_device: UserDeviceId
    attempts: int
    locked: bool
    nonce: bytes
    step: str = "C2"


@dataclass(frozen=True, slots=True)
class LoginFailureNoted:
    """The failure's index in the log, and how often an operator has unlocked its user so far; signed by the certification server."""

    index: int
    nonce: bytes
    unlocks: int


@dataclass(frozen=True, slots=True)
class UnlockQuestion:
    """C2: a device asks, signed, whether a user whom it has locked out was unlocked since; ``nonce`` is 16 random bytes."""

    device: DeviceId
    server: ServiceId
    user: UserId
    nonce: bytes


@dataclass(frozen=True, slots=True)
class UnlockAnswer:
    """How often an operator has unlocked the user so far, signed by the certification server in answer to the question with ``nonce``."""

    user: UserId
    unlocks: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """C6: no abnormality, signed by the server. ``expires_at`` is in seconds since the epoch, by the server's clock."""

    session: bytes
    server: ServiceId
    user: UserId
    user_device: UserDeviceId
    device: DeviceId
    registration: RegistrationId
    method: MethodNumber
    expires_at: int


@dataclass(frozen=True, slots=True)
class SessionOffer:
    """C6–C7, device to user device: the server's signed word and the device's challenge, 32 bytes, used once."""

    opened: Signed
    challenge: bytes


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything that a session is about, named in A, in both signatures and in the control keys.

    ``network`` is the ledger's, 32 bytes; ``session`` 16 bytes; ``challenge`` 32 bytes; ``binding`` the channel's value, 32 bytes.
    """

    network: bytes
    session: bytes
    challenge: bytes
    user: UserId
    user_device: UserDeviceId
    device: DeviceId
    server: ServiceId
    registration: RegistrationId
    method: MethodNumber
    expires_at: int
    binding: bytes
    protocol_version: int = PROTOCOL_VERSION

    def __post_init__(self) -> None:
        for name, length in (
            ("network", 32),
            ("session", SESSION_LENGTH),
            ("challenge", CHALLENGE_LENGTH),
            ("binding", 32),
        ):
            actual = len(getattr(self, name))
            if actual != length:
                raise MalformedValue(name, f"it has {actual} bytes, not {length}")


@dataclass(frozen=True, slots=True)
class Certification:
    """C8–C9: the certification hash A and the user device's Ed25519 signature over the transcript."""

    session: bytes
    challenge: bytes
    certification_hash: Digest
    signature: bytes
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class CertificationForward:
    """C10: the device passes it on, signed by the device."""

    device: DeviceId
    server: ServiceId
    challenge: bytes
    binding: bytes
    certification: Certification


@dataclass(frozen=True, slots=True)
class SessionOutcome:
    """C13: the outcome, signed by the server after it is durable in the log.

    ``transcript`` is the transcript's digest; ``index`` the entry's place in the log; ``behind`` how many entries, this one included,
    the chain does not have yet; ``control_lifetime`` is for how many seconds the control keys may be used, which each end counts by its own
    monotonic clock from when it sent C8 or C10. A refusal is an error and never an outcome.
    """

    session: bytes
    transcript: Digest
    index: int
    behind: int
    control_lifetime: int


@dataclass(frozen=True, slots=True)
class Command:
    """C15: one command under the control keys: AES-256-GCM-SIV with the counter as nonce; counters only rise."""

    session: bytes
    counter: int
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The device's answer under the control keys of the other direction, with the command's counter."""

    session: bytes
    counter: int
    ciphertext: bytes
