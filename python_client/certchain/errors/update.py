"""Errors of the secure update; each refusal names the attack that it stopped."""

from dataclasses import dataclass

from certchain.errors.base import VerificationFailed

__all__ = [
    "CorruptedPackage",
    "EndlessData",
    "ForgedVerdict",
    "ForgedVersionId",
    "MixedUpProduct",
    "RollbackAttack",
    "SwappedPackage",
    "UnapprovedPackage",
    "UpdateRefused",
]


@dataclass(eq=False)
class UpdateRefused(VerificationFailed):
    """A step of the secure update did not hold."""

    step: str
    reason: str

    sentence = "{step}: the update is refused: {reason}."
    advice = "Install nothing; keep what you have."


@dataclass(eq=False)
class CorruptedPackage(UpdateRefused):
    """A7/A10: the data is not what the digest was made from."""

    sentence = "{step}: corrupted package stopped: {reason}."


@dataclass(eq=False)
class SwappedPackage(UpdateRefused):
    """A9/A10: the package is another one than the chain vouches for."""

    sentence = "{step}: swapped package stopped: {reason}."


@dataclass(eq=False)
class RollbackAttack(UpdateRefused):
    """A3/A10: the version is not higher than what is installed."""

    sentence = "{step}: rollback stopped: {reason}."


@dataclass(eq=False)
class EndlessData(UpdateRefused):
    """A6: more or fewer bytes came than the chain's length says."""

    sentence = "{step}: endless data stopped: {reason}."


@dataclass(eq=False)
class ForgedVerdict(UpdateRefused):
    """A10: the verdict is not the authority's, or is for another package or question."""

    sentence = "{step}: forged verdict stopped: {reason}."


@dataclass(eq=False)
class MixedUpProduct(UpdateRefused):
    """A10: the package is made for another product line or hardware model."""

    sentence = "{step}: package of another product stopped: {reason}."


@dataclass(eq=False)
class UnapprovedPackage(UpdateRefused):
    """A9: the package is recorded but not approved, or is withdrawn."""

    sentence = "{step}: unapproved package stopped: {reason}."


@dataclass(eq=False)
class ForgedVersionId(UpdateRefused):
    """R4/R6: VerID and the authority's commitment on the chain differ."""

    sentence = "{step}: forged VerID stopped: {reason}."
    advice = "Ask the authority for the version again."
