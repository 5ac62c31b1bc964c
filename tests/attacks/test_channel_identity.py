"""Attack: be somebody else at either end of a CoAP channel: without keys, with one's own, with old ones, or in between."""

import pytest

from certchain.channel.coap import CoapChannel, CoapEndpoint
from certchain.errors import LedgerUnavailable, PeerNotAuthentic, PeerUnavailable, UnknownRecord
from certchain.keys import KeyPair
from certchain.models.identifier import NOBODY, DeviceId, Party, PartyKind, device_party
from certchain.models.registration import PublicKeys
from certchain.verification.statement import Identity
from tests.datagrams import (
    HASTE,
    LOCK,
    MALLORY,
    PATIENCE,
    PHONE,
    Counting,
    answer_to,
    ask,
    channel,
    device,
    public_keys,
)


def impostor(identity: Identity) -> Identity:
    """Somebody who claims to be this party, and has other keys."""
    return Identity(identity.network, identity.party, KeyPair.generate())


def kept(endpoint: CoapEndpoint) -> tuple[int, int]:
    """How many handshakes and conversations the device keeps."""
    return len(endpoint._handshakes), len(endpoint._conversations)


def test_the_control_each_knows_the_other() -> None:
    handler = Counting()
    with device(handler) as endpoint, channel(endpoint.address) as opened:
        ask(opened, 0)
        assert opened.peer == LOCK.party
        assert handler.connections[0].peer == PHONE.party
        assert kept(endpoint) == (0, 1)


# ------------------------------------------------------------------------------------------------------- to the device


def test_a_phone_without_the_keys_in_force_gets_no_channel() -> None:
    """Its old keys, say, after a rotation."""
    handler = Counting()
    with device(handler) as endpoint:
        with (
            pytest.raises(PeerUnavailable, match="refused the key exchange"),
            channel(endpoint.address, identity=impostor(PHONE)),
        ):
            pass
        assert kept(endpoint) == (0, 0)
    assert handler.asked == []


@pytest.mark.parametrize("party", [device_party(DeviceId(77)), Party(PartyKind.SERVICE, 2**48 - 1)], ids=str)
def test_who_is_not_enrolled_gets_no_channel(party: Party) -> None:
    def on_chain(asked: Party) -> PublicKeys:
        if asked == party:
            raise UnknownRecord(asked.kind, str(asked.number))
        return public_keys(asked)

    with CoapEndpoint(LOCK, Counting(), on_chain, ack_timeout=HASTE) as endpoint:
        with (
            pytest.raises(PeerUnavailable, match="refused the key exchange"),
            channel(endpoint.address, identity=Identity(LOCK.network, party, KeyPair.generate())),
        ):
            pass
        assert kept(endpoint) == (0, 0)


def test_a_party_of_another_network_gets_no_channel() -> None:
    """Same keys, same number: the credentials name the network."""
    elsewhere = Identity(b"\x01" * 32, PHONE.party, PHONE.keys)
    with device(Counting()) as endpoint, pytest.raises(PeerNotAuthentic), channel(endpoint.address, identity=elsewhere):
        pass


def test_nobody_gets_no_channel() -> None:
    with (
        device(Counting()) as endpoint,
        pytest.raises(Exception, match="the number of nobody"),
        channel(endpoint.address, identity=Identity(LOCK.network, NOBODY, KeyPair.generate())),
    ):
        pass


def test_while_the_chain_is_away_no_stranger_is_let_in() -> None:
    away = True

    def on_chain(party: Party) -> PublicKeys:
        if away:
            raise LedgerUnavailable("the node does not answer")
        return public_keys(party)

    with CoapEndpoint(LOCK, Counting(), on_chain, ack_timeout=HASTE) as endpoint:
        with pytest.raises(PeerUnavailable), channel(endpoint.address):
            pass
        assert kept(endpoint) == (0, 0)
        away = False
        with channel(endpoint.address) as opened:
            assert ask(opened, 1) == answer_to(1)


def test_a_fault_in_the_devices_own_ledger_does_not_end_it() -> None:
    broken = True

    def on_chain(party: Party) -> PublicKeys:
        if broken:
            raise RuntimeError("a fault")
        return public_keys(party)

    with CoapEndpoint(LOCK, Counting(), on_chain, ack_timeout=HASTE) as endpoint:
        with pytest.raises(PeerUnavailable), channel(endpoint.address):
            pass
        broken = False
        with channel(endpoint.address) as opened:
            assert ask(opened, 1) == answer_to(1)


# --------------------------------------------------------------------------------------------------- to the user device


def test_a_device_without_the_locks_keys_is_not_spoken_to() -> None:
    handler = Counting()
    with (
        device(handler, identity=impostor(LOCK)) as endpoint,
        pytest.raises(PeerNotAuthentic),
        channel(endpoint.address),
    ):
        pass
    assert handler.asked == []


def test_another_device_does_not_pass_for_the_lock() -> None:
    """Mallory's own, enrolled and with keys in force, where the lock was expected."""
    handler = Counting()
    with (
        device(handler, identity=MALLORY) as endpoint,
        pytest.raises(PeerNotAuthentic, match="names itself otherwise"),
        channel(endpoint.address),
    ):
        pass
    assert handler.asked == []


def test_who_stands_in_between_has_two_conversations_with_two_bindings() -> None:
    """Mallory relays, as herself, what Alice asks her own device; nothing that is bound to one is worth anything on the other."""
    handler = Counting()
    with (
        device(handler) as lock,
        CoapEndpoint(
            MALLORY, lambda connection, message: relayed.request(message, object), public_keys, ack_timeout=HASTE
        ) as between,
    ):
        relayed = CoapChannel(lock.address, MALLORY, LOCK.party, public_keys, timeout=PATIENCE, ack_timeout=HASTE)
        alice = CoapChannel(between.address, PHONE, MALLORY.party, public_keys, timeout=PATIENCE, ack_timeout=HASTE)
        ask(alice, 0)
        assert handler.connections[0].peer == MALLORY.party
        assert alice.peer == MALLORY.party
        assert handler.connections[0].binding == relayed.binding != alice.binding
        alice.close()
        relayed.close()


# ---------------------------------------------------------------------------------------------------------- every run


def test_no_two_conversations_have_anything_in_common() -> None:
    with device(Counting()) as endpoint, channel(endpoint.address) as one, channel(endpoint.address) as two:
        assert one.binding != two.binding
        assert one.export("certchain control", b"", 64) != two.export("certchain control", b"", 64)
