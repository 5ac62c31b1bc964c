"""TLS certificates of the network's own CA, read strictly (RFC 5280): whom one names, or why it is not to be relied on.

A certificate names its holder by exactly one URI: a party by ``urn:certchain:<network>:<kind>:<number>``, an operator by
``urn:certchain:<network>:operator:<name>``; the network in 64 hexadecimal digits. The keys on the chain stay the authority: a
certificate opens connections, and signs no message.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certchain.errors import CertificateInvalid, MalformedValue
from certchain.models.certificate import Certified, CertifiedName, Operator
from certchain.models.identifier import Party, PartyKind

_URI = re.compile(r"urn:certchain:([0-9a-f]{64}):([a-z-]+):([a-z0-9._-]+)")
_NUMBER = re.compile(r"[1-9][0-9]{0,14}")
_OPERATOR = "operator"

Extension = TypeVar("Extension", bound=x509.ExtensionType)


def name_uri(network: bytes, name: CertifiedName) -> str:
    """The URI by which a certificate names its holder."""
    kind, which = (_OPERATOR, name.name) if isinstance(name, Operator) else (name.kind.value, str(name.number))
    return f"urn:certchain:{network.hex()}:{kind}:{which}"


def parse_name_uri(network: bytes, uri: str) -> CertifiedName:
    """Whom a URI names on this network. Raises ``CertificateInvalid``."""
    found = _URI.fullmatch(uri)
    if found is None:
        raise CertificateInvalid("its URI is none of certchain's")
    named_network, kind, which = found.groups()
    if named_network != network.hex():
        raise CertificateInvalid("it is for another network")
    try:
        return Operator(which) if kind == _OPERATOR else Party(PartyKind(kind), _number(which))
    except (ValueError, MalformedValue):
        raise CertificateInvalid(f"{kind}:{which} is no party and no operator") from None


@dataclass(frozen=True)
class CaCertificate:
    """The certificate of a network's own CA (DER): all that a party needs to recognise the others.

    Raises ``CertificateInvalid`` for what is no such certificate, or another network's.
    """

    network: bytes
    der: bytes

    def __post_init__(self) -> None:
        certificate = self._certificate
        if _common_name(certificate) != self.network.hex():
            raise CertificateInvalid("the CA is another network's")
        constraints = _extension(certificate, x509.BasicConstraints)
        if not constraints.ca or constraints.path_length != 0:
            raise CertificateInvalid("the CA's certificate is not one of a CA without others below it")
        self._require_signed(certificate)

    def read(self, der: bytes) -> Certified:
        """What a certificate of this CA says; ``verify_in_force`` says whether it still does. Raises ``CertificateInvalid``."""
        certificate = parse_certificate(der)
        self._require_signed(certificate)
        if _extension(certificate, x509.BasicConstraints).ca:
            raise CertificateInvalid("it is a CA's own")
        usages = set(_extension(certificate, x509.ExtendedKeyUsage))
        if ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
            raise CertificateInvalid("it is not for TLS clients")
        return Certified(
            name=self._name(certificate),
            fingerprint=hashlib.sha256(der).digest(),
            not_before=int(certificate.not_valid_before_utc.timestamp()),
            not_after=int(certificate.not_valid_after_utc.timestamp()),
            is_server=ExtendedKeyUsageOID.SERVER_AUTH in usages,
        )

    @cached_property
    def _certificate(self) -> x509.Certificate:
        return parse_certificate(self.der)

    def _require_signed(self, certificate: x509.Certificate) -> None:
        try:
            certificate.verify_directly_issued_by(self._certificate)
        except (InvalidSignature, ValueError, TypeError):
            raise CertificateInvalid("it is not signed by this network's CA") from None

    def _name(self, certificate: x509.Certificate) -> CertifiedName:
        uris = _extension(certificate, x509.SubjectAlternativeName).get_values_for_type(x509.UniformResourceIdentifier)
        if len(uris) != 1:
            raise CertificateInvalid(f"it has {len(uris)} URIs, not one")
        return parse_name_uri(self.network, uris[0])


def parse_certificate(der: bytes) -> x509.Certificate:
    """A certificate with a P-256 key and a signature over SHA-256. Raises ``CertificateInvalid`` for anything else."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key, algorithm = certificate.public_key(), certificate.signature_hash_algorithm
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise CertificateInvalid("it is no X.509 certificate") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise CertificateInvalid("its key is not on P-256")
    if not isinstance(algorithm, SHA256):
        raise CertificateInvalid("it is not signed over SHA-256")
    return certificate


def verify_in_force(certified: Certified, now: int) -> Certified:
    """Returns what a certificate says if it is in force at ``now`` (seconds since the epoch). Raises ``CertificateInvalid``."""
    if now < certified.not_before:
        raise CertificateInvalid("it is not in force yet")
    if now > certified.not_after:
        raise CertificateInvalid("it has expired")
    return certified


def verify_server(certified: Certified) -> Certified:
    """Returns what a certificate says if its holder may answer as a service. Raises ``CertificateInvalid``."""
    if not certified.is_server:
        raise CertificateInvalid("it is not for TLS servers")
    return certified


def _number(written: str) -> int:
    if not _NUMBER.fullmatch(written):
        raise ValueError
    return int(written)


def _common_name(certificate: x509.Certificate) -> object:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return names[0].value if len(names) == 1 else None


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError, TypeError):
        raise CertificateInvalid(f"its extension {kind.__name__} is missing or malformed") from None
