"""Refusals and findings of the log engine, of its publication, and of those who check it."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, NotAuthorised, SettingsError, Unavailable, VerificationFailed

__all__ = [
    "AppendUncertain",
    "BodyChanged",
    "BodyErased",
    "CheckpointOutdated",
    "CosignaturesMissing",
    "HoldExists",
    "LogBacklogFull",
    "LogBusy",
    "LogDamaged",
    "LogInUse",
    "NotConsistent",
    "RequestTooLarge",
    "SubjectOnHold",
    "TileInvalid",
    "TokenRefused",
    "UnknownHold",
    "UnknownLog",
    "UnknownTile",
    "WitnessConflict",
    "WitnessRefused",
    "WrongLogMode",
]


@dataclass(eq=False)
class AppendUncertain(Unavailable):
    """The disk failed, and what was written could not be taken out again: it may be there when the log is opened again, or not."""

    reason: str

    sentence = "Whether the entries are in the log is known only after it is opened again: {reason}."
    advice = "Open the log again, and look before trying again."


@dataclass(eq=False)
class LogBusy(Unavailable):
    """More entries wait for the disk than the queue takes."""

    waiting: int
    limit: int

    sentence = "The log is busy: {waiting} entries wait for the disk, and {limit} may."
    advice = "Try again in a moment; the entry is not in the log."


@dataclass(eq=False)
class LogBacklogFull(Unavailable):
    """The chain is away, or behind, for longer than the log may grow without it."""

    behind: int
    limit: int

    sentence = "The chain is {behind} entries behind the log, and {limit} may wait."
    advice = "See why the chain takes none; the entry is not in the log."


@dataclass(eq=False)
class LogInUse(Unavailable):
    """A log has one writer at a time, and another process has it."""

    folder: str

    sentence = "The log in {folder} is being written by another process."
    advice = "Wait until it ends, or ask it to write the entry."


@dataclass(eq=False)
class LogDamaged(Unavailable):
    """What is on the disk is not what was written there: the log is not opened, and nothing in it is changed."""

    file: str
    reason: str
    index: int

    sentence = "The log's file {file} is damaged from entry {index} on: {reason}."
    advice = "Put the file back from a copy; nothing was changed, and no entry is given a number twice."


@dataclass(eq=False)
class UnknownTile(InvalidInput):
    """The log has no such tile, or not in that width, yet."""

    level: str
    index: int
    width: int

    sentence = "The log has no tile {index} of level {level} with {width} hashes."
    advice = "Ask for the tiles that the checkpoint's size calls for."


@dataclass(eq=False)
class WrongLogMode(SettingsError):
    """A recorded log takes leaf hashes, an anchored log roots."""

    mode: str

    sentence = "The log's contract is in {mode} mode, and does not take this."


@dataclass(eq=False)
class NotConsistent(VerificationFailed):
    """The smaller tree is not the beginning of the larger one (RFC 9162, 2.1.4)."""

    old_size: int
    new_size: int

    sentence = "The log of {new_size} entries does not continue the log of {old_size}."
    contract_error = "Log_NotConsistent"


@dataclass(eq=False)
class CosignaturesMissing(VerificationFailed):
    """A checkpoint has fewer good cosignatures of known witnesses than are asked for."""

    found: int
    quorum: int

    sentence = "The checkpoint has {found} good cosignatures of known witnesses, and {quorum} are asked for."
    advice = "Ask for the checkpoint again later; do not rely on this one."


@dataclass(eq=False)
class CheckpointOutdated(VerificationFailed):
    """A checkpoint is of the log, but of an earlier size than one that was seen before."""

    size: int
    seen_size: int

    sentence = "The checkpoint is of {size} entries, and {seen_size} have been seen already."
    advice = "Ask again, or ask another: someone may be showing the log as it was."


@dataclass(eq=False)
class TileInvalid(VerificationFailed):
    """A tile or an entry bundle is not of the tree that a checkpoint speaks of."""

    path: str
    size: int

    sentence = "What is shown as {path} is not of the log of {size} entries that the checkpoint speaks of."
    advice = "Keep the checkpoint and the tile as evidence, and ask a mirror."


@dataclass(eq=False)
class UnknownLog(InvalidInput):
    """A witness knows only the logs that it was told of."""

    origin: str

    sentence = "There is no log {origin!r} here."
    advice = "Add the log and its key to the settings."


@dataclass(eq=False)
class WitnessConflict(InvalidInput):
    """The proof does not begin where the witness's last checkpoint of the log was (C2SP tlog-witness, 409)."""

    expected_size: int
    actual_size: int

    sentence = "The witness has seen the log at {actual_size} entries, not at {expected_size}."
    advice = "Send the consistency proof from the size that the witness has seen."


@dataclass(eq=False)
class WitnessRefused(VerificationFailed):
    """A witness does not cosign: the checkpoint is not a continuation of what it has seen, or not the log's."""

    witness: str
    reason: str

    sentence = "The witness {witness} does not cosign: {reason}."
    advice = "Compare what the witness has seen with the log; the two may be different logs under one name."


@dataclass(eq=False)
class SubjectOnHold(NotAuthorised):
    """What is under a legal hold is not erased."""

    subject: str
    hold: str

    sentence = "Nothing about {subject} is erased while it is under the hold {hold!r}."
    advice = "Release the hold first, if it may be."


@dataclass(eq=False)
class HoldExists(InvalidInput):
    """A subject has one hold of a name at a time."""

    subject: str
    hold: str

    sentence = "There is a hold {hold!r} on {subject} already."
    advice = "Choose another name."


@dataclass(eq=False)
class UnknownHold(InvalidInput):
    """There is nothing to release."""

    subject: str
    hold: str

    sentence = "There is no hold {hold!r} on {subject}."
    advice = "Ask for the holds that are in force."


@dataclass(eq=False)
class BodyErased(InvalidInput):
    """The key of the entry's subject was destroyed: only its place, time and commitment remain."""

    index: int

    sentence = "What entry {index} said was erased."
    advice = "Its place in the log can still be proven."


@dataclass(eq=False)
class BodyChanged(VerificationFailed):
    """An entry and its salt do not lead to the commitment in their leaf."""

    index: int

    sentence = "What is shown as entry {index} is not what the log committed to."


@dataclass(eq=False)
class TokenRefused(NotAuthorised):
    """Whoever submits entries to a log's service has to have its token."""

    sentence = "The token is missing, or it is not the one that the service takes."
    advice = "Send the token that the log's operator gave out, as 'Authorization: Bearer <token>'."


@dataclass(eq=False)
class RequestTooLarge(InvalidInput):
    """A service bounds what one request may bring."""

    limit: int
    unit: str

    sentence = "The request has more than {limit} {unit}."
    advice = "Send it in several requests."
