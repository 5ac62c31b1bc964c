"""EDHOC by lakers, guarded: good messages agree, and everything else is ``PeerNotAuthentic``."""

from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from lakers import CredentialTransfer, EADItem, EdhocInitiator, EdhocResponder

from certchain.channel.coap import handshake
from certchain.channel.coap.credential import credential
from certchain.channel.coap.handshake import Initiator, Responder, exchange_scalar
from certchain.errors import MalformedValue, PeerNotAuthentic
from certchain.keys import KeyPair
from certchain.models.identifier import Party
from certchain.models.registration import PublicKeys
from certchain.verification.statement import Identity
from tests.unit.channel.coap.shaking import LOCK, PHONE, agreed, begun

ITEM = [EADItem(5, is_critical=True, value=b"x")]


def test_both_ends_agree_and_know_each_others_identifiers() -> None:
    initiator, responder, prk_out = agreed()
    assert len(prk_out) == 32
    assert initiator.peer_id == responder.own_id == b"abcd"
    assert responder.peer_id == initiator.own_id
    assert agreed()[2] != prk_out


def test_message_3_names_its_sender() -> None:
    initiator, responder, message_2 = begun()
    assert responder.named(initiator.message_3(message_2)[0]) == PHONE.party


def test_other_keys_than_those_in_force_are_refused_at_both_ends() -> None:
    initiator, responder, message_2 = begun()
    message_3, _ = initiator.message_3(message_2)
    responder.named(message_3)
    with pytest.raises(PeerNotAuthentic, match="user-device 2"):
        responder.message_4(PHONE.party, KeyPair.generate().public)

    initiator, responder = Initiator(PHONE, LOCK.party, KeyPair.generate().public), Responder(LOCK, b"abcd")
    with pytest.raises(PeerNotAuthentic, match="device 5"):
        initiator.message_3(responder.message_2(initiator.message_1()))


@pytest.mark.parametrize("trailing", [b"\x00", b"\x40", bytes(200), bytes(300)])
def test_what_follows_message_3_or_4_is_refused(trailing: bytes) -> None:
    """The library passes over it: the same handshake would have many forms. Found by fuzzing."""
    initiator, responder, message_2 = begun()
    message_3, _ = initiator.message_3(message_2)
    with pytest.raises(PeerNotAuthentic, match="message 3"):
        responder.named(message_3 + trailing)
    responder.named(message_3)
    message_4, _ = responder.message_4(PHONE.party, PHONE.keys.public)
    with pytest.raises(PeerNotAuthentic, match="message 4"):
        initiator.finish(message_4 + trailing)
    initiator.finish(message_4)


def test_message_3_has_one_form() -> None:
    """Its length in another head, or as a number, is another message. Found by fuzzing."""
    initiator, responder, message_2 = begun()
    message_3, _ = initiator.message_3(message_2)
    for head in (b"\x18", b"\x59\x00", b""):
        with pytest.raises(PeerNotAuthentic, match="message 3"):
            responder.named(head + message_3[1:])
    assert responder.named(message_3) == PHONE.party


def test_what_is_shorter_than_a_tag_is_refused_before_the_library_panics(capfd: pytest.CaptureFixture[str]) -> None:
    """As message 3, and as message 4. Found by fuzzing."""
    for length in range(8):
        short = bytes([0x40 + length]) + bytes(length)
        initiator, responder, message_2 = begun()
        initiator.message_3(message_2)
        with pytest.raises(PeerNotAuthentic, match="message 3"):
            responder.named(short)
        with pytest.raises(PeerNotAuthentic, match="message 4"):
            initiator.finish(short)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_changed_message_of_either_end_is_refused(number: int) -> None:
    """One bit anywhere, and there is no conversation."""
    with pytest.raises(PeerNotAuthentic):
        shaken(number)


def shaken(changed: int) -> None:
    """A whole handshake, one of whose messages is changed."""
    initiator, responder = Initiator(PHONE, LOCK.party, LOCK.keys.public), Responder(LOCK, b"abcd")

    def passed(message: bytes, number: int) -> bytes:
        return message[:-1] + bytes([message[-1] ^ 1]) if number == changed else message

    message_2 = responder.message_2(passed(initiator.message_1(), 1))
    message_3, _ = initiator.message_3(passed(message_2, 2))
    message_4, _ = responder.message_4(responder.named(passed(message_3, 3)), PHONE.keys.public)
    initiator.finish(passed(message_4, 4))


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=120))
def test_whatever_comes_as_a_message_is_refused_and_nothing_else_is_raised(data: bytes) -> None:
    with pytest.raises(PeerNotAuthentic):
        Responder(LOCK, b"abcd").message_2(data)
    initiator, responder, message_2 = begun()
    with pytest.raises(PeerNotAuthentic):
        responder.named(data)
    with pytest.raises(PeerNotAuthentic):
        begun()[0].message_3(data)
    initiator.message_3(message_2)
    with pytest.raises(PeerNotAuthentic):
        initiator.finish(data)


def test_a_panic_of_the_library_is_a_refusal_and_a_key_press_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Panic(BaseException):
        """As the library's, which is no ``Exception`` either."""

    @dataclass
    class Broken:
        problem: BaseException

        def process_message_1(self, _: bytes) -> Any:
            raise self.problem

    for problem, raised in ((Panic(), PeerNotAuthentic), (KeyboardInterrupt(), KeyboardInterrupt)):
        responder, message_1 = Responder(LOCK, b"abcd"), Initiator(PHONE, LOCK.party, LOCK.keys.public).message_1()
        monkeypatch.setattr(responder, "_edhoc", Broken(problem))
        with pytest.raises(raised):
            responder.message_2(message_1)


def test_what_is_no_point_of_the_curve_is_refused_before_the_library_panics(capfd: pytest.CaptureFixture[str]) -> None:
    """It would write to the device's error output each time, and a stranger could fill its disk."""
    x = next(x for x in range(1, 100) if not on_curve(x)).to_bytes(32)
    for head in (b"\x03\x02\x58\x20", b"\x00\x02\x58\x20", b"\x03\x00\x58\x20", b"\x03\x02\x41"):
        with pytest.raises(PeerNotAuthentic, match="message 1"):
            Responder(LOCK, b"abcd").message_2(head + x + b"\x41\x01")
    initiator, _, message_2 = begun()
    with pytest.raises(PeerNotAuthentic, match="message 2"):
        initiator.message_3(message_2[:2] + x + message_2[34:])
    assert "panicked" not in capfd.readouterr().err


def on_curve(x: int) -> bool:
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b"\x02" + x.to_bytes(32))
    except ValueError:
        return False
    return True


# ------------------------------------------------------------------------------------ another program at the other end


@pytest.mark.parametrize("own_id", [b"abcd", b"12345678"], ids=["the device's own", "too long for OSCORE"])
def test_an_identifier_that_oscore_cannot_use_is_refused(own_id: bytes) -> None:
    """RFC 9528, A.1: the two ends' identifiers differ; RFC 8613, 3.3: and have seven bytes at most."""
    with pytest.raises(PeerNotAuthentic, match="message 1"):
        Responder(LOCK, b"abcd").message_2(bytes(EdhocInitiator().prepare_message_1(own_id, [])))
    initiator = Initiator(PHONE, LOCK.party, LOCK.keys.public)
    chosen = initiator.own_id if own_id == b"abcd" else own_id
    edhoc = EdhocResponder(r=LOCK.keys.exchange_scalar(), cred_r=shown(LOCK))
    edhoc.process_message_1(initiator.message_1())
    message_2 = bytes(edhoc.prepare_message_2(CredentialTransfer.ByReference, chosen, []))
    with pytest.raises(PeerNotAuthentic, match="message 2"):
        initiator.message_3(message_2)


def test_authorization_data_is_refused_for_none_is_known() -> None:
    """RFC 9528, 3.8: what is critical must not be passed over."""
    with pytest.raises(PeerNotAuthentic, match="message 1"):
        Responder(LOCK, b"abcd").message_2(bytes(EdhocInitiator().prepare_message_1(b"x", ITEM)))

    initiator, responder = Initiator(PHONE, LOCK.party, LOCK.keys.public), Responder(LOCK, b"abcd")
    responder._edhoc.process_message_1(initiator.message_1())
    message_2 = bytes(responder._edhoc.prepare_message_2(CredentialTransfer.ByReference, b"abcd", ITEM))
    with pytest.raises(PeerNotAuthentic, match="message 2"):
        initiator.message_3(message_2)

    initiator, responder, message_2 = begun()
    responder.named(initiator.message_3(message_2)[0])
    responder._edhoc.verify_message_3(shown(PHONE))
    with pytest.raises(PeerNotAuthentic, match="message 4"):
        initiator.finish(bytes(responder._edhoc.prepare_message_4(ITEM)))

    initiator, responder, message_2 = begun()
    initiator._guarded(lambda: initiator._edhoc.parse_message_2(message_2))
    initiator._guarded(lambda: initiator._edhoc.verify_message_2(exchange_scalar(PHONE), shown(PHONE), shown(LOCK)))
    message_3, _ = initiator._edhoc.prepare_message_3(CredentialTransfer.ByReference, ITEM)
    with pytest.raises(PeerNotAuthentic, match="message 3"):
        responder.named(bytes(message_3))


def test_a_credential_by_value_names_nobody() -> None:
    """Whoever brings a credential along is not asked whose it is: the chain says what a party's keys are."""
    initiator, responder, message_2 = begun()
    initiator._edhoc.parse_message_2(message_2)
    initiator._edhoc.verify_message_2(exchange_scalar(PHONE), shown(PHONE), shown(LOCK))
    message_3, _ = initiator._edhoc.prepare_message_3(CredentialTransfer.ByValue, None)
    with pytest.raises(PeerNotAuthentic, match="names nobody"):
        responder.named(bytes(message_3))


def shown(identity: Identity) -> bytes:
    return credential(identity.network, identity.party, identity.keys.public)


def test_an_exchange_key_that_is_not_in_this_process_is_refused() -> None:
    @dataclass(frozen=True)
    class Elsewhere:
        network: bytes
        party: Party
        keys: Any

    class Token:
        public = PublicKeys(bytes(32), bytes(33))

    with pytest.raises(MalformedValue, match="in a token"):
        exchange_scalar(Elsewhere(bytes(32), LOCK.party, Token()))
    assert len(exchange_scalar(LOCK)) == 32
    assert handshake.CONNECTION_ID_LENGTH == 4
