"""Counterparts of the errors of ``ILoginLog``, with the same values in the same order."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, VerificationFailed

__all__ = [
    "EmptyBatch",
    "FrontierLength",
    "FrontierMismatch",
    "IndexOutOfRange",
    "NotIncluded",
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
    contract_error = "LoginLog_SizeMismatch"


@dataclass(eq=False)
class EmptyBatch(InvalidInput):
    """A batch has one leaf or more."""

    sentence = "There is nothing to append."
    contract_error = "LoginLog_EmptyBatch"


@dataclass(eq=False)
class FrontierLength(InvalidInput):
    """A frontier has one hash for each set bit of the log's size."""

    length: int
    expected_length: int

    sentence = "The log's frontier has {expected_length} hashes, not {length}."
    advice = "Rebuild the tree from the log's entries, and append with its frontier."
    contract_error = "LoginLog_FrontierLength"


@dataclass(eq=False)
class FrontierMismatch(InvalidInput):
    """The frontier is that of another tree."""

    size: int

    sentence = "The frontier does not lead to the root of the log at {size} entries."
    advice = "Compare the entries with the chain's, and append with the frontier of the tree that they make."
    contract_error = "LoginLog_FrontierMismatch"


@dataclass(eq=False)
class UnknownSize(InvalidInput):
    """The log never stopped at this size."""

    size: int

    sentence = "The log has no root at size {size}."
    advice = "Ask for a size at which a batch ended."
    contract_error = "LoginLog_UnknownSize"


@dataclass(eq=False)
class IndexOutOfRange(InvalidInput):
    """The entry is not in a log of this size."""

    index: int
    size: int

    sentence = "Entry {index} is beyond a log of {size} entries."
    contract_error = "LoginLog_IndexOutOfRange"


@dataclass(eq=False)
class ProofLength(VerificationFailed):
    """An inclusion proof has one hash a level (RFC 9162, 2.1.3)."""

    length: int
    expected_length: int

    sentence = "The inclusion proof has {length} hashes, not {expected_length}."
    contract_error = "LoginLog_ProofLength"


@dataclass(eq=False)
class NotIncluded(VerificationFailed):
    """The proof does not lead from the leaf to the root."""

    leaf_hash: bytes
    index: int
    size: int

    sentence = "The log of {size} entries has another entry {index}."
    contract_error = "LoginLog_NotIncluded"
