"""The network's CA names whom its operator says, for whoever has the key; and every reader takes exactly its certificates."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from certchain.errors import CertificateInvalid, KeyFileUnreadable, MalformedValue, SignatureInvalid
from certchain.keys import (
    LIFETIME,
    Argon2Cost,
    CaCertificate,
    CertificateAuthority,
    KeyPair,
    ServerTls,
    TlsIdentity,
    TlsKey,
    read_key_file,
    verify_in_force,
    verify_server,
    write_key_file,
)
from certchain.keys.certificate import name_uri, parse_name_uri
from certchain.models.certificate import CertifiedName, Operator
from certchain.models.identifier import Party
from tests.tls import HOUR, LOCK, NETWORK, OLGA, PHONE, SERVER, Certificates, common_name, handmade, now, uri_of

CHEAP = Argon2Cost(iterations=1, memory=8, lanes=1)
NAMES = [LOCK, PHONE, SERVER, OLGA]


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


# ------------------------------------------------------------------------------------------------------------ whom it names


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_a_certificate_names_whom_the_ca_says(certificates: Certificates, name: CertifiedName) -> None:
    identity = certificates.identity(name)
    assert identity.certified.name == name
    assert len(identity.certified.fingerprint) == 32
    assert verify_in_force(identity.certified, now()) is identity.certified


def test_only_a_service_may_answer(certificates: Certificates) -> None:
    """A device's certificate, or an operator's, opens connections and takes none."""
    assert verify_server(certificates.identity(SERVER).certified).name == SERVER
    for name in (LOCK, PHONE, OLGA):
        with pytest.raises(CertificateInvalid, match="not for TLS servers"):
            verify_server(certificates.identity(name).certified)


def test_a_certificate_says_where_a_service_answers_only_if_the_operator_asked(certificates: Certificates) -> None:
    def hosts(identity: TlsIdentity) -> tuple[list[str], list[str]]:
        names = certificate_of(identity).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.DNSName), list(map(str, names.get_values_for_type(x509.IPAddress)))

    asked = certificates.identity(SERVER, hosts=["centre.example", "192.0.2.7", "2001:db8::1"])
    assert hosts(asked) == (["centre.example"], ["192.0.2.7", "2001:db8::1"])
    assert hosts(certificates.identity(SERVER)) == ([], [])


@pytest.mark.parametrize(
    "host", ["", "a b", "-a.example", "a..example", "x" * 64, "é.example", "a/b", ".".join(["a" * 60] * 5)]
)
def test_a_host_that_is_none_is_refused(certificates: Certificates, host: str) -> None:
    with pytest.raises(MalformedValue, match="hosts"):
        certificates.identity(SERVER, hosts=[host])


@pytest.mark.parametrize("name", [LOCK, PHONE, OLGA], ids=str)
def test_who_is_no_service_gets_no_hosts(certificates: Certificates, name: CertifiedName) -> None:
    with pytest.raises(MalformedValue, match="no service"):
        certificates.identity(name, hosts=["127.0.0.1"])


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_a_name_is_read_back_from_its_uri(name: CertifiedName) -> None:
    assert parse_name_uri(NETWORK, name_uri(NETWORK, name)) == name


@pytest.mark.parametrize(
    "rest",
    ["device:0", "device:01", "device:-1", "device:1x", "device:" + "9" * 16, "user:1", "operator:Olga", "operator:.olga",
     "operator:" + "a" * 65, "device", "device:1:2", ""],
)  # fmt: skip
def test_another_uri_names_nobody(rest: str) -> None:
    with pytest.raises(CertificateInvalid):
        parse_name_uri(NETWORK, f"urn:certchain:{NETWORK.hex()}:{rest}")


def test_the_uri_of_another_network_names_nobody() -> None:
    with pytest.raises(CertificateInvalid, match="another network"):
        parse_name_uri(NETWORK, name_uri(bytes(32), LOCK))


@pytest.mark.parametrize("name", ["", "Olga", "a b", "-a", "a-", "ol:ga", "é", "a" * 65])
def test_an_operators_name_is_one_that_a_uri_can_hold(name: str) -> None:
    assert str(Operator("o.l-g_a")) == "operator o.l-g_a"
    with pytest.raises(MalformedValue):
        Operator(name)


# -------------------------------------------------------------------------------------------------------------- the request


def test_a_request_is_proof_that_its_key_is_held(certificates: Certificates) -> None:
    """The same request with another key in it, as of who has only seen a certificate, is refused."""
    mine, theirs = TlsKey.generate(), TlsKey.generate()
    request, public = mine.request(), point(mine)
    forged = request.replace(public, point(theirs))
    assert certificates.ca.issue(request, LOCK, now=now())
    assert forged != request
    with pytest.raises(SignatureInvalid):
        certificates.ca.issue(forged, LOCK, now=now())


@pytest.mark.parametrize(
    "key", [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP384R1())], ids=["Ed25519", "P-384"]
)
def test_a_request_for_another_kind_of_key_is_refused(
    certificates: Certificates, key: ed25519.Ed25519PrivateKey
) -> None:
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, algorithm)  # type: ignore[arg-type]
    with pytest.raises(MalformedValue, match="P-256"):
        certificates.ca.issue(request.public_bytes(Encoding.DER), LOCK, now=now())


@pytest.mark.parametrize("request_bytes", [b"", b"\x30\x00", b"-----BEGIN CERTIFICATE REQUEST-----"])
def test_what_is_no_request_is_refused(certificates: Certificates, request_bytes: bytes) -> None:
    with pytest.raises(MalformedValue, match="PKCS"):
        certificates.ca.issue(request_bytes, LOCK, now=now())


def test_a_curve_that_nobody_knows_is_refused(certificates: Certificates) -> None:
    """In a request and in a certificate: the library has an error of its own for it. Found by fuzzing."""
    p256, unknown = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f")
    request, certificate = TlsKey.generate().request(), certificates.identity(LOCK).certificate
    assert p256 in request
    assert p256 in certificate
    with pytest.raises(MalformedValue, match="PKCS"):
        certificates.ca.issue(request.replace(p256, unknown), LOCK, now=now())
    with pytest.raises(CertificateInvalid):
        certificates.ca.certificate.read(certificate.replace(p256, unknown))


def test_what_a_request_asks_for_beside_its_key_is_not_granted(certificates: Certificates) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    wish = x509.CertificateSigningRequestBuilder(common_name("service 3"))
    wish = wish.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    uri = x509.UniformResourceIdentifier(name_uri(NETWORK, SERVER))
    wish = wish.add_extension(x509.SubjectAlternativeName([uri]), critical=False)
    der = certificates.ca.issue(wish.sign(key, SHA256()).public_bytes(Encoding.DER), LOCK, now=now())
    certified = certificates.ca.certificate.read(der)
    assert (certified.name, certified.is_server) == (LOCK, False)


# ------------------------------------------------------------------------------------------------------------- time, renewal


def test_a_certificate_is_in_force_for_thirty_days(certificates: Certificates) -> None:
    certified = certificates.identity(LOCK, lifetime=LIFETIME).certified
    assert verify_in_force(certified, now() + 30 * 24 * HOUR - 60)
    with pytest.raises(CertificateInvalid, match="expired"):
        verify_in_force(certified, now() + 30 * 24 * HOUR + 60)
    with pytest.raises(CertificateInvalid, match="yet"):
        verify_in_force(certified, now() - HOUR)


def test_a_certificate_is_renewed_for_the_same_name_and_a_fresh_key(certificates: Certificates) -> None:
    old, fresh = certificates.server(), TlsKey.generate()
    renewed = TlsIdentity(fresh, certificates.ca.renew(old.certificate, fresh.request(), now=now()), old.ca)
    assert renewed.certified.name == old.certified.name
    assert renewed.certified.fingerprint != old.certified.fingerprint
    names = certificate_of(renewed).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]


def test_an_expired_certificate_is_not_renewed(certificates: Certificates) -> None:
    old = certificates.identity(LOCK, at=now() - 2 * HOUR)
    with pytest.raises(CertificateInvalid, match="expired"):
        certificates.ca.renew(old.certificate, TlsKey.generate().request(), now=now())


def test_renewal_is_due_in_the_last_third(certificates: Certificates) -> None:
    identity = certificates.identity(LOCK, lifetime=LIFETIME)
    assert not identity.is_due(now() + LIFETIME // 2)
    assert identity.is_due(now() + LIFETIME * 3 // 4)


def test_no_two_certificates_have_the_same_number(certificates: Certificates) -> None:
    numbers = {certificate_of(certificates.identity(LOCK)).serial_number for _ in range(20)}
    assert len(numbers) == 20
    assert min(numbers).bit_length() > 64


def test_a_server_takes_its_renewed_certificate_and_no_other(certificates: Certificates) -> None:
    tls, renewed = ServerTls(certificates.server()), certificates.server()
    tls.renew(renewed)
    assert tls.identity is renewed
    with pytest.raises(CertificateInvalid, match="another name"):
        tls.renew(certificates.identity(LOCK))
    with pytest.raises(CertificateInvalid, match="another CA"):
        tls.renew(Certificates().server())


# ------------------------------------------------------------------------------------------------------------ what is refused


def test_a_ca_of_the_same_network_that_someone_made_is_not_the_networks(certificates: Certificates) -> None:
    made = Certificates()
    with pytest.raises(CertificateInvalid, match="not signed"):
        certificates.ca.certificate.read(made.identity(SERVER).certificate)


def test_another_networks_certificate_is_refused(certificates: Certificates) -> None:
    elsewhere = Certificates(bytes(32))
    with pytest.raises(CertificateInvalid):
        certificates.ca.certificate.read(elsewhere.identity(SERVER).certificate)
    with pytest.raises(CertificateInvalid, match="another network"):
        CaCertificate(NETWORK, elsewhere.ca.certificate.der)


def test_the_cas_own_certificate_names_nobody(certificates: Certificates) -> None:
    with pytest.raises(CertificateInvalid, match="a CA's own"):
        certificates.ca.certificate.read(certificates.ca.certificate.der)


@pytest.mark.parametrize("path_length", [None, 1])
def test_a_ca_that_could_have_others_below_it_is_not_the_networks(path_length: int | None) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), common_name(NETWORK.hex())
    der = handmade(key, name, [], subject=name, key=key.public_key(), below=path_length, ca=True)
    with pytest.raises(CertificateInvalid, match="others below"):
        CaCertificate(NETWORK, der)
    assert CaCertificate(NETWORK, handmade(key, name, [], subject=name, key=key.public_key(), below=0, ca=True))


def test_a_holders_certificate_is_no_cas(certificates: Certificates) -> None:
    with pytest.raises(CertificateInvalid):
        CaCertificate(NETWORK, certificates.identity(SERVER).certificate)


def test_a_certificate_below_a_holders_is_refused(certificates: Certificates) -> None:
    """A party cannot certify another: the path ends at the CA."""
    lock = certificates.identity(LOCK)
    der = handmade(lock.key._private, certificate_of(lock).subject, [uri_of(SERVER)])
    with pytest.raises(CertificateInvalid, match="not signed"):
        certificates.ca.certificate.read(der)


def test_one_bit_changed_is_refused(certificates: Certificates) -> None:
    der = bytearray(certificates.identity(LOCK).certificate)
    for place in range(10, len(der), 37):
        der[place] ^= 1
        with pytest.raises(CertificateInvalid):
            certificates.ca.certificate.read(bytes(der))
        der[place] ^= 1


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"certificate", bytes(500)])
def test_what_is_no_certificate_is_refused(certificates: Certificates, der: bytes) -> None:
    with pytest.raises(CertificateInvalid):
        certificates.ca.certificate.read(der)


ISSUED_WRONGLY = {
    "no URI": ([], {}),
    "two URIs": ([LOCK, PHONE], {}),
    "for servers only": ([SERVER], {"usages": [ExtendedKeyUsageOID.SERVER_AUTH]}),
    "without usages": ([LOCK], {"usages": None}),
    "over SHA-384": ([LOCK], {"algorithm": SHA384()}),
    "for an RSA key": ([LOCK], {"key": rsa.generate_private_key(65537, 2048).public_key()}),
}


@pytest.mark.parametrize(("names", "others"), ISSUED_WRONGLY.values(), ids=ISSUED_WRONGLY)
def test_what_the_ca_never_issues_is_refused_even_with_its_signature(
    certificates: Certificates, names: list[Party], others: dict[str, object]
) -> None:
    issuer = x509.load_der_x509_certificate(certificates.ca.certificate.der).subject
    made = handmade(certificates.ca._key, issuer, [uri_of(name) for name in names], **others)
    with pytest.raises(CertificateInvalid):
        certificates.ca.certificate.read(made)
    assert certificates.ca.certificate.read(handmade(certificates.ca._key, issuer, [uri_of(LOCK)])).name == LOCK


# ------------------------------------------------------------------------------------------------------------------- keeping


def test_the_ca_and_a_tls_key_are_kept_under_a_passphrase(certificates: Certificates, tmp_path: Path) -> None:
    key = TlsKey.generate()
    write_key_file(tmp_path / "ca.key", certificates.ca, "open sesame", CHEAP)
    write_key_file(tmp_path / "tls.key", key, "open sesame", CHEAP)
    kept = read_key_file(tmp_path / "ca.key", CertificateAuthority, "open sesame")
    assert kept.certificate == certificates.ca.certificate
    identity = TlsIdentity(key, kept.issue(key.request(), LOCK, now=now()), certificates.ca.certificate)
    assert read_key_file(tmp_path / "tls.key", TlsKey, "open sesame").is_key_of(identity.certificate)


def test_a_file_of_another_kind_is_no_cas(tmp_path: Path) -> None:
    write_key_file(tmp_path / "a.key", KeyPair.generate(), "open sesame", CHEAP)
    for kind in (CertificateAuthority, TlsKey):
        with pytest.raises(KeyFileUnreadable, match="it holds no"):
            read_key_file(tmp_path / "a.key", kind, "open sesame")


def test_what_is_no_ca_or_key_is_refused(certificates: Certificates) -> None:
    other = certificates.identity(LOCK).certificate
    scalar = certificates.ca.private_bytes()[:32]
    for data in (
        b"",
        bytes(32),
        scalar,
        scalar + other,
        TlsKey.generate().private_bytes() + certificates.ca.certificate.der,
    ):
        with pytest.raises(MalformedValue):
            CertificateAuthority.from_private_bytes(data)
    for data in (b"", bytes(32), bytes(31)):
        with pytest.raises(MalformedValue):
            TlsKey.from_private_bytes(data)


def test_an_identity_is_a_key_with_its_own_certificate(certificates: Certificates) -> None:
    with pytest.raises(CertificateInvalid, match="another key"):
        TlsIdentity(TlsKey.generate(), certificates.identity(LOCK).certificate, certificates.ca.certificate)


def test_an_operators_browser_takes_the_identity_under_a_password(certificates: Certificates) -> None:
    olga = certificates.identity(OLGA)
    key, certificate, others = pkcs12.load_key_and_certificates(olga.pkcs12("open sesame"), b"open sesame")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert certificate == certificate_of(olga)
    assert key.public_key() == certificate_of(olga).public_key()
    assert [each.public_bytes(Encoding.DER) for each in others] == [certificates.ca.certificate.der]
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_key_and_certificates(olga.pkcs12("open sesame"), b"guessed")
    with pytest.raises(MalformedValue):
        olga.pkcs12("")


def test_no_secret_is_shown(certificates: Certificates) -> None:
    identity = certificates.identity(LOCK)
    secret = identity.key.private_bytes()
    for shown in (repr(identity), repr(identity.key), repr(certificates.ca)):
        assert secret.hex() not in shown
        assert "PrivateKey" not in shown


# ------------------------------------------------------------------------------------------------------------------- helpers


def certificate_of(identity: TlsIdentity) -> x509.Certificate:
    return x509.load_der_x509_certificate(identity.certificate)


def point(key: TlsKey) -> bytes:
    numbers = key._private.public_key().public_numbers()
    return numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
