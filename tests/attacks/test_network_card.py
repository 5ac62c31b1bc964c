"""Attack: exchange a part of a network's card on its way to a home that is to join.

A whole card of another network is another network: that it is the right one is who hands it over to say. A part of it leads nowhere.
"""

import pytest

from certchain.channel.https import ask_to_be_enrolled
from certchain.errors import CertchainError, CertificateInvalid, KeyNotInForce, PeerUnavailable, WrongPeer
from certchain.keys import KeyPair, ServerTls, TlsIdentity, TlsKey
from certchain.models.certification import Signed
from certchain.models.enrolment import EnrolmentRequest
from certchain.models.identifier import Party
from certchain.models.production import DeviceDescription
from certchain.services import certification_app, running
from certchain.verification.statement import Identity
from tests.household import Household
from tests.produced import NO_DEVICE
from tests.tls import Certificates


def request(network: bytes) -> Signed:
    described = DeviceDescription("Acme", "bolt", "gate")
    asking = EnrolmentRequest(described, None, None, TlsKey.generate().request(), None)
    return Identity(network, NO_DEVICE, KeyPair.generate()).sign(asking)


def asked(home: Household, certificates: Certificates, tls: TlsIdentity, server: Party) -> None:
    """What a home with the genuine CA says to whatever answers at the card's address."""
    app = certification_app(home.server.role, home.server.log, admit=home.server.role.admission.admit)
    with running(app, tls=ServerTls(tls)) as url:
        ask_to_be_enrolled(url, certificates.ca.certificate, server, request(home.server.identity.network))


@pytest.fixture
def home() -> Household:
    return Household()


def test_the_control_the_genuine_card_leads_to_the_server(home: Household) -> None:
    certificates = Certificates(home.server.identity.network)
    asked(home, certificates, certificates.server(home.server.identity.party), home.server.identity.party)


def test_the_address_of_somebody_with_a_ca_of_their_own_is_not_spoken_to(home: Household) -> None:
    certificates, thiefs = (Certificates(home.server.identity.network) for _ in range(2))
    with pytest.raises(CertchainError) as refusal:
        asked(home, certificates, thiefs.server(home.server.identity.party), home.server.identity.party)
    assert isinstance(refusal.value, CertificateInvalid | PeerUnavailable)


def test_the_address_of_another_service_of_the_network_is_not_spoken_to(home: Household) -> None:
    certificates = Certificates(home.server.identity.network)
    other = next(iter(home.custodians.values())).identity.party
    with pytest.raises(WrongPeer):
        asked(home, certificates, certificates.server(other), home.server.identity.party)


def test_the_address_of_an_enrolled_device_is_no_service(home: Household) -> None:
    certificates = Certificates(home.server.identity.network)
    with pytest.raises(CertchainError) as refusal:
        asked(home, certificates, certificates.identity(home.lock.identity.party), home.lock.identity.party)
    assert isinstance(refusal.value, CertificateInvalid | PeerUnavailable)


def test_other_keys_of_the_server_get_no_second_factor(home: Household) -> None:
    """It would be sealed to the thief: the chain says whose keys they are not."""
    home.phone.server_keys = KeyPair.generate().public
    home.phone.restart()
    with pytest.raises(KeyNotInForce):
        home.register()
    assert home.phone.store.names() == ()
