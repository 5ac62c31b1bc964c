"""Errors of divided key data: shares, custodians, and whom they answer."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, NotAuthorised, SettingsError, Unavailable, VerificationFailed

__all__ = [
    "CustodianRefused",
    "CustodiansTooFew",
    "ShareRepeated",
    "ShareUnknown",
    "ShareWrong",
    "SharesMissing",
    "SharesNotKept",
]


@dataclass(eq=False)
class SharesMissing(Unavailable):
    """C12: too few custodians gave the share that the chain has a commitment to. ``troubles`` names each one and why."""

    commitment: str
    good: int
    threshold: int
    troubles: str

    sentence = "C12: {good} of {threshold} shares of the key data {commitment} came: {troubles}."
    advice = "Bring back the custodians that it names; put another in the place of one that is lost, by a new division."


@dataclass(eq=False)
class SharesNotKept(Unavailable):
    """A division is made only when every custodian has confirmed that it keeps its share. ``troubles`` names those that did not."""

    commitment: str
    troubles: str

    sentence = "Not every custodian has confirmed its share of the key data {commitment}: {troubles}."
    advice = "Bring back the custodians that it names, then try again; nothing was divided."


@dataclass(eq=False)
class CustodiansTooFew(SettingsError):
    """The risk level asks for more custodians than the certification server knows."""

    risk: str
    needed: int
    known: int

    sentence = "Key data of {risk} risk is divided among {needed} custodians, and {known} are known."
    advice = "Enrol more custodians, and name all of them in the certification server's settings, under [custodians]."


@dataclass(eq=False)
class ShareWrong(VerificationFailed):
    """A share, an answer or an acknowledgement is not what it has to be."""

    custodian: int
    reason: str

    sentence = "What came from custodian {custodian} is wrong: {reason}."


@dataclass(eq=False)
class ShareUnknown(InvalidInput):
    """A custodian keeps no such share for this certification server, or the division is not the one in use."""

    commitment: str
    number: int

    sentence = "No share of division {number} of the key data {commitment} is kept here for who asks."
    advice = "Read the chain's newest division, and ask for that."


@dataclass(eq=False)
class ShareRepeated(VerificationFailed):
    """A question that the custodian has answered came again."""

    sentence = "This question was answered before."
    advice = "Ask with a fresh nonce."


@dataclass(eq=False)
class CustodianRefused(NotAuthorised):
    """The certification server is not one that the custodian keeps shares for."""

    server: int

    sentence = "This custodian keeps no shares for service {server}."
    advice = "Have the custodian's operator name the certification server."
