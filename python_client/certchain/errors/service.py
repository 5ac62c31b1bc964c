"""Errors between a service and those who ask it: certificates, and how much it takes at a time."""

from dataclasses import dataclass

from certchain.errors.base import NotAuthorised, Unavailable, VerificationFailed

__all__ = [
    "CertificateInvalid",
    "CertificateMissing",
    "CertificateRefused",
    "ForeignPage",
    "OperatorRequired",
    "PartyRequired",
    "ServiceBusy",
    "TooManyRequests",
    "WrongPeer",
]


@dataclass(eq=False)
class CertificateInvalid(VerificationFailed):
    """A TLS certificate is not one of this network's, not in force, or not for this use."""

    reason: str

    sentence = "The certificate cannot be relied on: {reason}."


@dataclass(eq=False)
class WrongPeer(VerificationFailed):
    """The other end of a channel has proven who it is, and is not the party that was to answer."""

    expected: str
    actual: str

    sentence = "The channel leads to {actual}, not to {expected}."
    advice = "Check the address; if it is right, do not trust what answers there, and report it."


@dataclass(eq=False)
class CertificateRefused(NotAuthorised):
    """A service has ended the TLS handshake, because of the certificate that it was shown."""

    peer: str
    reason: str

    sentence = "{peer} does not accept the certificate of this party: {reason}."
    advice = "Renew the certificate, or ask the service's operator for one of its network."


@dataclass(eq=False)
class CertificateMissing(NotAuthorised):
    """What was asked takes a client certificate, and there was none in the connection's handshake."""

    sentence = "This takes a certificate of the network, and none was shown."
    advice = "Connect with the TLS certificate that enrolment has given."


@dataclass(eq=False)
class PartyRequired(NotAuthorised):
    """Messages come from parties that are enrolled; an operator is none."""

    name: str

    sentence = "Messages are taken from enrolled parties, and {name} is none."
    advice = "Connect with a party's certificate; an operator uses the operator API."


@dataclass(eq=False)
class ForeignPage(NotAuthorised):
    """A browser that has the operator's certificate asks on behalf of another site's page."""

    sentence = "A page of another site asked for this in the operator's browser."
    advice = "Ask from the service's own page, or by a program; and find out which page it was."


@dataclass(eq=False)
class OperatorRequired(NotAuthorised):
    """The operator API is for operators' certificates; a party's is none."""

    name: str

    sentence = "The operator API is for operators, and {name} is none."
    advice = "Connect with an operator's certificate."


@dataclass(eq=False)
class TooManyRequests(Unavailable):
    """One peer, or one address, has asked more often than a service allows."""

    retry_after: int

    sentence = "More requests than are allowed; the next is taken in {retry_after} s."
    advice = "Ask again after that time, and less often."


@dataclass(eq=False)
class ServiceBusy(Unavailable):
    """As many requests as a service works on at a time are under way, or it is about to stop."""

    retry_after: int

    sentence = "The service has as much to do as it takes; ask again in {retry_after} s."
