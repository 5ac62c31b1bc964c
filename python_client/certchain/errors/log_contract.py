"""Counterparts of the errors of ``ILog``, with the same values in the same order; that of ``Log_NotConsistent`` stands in ``log``."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, VerificationFailed

__all__ = [
    "EmptyBatch",
    "FrontierLength",
    "FrontierMismatch",
    "IndexOutOfRange",
    "NotIncluded",
    "NotLarger",
    "ProofLength",
    "SizeMismatch",
    "UnknownSize",
]


@dataclass(eq=False)
class SizeMismatch(InvalidInput):
    """The batch is stale, or was appended already."""

    expected_size: int
    actual_size: int

    sentence = "The log has {actual_size} entries, not {expected_size}."
    advice = "Read the log's size, and append only what it lacks."
    contract_error = "Log_SizeMismatch"


@dataclass(eq=False)
class EmptyBatch(InvalidInput):
    """A batch makes the log larger."""

    sentence = "There is nothing to append."
    contract_error = "Log_EmptyBatch"


@dataclass(eq=False)
class NotLarger(InvalidInput):
    """An anchor is for more entries than the log has."""

    new_size: int
    size: int

    sentence = "The log has {size} entries already; {new_size} are no more than that."
    advice = "Read the log's size, and anchor only what it lacks."
    contract_error = "Log_NotLarger"


@dataclass(eq=False)
class FrontierLength(InvalidInput):
    """A frontier has one hash for each set bit of the log's size."""

    length: int
    expected_length: int

    sentence = "The log's frontier has {expected_length} hashes, not {length}."
    advice = "Rebuild the tree from the log's entries, and append with its frontier."
    contract_error = "Log_FrontierLength"


@dataclass(eq=False)
class FrontierMismatch(InvalidInput):
    """The frontier is that of another tree."""

    size: int

    sentence = "The frontier does not lead to the root of the log at {size} entries."
    advice = "Compare the entries with the chain's, and append with the frontier of the tree that they make."
    contract_error = "Log_FrontierMismatch"


@dataclass(eq=False)
class UnknownSize(InvalidInput):
    """The log never stopped at this size, or its contract has forgotten it: an anchored log's knows the newest only."""

    size: int

    sentence = "The log has no root at size {size}."
    advice = "Ask for a size at which a batch ended."
    contract_error = "Log_UnknownSize"


@dataclass(eq=False)
class IndexOutOfRange(InvalidInput):
    """The entry is not in a log of this size."""

    index: int
    size: int

    sentence = "Entry {index} is beyond a log of {size} entries."
    contract_error = "Log_IndexOutOfRange"


@dataclass(eq=False)
class ProofLength(VerificationFailed):
    """How many hashes a proof has follows from its place and sizes (RFC 9162, 2.1.3 and 2.1.4)."""

    length: int
    expected_length: int

    sentence = "The proof has {length} hashes, not {expected_length}."
    contract_error = "Log_ProofLength"


@dataclass(eq=False)
class NotIncluded(VerificationFailed):
    """The proof does not lead from the leaf to the root."""

    leaf_hash: bytes
    index: int
    size: int

    sentence = "The log of {size} entries has another entry {index}."
    contract_error = "Log_NotIncluded"
