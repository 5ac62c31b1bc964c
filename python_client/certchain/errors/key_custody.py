"""Counterparts of the errors of ``IKeyCustody``, with the same values in the same order."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput

__all__ = [
    "DivisionNumberMismatch",
    "EmptyKeyCommitment",
    "EmptyShareCommitment",
    "MalformedDivision",
    "RepeatedCustodian",
    "UnknownDivision",
]


@dataclass(eq=False)
class EmptyKeyCommitment(InvalidInput):
    """The zero commitment stands for no registration."""

    sentence = "A division belongs to a registration commitment, and that must not be empty."
    contract_error = "KeyCustody_EmptyCommitment"


@dataclass(eq=False)
class DivisionNumberMismatch(InvalidInput):
    """The division is stale, or was committed to already."""

    commitment: bytes
    number: int
    next_number: int

    sentence = "The next division of this key has number {next_number}, not {number}."
    advice = "Read the last division; if it is not the one wanted, divide the key anew under the next number."
    contract_error = "KeyCustody_NumberMismatch"


@dataclass(eq=False)
class MalformedDivision(InvalidInput):
    """A threshold of at least one share, and not more than there are; 255 shares at most."""

    threshold: int
    share_count: int

    sentence = "A key cannot be divided so that {threshold} of {share_count} shares rebuild it."
    advice = "Choose at least one share, at most 255, and a threshold of at least one and at most all of them."
    contract_error = "KeyCustody_MalformedDivision"


@dataclass(eq=False)
class RepeatedCustodian(InvalidInput):
    """A custodian keeps one share of a division."""

    custodian: int

    sentence = "Service {custodian} stands twice among the custodians."
    contract_error = "KeyCustody_RepeatedCustodian"


@dataclass(eq=False)
class EmptyShareCommitment(InvalidInput):
    """The zero commitment stands for no share."""

    custodian: int

    sentence = "The share of service {custodian} has an empty commitment."
    contract_error = "KeyCustody_EmptyShareCommitment"


@dataclass(eq=False)
class UnknownDivision(InvalidInput):
    """The key was not divided so often."""

    commitment: bytes
    number: int

    sentence = "There is no division {number} of this key."
    contract_error = "KeyCustody_UnknownDivision"
