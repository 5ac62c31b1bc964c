"""Counterparts of the errors of ``IAlerts``, with the same values in the same order."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput

__all__ = ["AlertAlreadyRaised", "EmptyAlertDigest", "UnknownAlert"]


@dataclass(eq=False)
class UnknownAlert(InvalidInput):
    """No alert has this number."""

    number: int

    sentence = "There is no alert {number}."
    contract_error = "Alerts_UnknownAlert"


@dataclass(eq=False)
class EmptyAlertDigest(InvalidInput):
    """The zero digest stands for no document."""

    sentence = "The digest of an alert's document must not be empty."
    contract_error = "Alerts_EmptyDigest"


@dataclass(eq=False)
class AlertAlreadyRaised(InvalidInput):
    """An alert's document is raised once."""

    number: int

    sentence = "An alert with this document was raised already, as number {number}."
    advice = "Use that number."
    contract_error = "Alerts_AlreadyRaised"
