"""Counterparts of the errors of ``ILoginLog``, with the same values in the same order."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, VerificationFailed

__all__ = [
    "EmptyBatch",
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
