"""Entries as a reader gets them, for those who index or show them: made by hand, without a log."""

from certchain.encoding.entry import entry_bytes
from certchain.encoding.leaf import entry_commitment
from certchain.models.entry import LogEntry, LoginEntry, LoginOutcome, Subject, SubjectKind
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId
from certchain.models.log import LoggedEntry, LogLeaf, OpenedBody

ALICE, BORIS = Subject(SubjectKind.USER, 1), Subject(SubjectKind.USER, 2)
PHONE, LOCK = Subject(SubjectKind.USER_DEVICE, 2), Subject(SubjectKind.DEVICE, 3)


def login(
    user: int | None = 1,
    user_device: int | None = 2,
    device: int = 3,
    outcome: LoginOutcome = LoginOutcome.CERTIFIED,
    session: bytes | None = bytes(16),
) -> LoginEntry:
    """A login of Alice with her phone at the front door, or of someone else."""
    return LoginEntry(
        outcome,
        "C13" if outcome is LoginOutcome.CERTIFIED else "C2",
        "" if outcome is LoginOutcome.CERTIFIED else "LoginRefused",
        session,
        None if user is None else UserId(user),
        None if user_device is None else UserDeviceId(user_device),
        DeviceId(device),
        RegistrationId(4),
    )


def logged(index: int, at: int, entry: LogEntry | None) -> LoggedEntry:
    """An entry of a log; ``None`` is one that was erased."""
    salt = index.to_bytes(32)
    commitment = entry_commitment(salt, entry_bytes(login() if entry is None else entry))
    return LoggedEntry(LogLeaf(index, at, commitment), None if entry is None else OpenedBody(salt, entry))
