"""What an auditor finds: what exactly is wrong with a log, and under which name the evidence was kept."""

from dataclasses import dataclass

from certchain.errors.certification import LogInconsistent

__all__ = [
    "BodyNotCommitted",
    "ChainRolledBack",
    "DatabaseRolledBack",
    "EntriesReordered",
    "EntryBackdated",
    "EntryChanged",
    "EntryInserted",
    "EntryRemoved",
    "ErasedWithoutRecord",
    "GarbageOnChain",
    "LogGap",
    "LyingWitness",
    "SplitView",
    "WrongIndex",
    "WrongLog",
]


@dataclass(eq=False)
class LogFinding(LogInconsistent):
    """A finding about the log ``origin``, from the entry ``index`` on.

    ``evidence`` is the name of the file, in the auditor's store, that anyone can check again; empty until it was kept. ``also`` has those
    of what was found besides, with a space between them.
    """

    origin: str = ""
    evidence: str = ""
    also: str = ""

    advice = "Stop relying on the log's server, and give the evidence to whoever has to judge it."


@dataclass(eq=False)
class EntryChanged(LogFinding):
    """The log has another entry in this place than the chain, or than it has signed for."""

    sentence = "Entry {index} of {origin} was changed: {reason}."


@dataclass(eq=False)
class EntryRemoved(LogFinding):
    """The log goes on with what stands later on the chain."""

    sentence = "Entry {index} of {origin} was removed: {reason}."


@dataclass(eq=False)
class EntryInserted(LogFinding):
    """What the chain has here stands later in the log."""

    sentence = "Before entry {index} of {origin} something was inserted: {reason}."


@dataclass(eq=False)
class EntriesReordered(LogFinding):
    """Log and chain have the same entries in another order."""

    sentence = "From entry {index} of {origin} on, entries were reordered: {reason}."


@dataclass(eq=False)
class DatabaseRolledBack(LogFinding):
    """The log shows a smaller checkpoint than it has signed before."""

    sentence = "The log {origin} was rolled back to {index} entries: {reason}."


@dataclass(eq=False)
class ChainRolledBack(LogFinding):
    """The chain, as the node shows it, has not got what it had at the last audit."""

    sentence = "The chain has another log {origin} than at the last audit, at {index} entries: {reason}."
    advice = "Ask another node, and find out which chain the network is on."


@dataclass(eq=False)
class SplitView(LogFinding):
    """The log has signed two checkpoints that cannot both be of one log."""

    sentence = "The log {origin} shows two views that differ before entry {index}: {reason}."


@dataclass(eq=False)
class LyingWitness(SplitView):
    """A witness has cosigned both of two checkpoints that cannot both be of one log."""

    witness: str = ""

    sentence = "The witness {witness} cosigned two views of {origin} that differ before entry {index}: {reason}."
    advice = (
        "Stop counting the witness's cosignatures, and those of the log; give the evidence to whoever has to judge it."
    )


@dataclass(eq=False)
class WrongLog(LogFinding):
    """A checkpoint of another log stands where this one's should."""

    sentence = "The checkpoint is not of the log {origin}: {reason}."
    advice = "Check where the log is read from."


@dataclass(eq=False)
class GarbageOnChain(LogFinding):
    """The chain has what the log's server never signed for: ``account`` brought it by ``transaction`` (in hex)."""

    account: str = ""
    transaction: str = ""

    sentence = (
        "From entry {index} of {origin} on, the chain has what the log's server never signed for, "
        "by account {account} in transaction {transaction}: {reason}."
    )
    advice = "Withdraw the appender role from the account, and find out who holds its key."


@dataclass(eq=False)
class WrongIndex(LogFinding):
    """An entry carries another index than its place."""

    sentence = "Entry {index} of {origin} is not in its place: {reason}."


@dataclass(eq=False)
class EntryBackdated(LogFinding):
    """An entry's time cannot be: before the entry in front of it, before it can have been logged, or after it was seen."""

    sentence = "Entry {index} of {origin} carries a wrong time: {reason}."


@dataclass(eq=False)
class LogGap(LogFinding):
    """Something that the signed checkpoint calls for cannot be had, or is not what was signed."""

    sentence = "The log {origin} has a gap at entry {index}: {reason}."
    advice = "Ask a mirror for what is missing; if no one has it, the log's server has lost or hidden it."


@dataclass(eq=False)
class BodyNotCommitted(LogFinding):
    """What the log's server says an entry says is not what its leaf commits to."""

    sentence = "Entry {index} of {origin} does not say what it is said to: {reason}."


@dataclass(eq=False)
class ErasedWithoutRecord(LogFinding):
    """An entry's body is gone, and the log has no record of an erasure that would explain it."""

    sentence = "What entry {index} of {origin} said is gone: {reason}."
