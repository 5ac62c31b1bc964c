"""EDHOC's exporter: as RFC 9529 has it, and as lakers computes it where lakers is right."""

import pytest

from certchain.channel.coap.context import CoapConnection, OscoreContext
from certchain.channel.coap.exporter import CERTCHAIN_LABEL, channel_export, edhoc_exporter, oscore_master
from certchain.channel.interface import BINDING_LABEL, CONTROL_LABEL
from certchain.encoding.preimage import preimage
from certchain.errors import MalformedValue, PeerUnavailable
from tests.unit.channel.coap.shaking import LOCK, PHONE, agreed

PUBLISHED = {
    "RFC 9529, section 2 (method 0, suite 0)": (
        "b744cb7d8a87cc0447c3350e165b250dab12ec453325abb922b30307e5c368f0",
        "1e1c6beac3a8a1cac435de7e2f9ae7ff",
        "ce7ab844c0106d73",
    ),
    "RFC 9529, section 3 (method 3, suite 2)": (
        "2c71afc1a9338a940bb3529ca734b886f30d1aba0b4dc51beeaeabdfea9ecbf8",
        "f9868f6a3aca78a05d1485b35030b162",
        "ada24c7dbfc85eeb",
    ),
}


@pytest.mark.parametrize(("prk_out", "secret", "salt"), PUBLISHED.values(), ids=PUBLISHED)
def test_oscores_master_secret_and_salt_are_the_published_ones(prk_out: str, secret: str, salt: str) -> None:
    assert oscore_master(bytes.fromhex(prk_out)) == (bytes.fromhex(secret), bytes.fromhex(salt))


@pytest.mark.parametrize("context", [b"", b"x", bytes(23), bytes(24), bytes(255)], ids=len)
@pytest.mark.parametrize("length", [1, 23, 24, 64, 255])
def test_within_its_bounds_lakers_exports_the_same_at_both_ends(context: bytes, length: int) -> None:
    initiator, responder, prk_out = agreed()
    for label in (0, 1, 23):
        ours = edhoc_exporter(prk_out, label, context, length)
        for end in (initiator, responder):
            assert bytes(end._edhoc.edhoc_exporter(label, context, length)) == ours


def test_our_own_label_is_beyond_what_lakers_gets_right() -> None:
    """Which is why the exporter is ours; the day this fails, the library's would do."""
    initiator, _, prk_out = agreed()
    try:
        theirs = bytes(initiator._edhoc.edhoc_exporter(CERTCHAIN_LABEL, b"", 32))
    except (OverflowError, ValueError):
        return
    assert theirs != edhoc_exporter(prk_out, CERTCHAIN_LABEL, b"", 32)


def test_binding_and_control_keys_are_exports_under_one_private_label() -> None:
    prk_out = bytes(range(32))
    connection = CoapConnection(PHONE.party, prk_out)
    named = preimage("export", b"certchain binding", b"")
    assert connection.binding == edhoc_exporter(prk_out, CERTCHAIN_LABEL, named, 32)
    assert connection.binding.hex() == "23eba012f9603645a769f46a010e454365b48df3735779915f62ba0003b22a3d"
    control = channel_export(prk_out, CONTROL_LABEL, b"\x01" * 32, 64)
    assert control == edhoc_exporter(
        prk_out, CERTCHAIN_LABEL, preimage("export", b"certchain control", b"\x01" * 32), 64
    )
    assert control[:32].hex() == "d68c876cc09af6f83a4cf3a114a4a2475c42738f14b351e00bd0a7bbb1be28e4"
    assert control[32:].hex() == "445675e02959de2bace8ffdcf0133b81a9732a974ba1aa688cccf474874add0e"


def test_what_was_forgotten_is_not_exported() -> None:
    connection = CoapConnection(PHONE.party, bytes(32))
    connection.forget()
    with pytest.raises(PeerUnavailable, match="closed"):
        connection.export(BINDING_LABEL, b"", 32)


def test_the_seams_bounds_hold_although_the_exporter_has_none() -> None:
    for label, context, length in (("x" * 24, b"", 1), ("x", bytes(256), 1), ("x", b"", 256), ("x", b"", 0)):
        with pytest.raises(MalformedValue):
            channel_export(bytes(32), label, context, length)


def test_the_two_ends_contexts_mirror_each_other() -> None:
    prk_out = bytes(range(32))
    one, other = OscoreContext(prk_out, b"abc", b"abcd"), OscoreContext(prk_out, b"abcd", b"abc")
    assert (one.sender_key, one.recipient_key, one.common_iv) == (
        other.recipient_key,
        other.sender_key,
        other.common_iv,
    )
    assert one.sender_key != one.recipient_key
    assert LOCK.party != PHONE.party
