"""A party's TLS key and certificate, and what both ends of a connection demand: TLS 1.3, and certificates of the network's own CA."""

import ssl
import tempfile
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from secrets import token_hex

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import serialize_key_and_certificates

from certchain.errors import CertificateInvalid, MalformedValue
from certchain.keys.certificate import CaCertificate, parse_certificate
from certchain.models.certificate import Certified

_SCALAR_LENGTH = 32
_KEPT_PEERS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class TlsKey:
    """A P-256 key that signs TLS handshakes, and nothing else."""

    _private: EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> "TlsKey":
        """A fresh key."""
        return cls(generate_private_key(SECP256R1()))

    @classmethod
    def from_private_bytes(cls, data: bytes) -> "TlsKey":
        """Reads what ``private_bytes`` gave. Raises ``MalformedValue``."""
        if len(data) != _SCALAR_LENGTH:
            raise MalformedValue("TLS key", f"it has {len(data)} bytes, not {_SCALAR_LENGTH}")
        try:
            return cls(derive_private_key(int.from_bytes(data), SECP256R1()))
        except ValueError:
            raise MalformedValue("TLS key", "it is not on P-256") from None

    def private_bytes(self) -> bytes:
        """The scalar, 32 bytes, big-endian: a secret, for an encrypted file only."""
        return self._private.private_numbers().private_value.to_bytes(_SCALAR_LENGTH)

    def request(self) -> bytes:
        """A certificate request (PKCS #10, DER) that proves possession of the key and asks for nothing: the CA knows whom it certifies."""
        builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
        return builder.sign(self._private, SHA256()).public_bytes(Encoding.DER)

    def is_key_of(self, certificate: bytes) -> bool:
        """Whether a certificate (DER) is for this key."""
        return parse_certificate(certificate).public_key() == self._private.public_key()

    def pem(self, password: str) -> bytes:
        """PKCS #8, encrypted."""
        encryption = BestAvailableEncryption(password.encode())
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)

    def bundle(self, name: str, certificate: x509.Certificate, ca: x509.Certificate, password: str) -> bytes:
        """PKCS #12 with a certificate for the key, and its CA's, under a friendly name."""
        encryption = BestAvailableEncryption(password.encode())
        return serialize_key_and_certificates(name.encode(), self._private, certificate, [ca], encryption)


@dataclass(frozen=True)
class TlsIdentity:
    """Who a party or an operator is in TLS: its key, its certificate (DER), and the CA by which it recognises the others.

    Raises ``CertificateInvalid`` when these do not belong together. One that has expired can be made: it is only accepted nowhere.
    """

    key: TlsKey
    certificate: bytes
    ca: CaCertificate

    def __post_init__(self) -> None:
        if not self.key.is_key_of(self.certificate):
            raise CertificateInvalid("it is for another key")
        _ = self.certified

    @cached_property
    def certified(self) -> Certified:
        """What the certificate says."""
        return self.ca.read(self.certificate)

    def pkcs12(self, password: str) -> bytes:
        """Key, certificate and CA as a file that browsers take (PKCS #12, RFC 7292), under a password. Raises ``MalformedValue``."""
        if not password:
            raise MalformedValue("password", "it is empty")
        certificate, ca = parse_certificate(self.certificate), parse_certificate(self.ca.der)
        return self.key.bundle(str(self.certified.name), certificate, ca, password)

    def is_due(self, now: int) -> bool:
        """Whether a third of the certificate's time, or less, is left at ``now``: then it is time to renew it."""
        lifetime = self.certified.not_after - self.certified.not_before
        return 3 * (self.certified.not_after - now) <= lifetime


def client_context(ca: CaCertificate, identity: TlsIdentity | None = None) -> ssl.SSLContext:
    """For asking a service; without an ``identity``, as nobody. It accepts servers of the CA, whatever their host.

    Which party it is, whoever uses the context has to check.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, ca)
    context.check_hostname = False
    if identity is not None:
        _load(context, identity)
    return context


class ServerTls:
    """For answering as a service. Clients need no certificate, but one that is shown has to be the CA's. Thread-safe."""

    def __init__(self, identity: TlsIdentity) -> None:
        self.identity = identity
        self.context = _context(ssl.PROTOCOL_TLS_SERVER, identity.ca)
        _load(self.context, identity)
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.num_tickets = 0  # what is resumed is not verified again
        self.peer = lru_cache(_KEPT_PEERS)(identity.ca.read)
        """What a client's certificate says. Raises ``CertificateInvalid``."""

    def renew(self, identity: TlsIdentity) -> None:
        """Uses another certificate of the same CA and name from the next connection on. Raises ``CertificateInvalid`` for any other."""
        if (identity.ca, identity.certified.name) != (self.identity.ca, self.identity.certified.name):
            raise CertificateInvalid("it is for another name, or another CA's")
        _load(self.context, identity)
        self.identity = identity


def _context(side: int, ca: CaCertificate) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.options |= ssl.OP_NO_TICKET
    context.set_alpn_protocols(["http/1.1"])
    context.load_verify_locations(cadata=ca.der)
    return context


def _load(context: ssl.SSLContext, identity: TlsIdentity) -> None:
    """Python's ``ssl`` takes a key from a file only: there is one for a moment, under a password that nobody else ever had."""
    password = token_hex(32)
    with tempfile.TemporaryDirectory(prefix="certchain-") as folder:
        file = Path(folder) / "identity.pem"
        certificate = parse_certificate(identity.certificate).public_bytes(Encoding.PEM)
        file.write_bytes(identity.key.pem(password) + certificate)
        context.load_cert_chain(file, password=password)
