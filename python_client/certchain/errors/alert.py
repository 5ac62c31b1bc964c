"""What is wrong with an alert's document, or with a notification of one."""

from dataclasses import dataclass

from certchain.errors.base import VerificationFailed

__all__ = ["AlertInvalid", "WebhookForged", "WebhookReplayed"]


@dataclass(eq=False)
class AlertInvalid(VerificationFailed):
    """The document is not the alert that it says it is."""

    reason: str

    sentence = "This is no alert of the certification server: {reason}."


@dataclass(eq=False)
class WebhookForged(VerificationFailed):
    """The request is not what the certification server sent to this address."""

    reason: str

    sentence = "This request is not the certification server's: {reason}."
    advice = "Answer it with 401, and act on nothing that it says."


@dataclass(eq=False)
class WebhookReplayed(VerificationFailed):
    """The request is genuine, and was seen before."""

    delivery: str

    sentence = "Delivery {delivery} was taken already."
    advice = "Answer it with 200, and do nothing more: the answer to the first may have been lost."
