"""The network's own CA: issues a short-lived TLS certificate for whom its operator names, to who has proven to hold the key."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certchain.errors import CertificateInvalid, MalformedValue, SignatureInvalid
from certchain.keys.certificate import CaCertificate, name_uri, parse_certificate, verify_in_force
from certchain.models.certificate import CertifiedName
from certchain.models.identifier import Party, PartyKind

DAY = 24 * 60 * 60
CA_LIFETIME = 3650 * DAY
LIFETIME = 30 * DAY
"""Seconds that a certificate is in force: so long at most serves one whose key was stolen, for the CA keeps no list of them."""
_SKEW = 5 * 60  # seconds: peers' clocks may be behind the CA's
_SCALAR_LENGTH = 32
_ORGANISATION = "certchain"
_LONGEST_HOST, _LONGEST_LABEL = 253, 63  # RFC 1035, 2.3.4


@dataclass(frozen=True, slots=True)
class _Holder:
    name: x509.Name
    key: EllipticCurvePublicKey


@dataclass(frozen=True, eq=False)
class CertificateAuthority:
    """A CA of one network. Its certificate says that none can be below it."""

    _key: EllipticCurvePrivateKey = field(repr=False)
    certificate: CaCertificate

    @classmethod
    def make(cls, network: bytes, now: int) -> "CertificateAuthority":
        """A fresh CA for a network (32 bytes), in force for ten years from ``now``, in seconds since the epoch."""
        key = generate_private_key(SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
                x509.NameAttribute(NameOID.COMMON_NAME, network.hex()),
            ]
        )
        itself = _Holder(name, key.public_key())
        builder = _builder(itself, itself, now, CA_LIFETIME)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(certificates=True), critical=True)
        return cls(key, CaCertificate(network, builder.sign(key, SHA256()).public_bytes(Encoding.DER)))

    @classmethod
    def from_private_bytes(cls, data: bytes) -> "CertificateAuthority":
        """Reads what ``private_bytes`` gave. Raises ``MalformedValue``."""
        scalar, der = int.from_bytes(data[:_SCALAR_LENGTH]), data[_SCALAR_LENGTH:]
        try:
            key, certificate = derive_private_key(scalar, SECP256R1()), parse_certificate(der)
            network = bytes.fromhex(str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value))
            ca = cls(key, CaCertificate(network, der))
        except (ValueError, IndexError, CertificateInvalid):
            raise MalformedValue("certificate authority", "it is not what was kept") from None
        if certificate.public_key() != key.public_key():
            raise MalformedValue("certificate authority", "its certificate is for another key")
        return ca

    def private_bytes(self) -> bytes:
        """The P-256 scalar (32 bytes, big-endian) and the certificate: a secret, for an encrypted file only."""
        return self._key.private_numbers().private_value.to_bytes(_SCALAR_LENGTH) + self.certificate.der

    def issue(
        self, request: bytes, name: CertifiedName, *, now: int, hosts: Sequence[str] = (), lifetime: int = LIFETIME
    ) -> bytes:
        """A certificate (DER) for ``name`` and the key of a request (PKCS #10, DER), which nothing else is taken from.

        It lets its holder ask; a service, answer too. ``hosts`` are the addresses and DNS names at which a service answers, for browsers
        and monitors: parties go by the name. Raises ``MalformedValue`` for a request or host that cannot be read, and for hosts of a
        name that is no service's; ``SignatureInvalid`` for a request that was not made with its key.
        """
        is_server = isinstance(name, Party) and name.kind is PartyKind.SERVICE
        if hosts and not is_server:
            raise MalformedValue("hosts", f"{name} is no service")
        key, issuer = _requested_key(request), parse_certificate(self.certificate.der)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(name))])
        builder = _builder(_Holder(subject, key), _Holder(issuer.subject, self._key.public_key()), now, lifetime)
        names = [x509.UniformResourceIdentifier(name_uri(self.certificate.network, name)), *map(_host, hosts)]
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if is_server else [])]
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, SHA256()).public_bytes(Encoding.DER)

    def renew(self, certificate: bytes, request: bytes, *, now: int, lifetime: int = LIFETIME) -> bytes:
        """A certificate for the same name and hosts as one that is in force, and a fresh key.

        Raises as ``issue`` does, and ``CertificateInvalid``.
        """
        certified = verify_in_force(self.certificate.read(certificate), now)
        names = parse_certificate(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        hosts = [
            *names.get_values_for_type(x509.DNSName),
            *(str(address) for address in names.get_values_for_type(x509.IPAddress)),
        ]
        return self.issue(request, certified.name, now=now, hosts=hosts, lifetime=lifetime)


def _builder(holder: _Holder, issuer: _Holder, now: int, lifetime: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(holder.name)
        .issuer_name(issuer.name)
        .public_key(holder.key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.fromtimestamp(now - _SKEW, UTC))
        .not_valid_after(datetime.fromtimestamp(now + lifetime, UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(holder.key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """A CA signs certificates, its holders handshakes, and nobody anything else."""
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _requested_key(request: bytes) -> EllipticCurvePublicKey:
    try:
        asked = x509.load_der_x509_csr(request)
        key, possessed = asked.public_key(), asked.is_signature_valid
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise MalformedValue("certificate request", "it is not PKCS #10") from None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise MalformedValue("certificate request", "its key is not on P-256")
    if not possessed:
        raise SignatureInvalid("the certificate request")
    return key


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    if not host or len(host) > _LONGEST_HOST or any(not _is_label(label) for label in host.split(".")):
        raise MalformedValue("hosts", f"{host!r} is no address and no DNS name")
    return x509.DNSName(host)


def _is_label(label: str) -> bool:
    letters = label.replace("-", "")
    return 0 < len(label) <= _LONGEST_LABEL and letters.isalnum() and letters.isascii() and not label.startswith("-")
