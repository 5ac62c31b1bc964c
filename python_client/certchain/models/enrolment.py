"""How a party asks to be enrolled, and what it gets."""

from dataclasses import dataclass

from certchain.models.certification import UserDeviceInformation
from certchain.models.identifier import Party
from certchain.models.production import BatchMembership, DeviceDescription


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """A party asks to be enrolled, signed under the keys that it wants enrolled: so it has the signing key. Its party has number 0.

    Exactly one of ``device`` and ``user_device`` describes a device; neither does a service, which is known by ``service`` to its operator.
    ``certificate_request`` is PKCS #10 (RFC 2986), DER, for the party's TLS key. With a ``membership`` a device needs no operator.
    """

    device: DeviceDescription | None
    user_device: UserDeviceInformation | None
    service: str | None
    certificate_request: bytes
    membership: BatchMembership | None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The identifier that the chain issued, and the TLS certificate (X.509, DER) of the network's CA for it."""

    party: Party
    certificate: bytes


@dataclass(frozen=True, slots=True)
class EnrolmentAnswer:
    """``sealed`` holds an ``Enrolled`` for the exchange key that was enrolled: only who has that one, too, can use the answer."""

    sealed: bytes


@dataclass(frozen=True, slots=True)
class CertificateRenewal:
    """An enrolled party asks, signed, for a certificate for another TLS key (PKCS #10, DER); the answer is a signed ``Enrolled``."""

    certificate_request: bytes
