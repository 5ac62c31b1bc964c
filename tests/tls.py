"""A network's CA for tests, and identities of whoever is named, each valid by default."""

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certchain.keys import CertificateAuthority, TlsIdentity, TlsKey
from certchain.keys.certificate import name_uri
from certchain.models.certificate import CertifiedName, Operator
from certchain.models.identifier import (
    DeviceId,
    Party,
    ServiceId,
    UserDeviceId,
    device_party,
    service_party,
    user_device_party,
)

NETWORK = bytes(range(32))
HOUR = 3600
SERVER = service_party(ServiceId(3))
LOCK = device_party(DeviceId(1))
PHONE = user_device_party(UserDeviceId(1))
OLGA = Operator("olga")


def now() -> int:
    return int(time.time())


@dataclass(slots=True)
class Certificates:
    """The CA of one network, and who it has certified."""

    network: bytes = NETWORK
    ca: Any = field(init=False)

    def __post_init__(self) -> None:
        self.ca = CertificateAuthority.make(self.network, now())

    def identity(
        self, name: CertifiedName, *, at: int | None = None, lifetime: int = HOUR, hosts: Sequence[str] = ()
    ) -> TlsIdentity:
        key = TlsKey.generate()
        certificate = self.ca.issue(
            key.request(), name, now=now() if at is None else at, lifetime=lifetime, hosts=hosts
        )
        return TlsIdentity(key, certificate, self.ca.certificate)

    def server(self, party: Party = SERVER) -> TlsIdentity:
        return self.identity(party, hosts=["127.0.0.1", "localhost"])

    def issued_wrongly(self, names: Sequence[Party] = ()) -> TlsIdentity:
        """An identity that the CA has signed, though its certificate is none that it issues; unchecked here."""
        key = TlsKey.generate()
        issuer = x509.load_der_x509_certificate(self.ca.certificate.der).subject
        public = key._private.public_key()
        der = handmade(self.ca._key, issuer, [uri_of(each) for each in names], key=public)
        identity = TlsIdentity.__new__(TlsIdentity)
        identity.__dict__.update(key=key, certificate=der, ca=self.ca.certificate)
        return identity


def uri_of(party: Party) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(name_uri(NETWORK, party))


def common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def handmade(
    signer: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    names: Sequence[x509.UniformResourceIdentifier],
    *,
    usages: Sequence[x509.ObjectIdentifier] | None = (ExtendedKeyUsageOID.CLIENT_AUTH,),
    algorithm: Any = None,
    key: Any = None,
    subject: x509.Name | None = None,
    ca: bool = False,
    below: int | None = None,
) -> bytes:
    """A certificate that is right but for what is said."""
    today = dt.datetime.now(dt.UTC)
    key = key or ec.generate_private_key(ec.SECP256R1()).public_key()
    builder = x509.CertificateBuilder().subject_name(subject or common_name("handmade")).issuer_name(issuer)
    builder = builder.public_key(key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(today).not_valid_after(today + dt.timedelta(hours=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=below), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    signer_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(signer_identifier, critical=False)
    if usages is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, algorithm or SHA256()).public_bytes(Encoding.DER)
