"""Attack: listen to every packet of a registration, a login, a certification and a command over CoAP.

An eavesdropper learns that two speak EDHOC and OSCORE, how long their messages are and when they come; neither who, nor what.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from certchain.channel.coap import CoapChannel, CoapEndpoint
from certchain.channel.coap.credential import credential, id_cred, kid
from certchain.channel.envelope import encode_message
from certchain.models.certification import Login
from tests.datagrams import HASTE, Middle, Way, middle
from tests.household import SECRET, Household

BEGINNING = 6
"""Bytes that stand in front of the first message: true, method, suite, and the head of a byte string."""
MODELS = ("Signed", "Login", "LoginAccepted", "UserDeviceStatement", "SessionOffer", "Certification", "Command")


@pytest.fixture
def home() -> Household:
    return Household()


@contextmanager
def over_coap(home: Household) -> Iterator[tuple[CoapChannel, Middle]]:
    """From Alice's phone to her lock, with somebody who listens."""
    registrations = home.lock.ledger.registrations
    with (
        CoapEndpoint(home.lock.identity, home.lock.answer, registrations.public_keys, ack_timeout=HASTE) as endpoint,
        middle(endpoint) as between,
    ):
        party = home.lock.identity.party
        opened = CoapChannel(between.address, home.phone.identity, party, registrations.public_keys, ack_timeout=HASTE)
        yield opened, between
        opened.close()


def secrets_of(home: Household) -> dict[str, bytes]:
    """What nobody on the way is to learn, as it would stand in a message or a packet."""
    lock, phone = home.lock.identity, home.phone.identity
    return {
        "the user": b"Alice",
        "the secret": SECRET.encode(),
        "the serial number": b"front door",
        "the lock's maker": b"Acme",
        "the phone's model": b"Pixel 9",
        "the phone's platform": b"Android",
        "the lock's kid": kid(lock.party),
        "the phone's kid": kid(phone.party),
        "the phone's ID_CRED": id_cred(phone.party),
        "the lock's credential": credential(lock.network, lock.party, lock.keys.public)[:40],
        "the network": lock.network,
        "the phone's signing key": phone.keys.public.signing,
        "the phone's exchange key": phone.keys.public.exchange[1:],
        "the lock's exchange key": lock.keys.public.exchange[1:],
        "the command": b"open the door",
        "the kinds of party": b"user-device",
        "the resource": b"messages",
    } | {f"the name {name}": name.encode() for name in MODELS}


def test_an_eavesdropper_learns_neither_who_nor_what(home: Household) -> None:
    with over_coap(home) as (opened, between):
        home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
        home.phone.role.register(opened, home.alice, home.lock.id, home.method, SECRET)
        control = home.phone.role.certify(opened, home.lock.id, SECRET)
        assert control.command(b"open the door") == b"done: open the door"
        binding, packets = opened.binding, between.everything()
    assert len(packets) > 4000
    found = [name for name, value in secrets_of(home).items() if value in packets]
    assert found == []
    assert binding not in packets


def test_the_control_the_same_search_finds_them_in_unprotected_messages(home: Household) -> None:
    login = encode_message(Login(home.alice, home.phone.id, bytes(64)))
    assert b"Login" in login
    statement = home.phone.identity.sign(home.phone.information)
    unprotected = encode_message(statement)
    assert all(value in unprotected for value in (b"Signed", b"Pixel 9", b"user-device", statement.keys.signing))


def test_two_handshakes_of_the_same_two_have_nothing_in_common(home: Household) -> None:
    """But for addresses, which the network has to know, and what every message of EDHOC begins with."""
    home.register()
    handshakes = []
    for _ in range(2):
        with over_coap(home) as (_opened, between):
            payloads = [packet.partition(b"\xff")[2][BEGINNING:] for way in Way for packet in between.seen[way]]
            handshakes.append({payload[at : at + 6] for payload in payloads for at in range(len(payload) - 6)})
    assert all(len(windows) > 50 for windows in handshakes)
    assert not handshakes[0] & handshakes[1]
