"""The login log: entries, their proofs and checkpoints."""

from dataclasses import dataclass
from enum import StrEnum

from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, RegistrationId, UserDeviceId, UserId


class LoginOutcome(StrEnum):
    """How a login or certification ended."""

    CERTIFIED = "certified"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One login, good or bad, as the certification server writes it.

    ``index`` counts from 0 in the log; ``at`` is seconds since the epoch; ``step`` is where the session ended (``"C13"`` for a
    certification), ``reason`` the error's class name, empty for a certification; ``session`` is 16 bytes, or ``None`` before C6. What
    was claimed but never verified stands here as it was claimed.
    """

    index: int
    at: int
    outcome: LoginOutcome
    step: str
    reason: str
    session: bytes | None
    user: UserId | None
    user_device: UserDeviceId | None
    device: DeviceId
    registration: RegistrationId | None


@dataclass(frozen=True, slots=True)
class SaltedEntry:
    """An entry with the 32 random bytes under which its leaf commits to it."""

    entry: LogEntry
    salt: bytes


@dataclass(frozen=True, slots=True)
class LogBatch:
    """One append as the chain has it: the leaf hashes from ``first_index`` on, and the root after the last of them."""

    first_index: int
    root: Digest
    leaf_hashes: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of a log (its ``origin``) at a size, as C2SP tlog-checkpoint has it."""

    origin: str
    size: int
    root: Digest


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """RFC 9162, section 2.1.3: the hashes from the leaf's sibling up to the root of a tree of ``size`` leaves."""

    index: int
    size: int
    path: tuple[Digest, ...]
