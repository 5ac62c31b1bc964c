"""Attack: get a certificate for somebody else, or a second one for oneself, by an enrolment or a renewal that is not one's own."""

from dataclasses import replace

import pytest

from certchain.channel.https import HttpsChannel
from certchain.encoding.digest import enrolment_context
from certchain.encoding.message import from_cbor
from certchain.errors import (
    CertificateInvalid,
    KeyAlreadyEnrolled,
    KeyNotInForce,
    NotInBatch,
    PartyRequired,
    SealInvalid,
    SignatureInvalid,
    WrongSigner,
)
from certchain.keys import KeyPair, ServerTls, TlsIdentity, TlsKey
from certchain.models.certification import Signed
from certchain.models.enrolment import CertificateRenewal, Enrolled, EnrolmentRequest
from certchain.models.identifier import Party, PartyKind
from certchain.models.production import DeviceDescription
from certchain.services import certification_app, running
from certchain.verification.statement import Identity
from tests.household import Household
from tests.produced import NO_DEVICE, batch_of
from tests.tls import OLGA, Certificates, now

GATE = DeviceDescription("Acme", "bolt", "gate")


@pytest.fixture
def home() -> Household:
    home = Household()
    home.clock.seconds = now()
    home.server.authority = Certificates(home.server.identity.network).ca
    home.server.restart()
    return home


def renewal(identity: Identity, key: TlsKey | None = None) -> Signed:
    return identity.sign(CertificateRenewal((key or TlsKey.generate()).request()))


def asked(home: Household, asker: Party, message: Signed) -> Enrolled:
    return from_cbor(Enrolled, home.server.channel(asker).request(message, Signed).body)


# ------------------------------------------------------------------------------------------------------------- renewal


def test_a_lock_renews_its_own_certificate(home: Household) -> None:
    """The control of what follows."""
    lock, key = home.lock.identity, TlsKey.generate()
    enrolled = asked(home, lock.party, renewal(lock, key))
    ca = home.server.authority.certificate
    assert enrolled.party == lock.party
    assert TlsIdentity(key, enrolled.certificate, ca).certified.name == lock.party


def test_a_neighbour_gets_no_certificate_for_the_lock(home: Household) -> None:
    """Neither in its own words about the lock, nor by bringing what the lock has signed."""
    neighbour, lock = home.another_lock("back door").identity, home.lock.identity
    assert asked(home, neighbour.party, renewal(neighbour)).party == neighbour.party
    pretended = Identity(lock.network, lock.party, neighbour.keys)
    with pytest.raises(WrongSigner):
        asked(home, neighbour.party, renewal(pretended))
    with pytest.raises(WrongSigner):
        asked(home, neighbour.party, renewal(lock))
    with pytest.raises(KeyNotInForce):
        asked(home, lock.party, renewal(pretended))


def test_the_stolen_tls_key_alone_gets_nothing(home: Household) -> None:
    """The thief has the lock's connection, until its certificate ends; a renewal takes the signing key."""
    lock, thief = home.lock.identity, KeyPair.generate()
    genuine = renewal(lock)
    forged = (
        Signed(
            genuine.kind,
            lock.party,
            lock.keys.public,
            renewal(Identity(lock.network, lock.party, thief)).body,
            genuine.signature,
        ),
        Signed(genuine.kind, lock.party, thief.public, genuine.body, genuine.signature),
    )
    for one, refusal in zip(forged, (SignatureInvalid, KeyNotInForce), strict=True):
        with pytest.raises(refusal):
            asked(home, lock.party, one)


def test_the_stolen_signing_key_alone_gets_nothing(home: Household) -> None:
    """The thief has no connection as the lock, and its own does not do. With the lock's certificate it would: the control."""
    lock, certificates = home.lock.identity, Certificates(home.server.identity.network)
    server, thief = home.server.identity.party, home.another_lock("back door").identity
    with running(
        certification_app(home.server.role, home.server.log), tls=ServerTls(certificates.server(server))
    ) as url:
        channel = HttpsChannel(url, certificates.identity(thief.party), server)
        with pytest.raises(WrongSigner):
            channel.request(renewal(lock), Signed)
        channel.close()
        channel = HttpsChannel(url, certificates.identity(lock.party), server)
        assert channel.request(renewal(lock), Signed).kind == Enrolled.__name__
        channel.close()


def test_old_keys_renew_nothing_after_a_rotation(home: Household) -> None:
    home.server.role.enrolment.rotate_device_keys(home.lock.id, KeyPair.generate().public)
    with pytest.raises(KeyNotInForce):
        asked(home, home.lock.identity.party, renewal(home.lock.identity))


def test_a_request_whose_key_the_asker_has_not_got_is_refused(home: Household) -> None:
    """A certificate request is signed by its own key: nobody has another's key certified under their name."""
    lock, request = home.lock.identity, bytearray(TlsKey.generate().request())
    request[-3] ^= 1
    with pytest.raises(SignatureInvalid):
        asked(home, lock.party, lock.sign(CertificateRenewal(bytes(request))))


def test_an_operators_certificate_says_nothing_as_a_party(home: Household) -> None:
    certificates = Certificates(home.server.identity.network)
    with pytest.raises(PartyRequired):
        HttpsChannel("https://127.0.0.1:1", certificates.identity(OLGA), home.server.identity.party)


# ----------------------------------------------------------------------------------------------------------- enrolment


@pytest.fixture
def gate() -> KeyPair:
    return KeyPair.generate()


def enrolment(home: Household, keys: KeyPair, key: TlsKey | None = None) -> Signed:
    asking = EnrolmentRequest(GATE, None, None, (key or TlsKey.generate()).request(), None)
    return Identity(home.server.identity.network, NO_DEVICE, keys).sign(asking)


def opened(home: Household, keys: KeyPair, sealed: bytes) -> Enrolled:
    return from_cbor(Enrolled, keys.open(enrolment_context(home.server.identity.network, keys.public), sealed))


def test_who_overhears_a_request_and_is_first_with_it_gets_nothing_that_is_of_use(
    home: Household, gate: KeyPair
) -> None:
    """The answer is sealed to the keys in the request. Whoever sent it, it is the gate that was enrolled."""
    key, thief = TlsKey.generate(), KeyPair.generate()
    answer = home.server.role.admission.admit(enrolment(home, gate, key))
    with pytest.raises(SealInvalid):
        opened(home, thief, answer.sealed)
    enrolled = opened(home, gate, answer.sealed)
    ca = home.server.authority.certificate
    with pytest.raises(CertificateInvalid):
        TlsIdentity(TlsKey.generate(), enrolled.certificate, ca)
    assert home.server.database.device(enrolled.party.number)[1] == gate.public  # type: ignore[arg-type]


def test_a_request_that_is_shown_again_enrols_nobody_again(home: Household, gate: KeyPair) -> None:
    """It is the same gate, under the same identifier; whoever shows it cannot read the answer."""
    request, admission = enrolment(home, gate), home.server.role.admission
    first = opened(home, gate, admission.admit(request).sealed)
    count = home.account("anyone").registrations.device_count()
    again = admission.admit(request)
    with pytest.raises(SealInvalid):
        opened(home, KeyPair.generate(), again.sealed)
    assert opened(home, gate, again.sealed).party == first.party
    assert home.account("anyone").registrations.device_count() == count


def test_the_same_keys_are_not_enrolled_as_something_else(home: Household, gate: KeyPair) -> None:
    admission, network = home.server.role.admission, home.server.identity.network
    admission.admit(enrolment(home, gate))
    renamed = replace(GATE, serial="back door")
    asking = EnrolmentRequest(renamed, None, None, TlsKey.generate().request(), None)
    with pytest.raises(KeyAlreadyEnrolled):
        admission.admit(Identity(network, NO_DEVICE, gate).sign(asking))


def test_a_request_whose_description_was_changed_on_the_way_enrols_nobody(home: Household, gate: KeyPair) -> None:
    """By who would have the gate enrolled as a lock of lower risk."""
    request, count = enrolment(home, gate), home.account("anyone").registrations.device_count()
    changed = Signed(
        request.kind, request.signer, request.keys, request.body.replace(b"bolt", b"door"), request.signature
    )
    with pytest.raises(SignatureInvalid):
        home.server.role.admission.admit(changed)
    assert home.account("anyone").registrations.device_count() == count


def test_a_request_for_another_network_enrols_nobody_here(home: Household, gate: KeyPair) -> None:
    asking = EnrolmentRequest(GATE, None, None, TlsKey.generate().request(), None)
    with pytest.raises(SignatureInvalid):
        home.server.role.admission.admit(Identity(b"\x07" * 32, NO_DEVICE, gate).sign(asking))


def test_nobody_has_another_partys_public_keys_enrolled(home: Household, gate: KeyPair) -> None:
    """Whoever could, would shut the gate out of the network: a key is enrolled once."""
    mallory = KeyPair.generate()
    asking = enrolment(home, mallory)
    for keys in (gate.public, type(gate.public)(gate.public.signing, mallory.public.exchange)):
        with pytest.raises(SignatureInvalid):
            home.server.role.admission.admit(Signed(asking.kind, asking.signer, keys, asking.body, asking.signature))


def test_the_membership_of_another_device_of_the_batch_enrols_nobody(home: Household) -> None:
    """Sent first by Mallory, who has read it on the way: it is a place for those keys and that description."""
    own, other = batch_of(2, home.account("manufacturer"))
    admission, key = home.server.role.admission, TlsKey.generate()
    request = own.request(certificate_request=key.request())
    thief = KeyPair.generate()
    stolen = Identity(own.network, NO_DEVICE, thief).sign(from_cbor(EnrolmentRequest, request.body))
    for wrong in (stolen, other.request(certificate_request=key.request(), membership=own.membership)):
        with pytest.raises(NotInBatch):
            admission.admit_from_batch(wrong)
    enrolled = opened(home, own.keys, admission.admit_from_batch(request).sealed)
    assert opened(home, own.keys, admission.admit_from_batch(request).sealed).party == enrolled.party
    assert enrolled.party.kind is PartyKind.DEVICE


def test_the_stolen_signing_key_of_a_device_of_a_batch_gets_no_certificate_for_it(home: Household) -> None:
    """It can ask again, for a TLS key of its own; and cannot read the answer without the exchange key."""
    (made,) = batch_of(1, home.account("manufacturer"))
    home.server.role.admission.admit_from_batch(made.request(certificate_request=TlsKey.generate().request()))
    answer = home.server.role.admission.admit_from_batch(made.request(certificate_request=TlsKey.generate().request()))
    with pytest.raises(SealInvalid):
        opened(home, KeyPair.generate(), answer.sealed)
