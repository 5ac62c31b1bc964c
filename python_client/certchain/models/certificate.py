"""Whom a TLS certificate of the network names: a party that is enrolled on the chain, or an operator of a service."""

import re
from dataclasses import dataclass

from certchain.errors import MalformedValue
from certchain.models.identifier import Party

_OPERATOR_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who runs a service. The chain does not know them; their certificate lets them use a service's operator API.

    The name has 1 to 64 small letters, digits, dots, underscores and hyphens, the first and last a letter or a digit. Raises
    ``MalformedValue`` for another.
    """

    name: str

    def __post_init__(self) -> None:
        if not _OPERATOR_NAME.fullmatch(self.name):
            raise MalformedValue("operator", f"{self.name!r} is no name of an operator")

    def __str__(self) -> str:
        return f"operator {self.name}"


CertifiedName = Party | Operator


@dataclass(frozen=True, slots=True)
class Certified:
    """What a certificate of the network's own CA says.

    ``fingerprint`` is SHA-256 over the certificate's DER (32 bytes); it is in force from ``not_before`` to ``not_after``, both included,
    in seconds since the epoch. ``is_server`` says whether its holder may answer as a service, and not only ask.
    """

    name: CertifiedName
    fingerprint: bytes
    not_before: int
    not_after: int
    is_server: bool
