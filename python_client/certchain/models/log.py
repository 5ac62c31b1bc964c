"""The login log: entries, their proofs and checkpoints."""

from dataclasses import dataclass
from enum import StrEnum

from certchain.errors import MalformedValue
from certchain.models.certification import SESSION_LENGTH
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, Party, RegistrationId, UserDeviceId, UserId
from certchain.models.registration import PublicKeys


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

    def __post_init__(self) -> None:
        if self.session is not None and len(self.session) != SESSION_LENGTH:
            raise MalformedValue("session", f"it has {len(self.session)} bytes, not {SESSION_LENGTH}")


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
    """The root of a log (its ``origin``) at a size, as C2SP tlog-checkpoint has it.

    ``signer`` and ``thumbprint`` (of its two public keys) stand in an extension line, so that the signature covers them.
    """

    origin: str
    size: int
    root: Digest
    signer: Party
    thumbprint: Digest


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """RFC 9162, section 2.1.3: the hashes from the leaf's sibling up to the root of a tree of ``size`` leaves."""

    index: int
    size: int
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class LogPageQuestion:
    """An auditor asks the certification server for entries, signed; ``binding`` is the channel's."""

    first: int
    limit: int
    binding: bytes


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries from the one asked for on; none only past the log's end."""

    entries: tuple[SaltedEntry, ...]


@dataclass(frozen=True, slots=True)
class CheckpointQuestion:
    """Anyone asks the certification server for its signed word on the log, as far as the chain has it."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as a C2SP signed note, and the certification server's keys, which count once the chain is found to have them."""

    note: str
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class ProofFile:
    """One entry, proven without a server or a chain: what a proof file holds, as readable JSON.

    ``path`` is the inclusion proof up to the root in ``checkpoint``, a C2SP signed note; ``keys`` are those that signed it.
    """

    format: str
    entry: LogEntry
    salt: bytes
    path: tuple[Digest, ...]
    checkpoint: str
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """What a proof file was found to prove: the entry, and the place in the log that the checkpoint's signer vouches for."""

    entry: LogEntry
    leaf_hash: Digest
    proof: InclusionProof
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class AuditReport:
    """A whole replay without a difference: the chain's size and root, and how many entries are still on their way."""

    size: int
    root: Digest
    waiting: int
