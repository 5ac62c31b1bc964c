"""What a log's entries say: logins, and what is done to the log's own records about people."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from certchain.errors import MalformedValue
from certchain.models.certification import SESSION_LENGTH, AppStatus
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, RegistrationId, ServiceId, UserDeviceId, UserId


class LoginOutcome(StrEnum):
    """How a login or certification ended."""

    CERTIFIED = "certified"
    REFUSED = "refused"


class SubjectKind(StrEnum):
    """Whom an entry can be about. ``LOG`` is the log itself: its entries are about nobody, and stay readable."""

    USER = "user"
    USER_DEVICE = "user-device"
    DEVICE = "device"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an entry is about: its body is encrypted under a key of this subject, and gone when the key is destroyed."""

    kind: SubjectKind
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


THE_LOG = Subject(SubjectKind.LOG, 0)
"""The subject of what is recorded about the log itself; its key is never destroyed."""


@dataclass(frozen=True, slots=True)
class LoginEntry:
    """One login, good or bad, as the certification server writes it.

    ``step`` is where the session ended (``"C13"`` for a certification), ``reason`` the error's class name, empty for a certification;
    ``session`` is 16 bytes, or ``None`` before C6. What was claimed but never verified stands here as it was claimed.
    """

    outcome: LoginOutcome
    step: str
    reason: str
    session: bytes | None
    user: UserId | None
    user_device: UserDeviceId | None
    device: DeviceId
    registration: RegistrationId | None

    def __post_init__(self) -> None:
        if self.session is not None and len(self.session) != SESSION_LENGTH:
            raise MalformedValue("session", f"it has {len(self.session)} bytes, not {SESSION_LENGTH}")

    @property
    def subject(self) -> Subject:
        """The person, where one was named; else the user device; else the IoT device."""
        if self.user is not None:
            return Subject(SubjectKind.USER, self.user)
        if self.user_device is not None:
            return Subject(SubjectKind.USER_DEVICE, self.user_device)
        return Subject(SubjectKind.DEVICE, self.device)


@dataclass(frozen=True, slots=True)
class HoldEntry:
    """A legal hold: nothing about ``held`` is erased until it is released. ``name`` tells holds on one subject apart."""

    held: Subject
    name: str
    reason: str
    subject: ClassVar[Subject] = THE_LOG


@dataclass(frozen=True, slots=True)
class ReleaseEntry:
    """The end of the legal hold ``name`` on ``held``."""

    held: Subject
    name: str
    reason: str
    subject: ClassVar[Subject] = THE_LOG


@dataclass(frozen=True, slots=True)
class ErasureEntry:
    """The keys for what was logged about ``erased`` before ``before`` (seconds since the epoch) are destroyed.

    ``reason`` is the request or the retention that asked for it.
    """

    erased: Subject
    before: int
    reason: str
    subject: ClassVar[Subject] = THE_LOG


@dataclass(frozen=True, slots=True)
class RetentionEntry:
    """From now on, what is older than ``days`` is erased, except under hold; 0 keeps everything."""

    days: int
    reason: str
    subject: ClassVar[Subject] = THE_LOG


@dataclass(frozen=True, slots=True)
class UnlockEntry:
    """An operator lets ``unlocked``, a user or an IoT device, try again after too many failures. ``by`` is the operator's name."""

    unlocked: Subject
    by: str
    reason: str

    @property
    def subject(self) -> Subject:
        """Who was unlocked."""
        return self.unlocked


@dataclass(frozen=True, slots=True)
class LostKeyEntry:
    """A user device was reported lost or stolen: its registrations are suspended. ``by`` is the name of who took the report."""

    user_device: UserDeviceId
    by: str
    reason: str

    @property
    def subject(self) -> Subject:
        """The user device."""
        return Subject(SubjectKind.USER_DEVICE, self.user_device)


@dataclass(frozen=True, slots=True)
class AppEntry:
    """What an operator decided about an app's version; the last one about it counts, whatever the management database says.

    ``release`` is H("app-release", …) of the vendor's signed release; ``until`` (seconds since the epoch) ends a deprecated version, and
    is 0 otherwise. ``by`` is the operator's name.
    """

    app: str
    version: str
    vendor: ServiceId
    release: Digest
    status: AppStatus
    until: int
    by: str
    reason: str
    subject: ClassVar[Subject] = THE_LOG


LogEntry = LoginEntry | HoldEntry | ReleaseEntry | ErasureEntry | RetentionEntry | UnlockEntry | LostKeyEntry | AppEntry
"""Everything that a log can hold. Each has the ``subject`` under whose key its body is encrypted."""
