"""What crosses a channel is one model or one error by its name, and nothing that a stranger could name besides."""

import pytest

from certchain.channel.envelope import (
    Envelope,
    EnvelopeKind,
    decode_answer,
    decode_message,
    encode_error,
    encode_message,
)
from certchain.encoding.message import to_cbor
from certchain.errors import LoginRefused, MalformedMessage, SizeMismatch
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.certification import LoginAccepted
from certchain.models.digest import Digest
from certchain.models.identifier import UserId

DIGEST = Digest(bytes(32))


def envelope(kind: str, name: str, body: bytes) -> bytes:
    return to_cbor({"kind": kind, "type": name, "body": body})


def test_a_message_comes_back() -> None:
    assert decode_message(encode_message(DIGEST)) == DIGEST
    assert decode_answer(encode_message(DIGEST), Digest) == DIGEST


def test_an_answer_of_another_type_is_refused() -> None:
    with pytest.raises(MalformedMessage, match="a Digest came where a LoginAccepted was expected"):
        decode_answer(encode_message(DIGEST), LoginAccepted)


def test_an_error_comes_back_raised() -> None:
    with pytest.raises(SizeMismatch) as refusal:
        decode_message(encode_error(SizeMismatch(5, 7)))
    assert refusal.value.values() == {"expected_size": 5, "actual_size": 7}


def test_an_envelope_is_the_known_bytes() -> None:
    expected = Envelope(EnvelopeKind.ERROR, "LoginRefused", bytes.fromhex("a1") + b"\x6dattempts_left\x02")

    assert encode_error(LoginRefused(2)) == to_cbor(expected)
    assert encode_error(LoginRefused(2)) == envelope("error", "LoginRefused", expected.body)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xa0",
        to_cbor(DIGEST),
        envelope("message", "Digest", b""),
        envelope("message", "Digest", to_cbor(DIGEST) + b"\0"),
        envelope("message", "LoginAccepted", to_cbor(DIGEST)),
        envelope("message", "digest", to_cbor(DIGEST)),
        envelope("message", "LoginRefused", to_cbor(LoginRefused(2))),
        envelope("message", "Envelope", to_cbor(DIGEST)),
        envelope("message", "PartyKind", to_cbor("device")),
        envelope("message", "int", to_cbor(5)),
        envelope("message", "RegistrationHash", to_cbor(RegistrationHash(bytes(32)))),
        envelope("message", "KeyData", to_cbor(KeyData(UserId(3), bytes(32), None, Digest(bytes(32))))),
        envelope("error", "Digest", to_cbor(DIGEST)),
        envelope("error", "CertchainError", b"\xa0"),
        envelope("error", "VerificationFailed", b"\xa0"),
        envelope("error", "KeyError", b"\xa0"),
        envelope("error", "SystemExit", b"\xa0"),
        envelope("error", "SizeMismatch", b"\xa0"),
        envelope("error", "SizeMismatch", to_cbor({"expected_size": "5", "actual_size": 7})),
        envelope("error", "SizeMismatch", to_cbor({"expected_size": 5, "actual_size": 7, "exit_code": 0})),
        envelope("order", "Digest", to_cbor(DIGEST)),
    ],
)
def test_what_no_peer_of_ours_would_send_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedMessage):
        decode_message(data)


@pytest.mark.parametrize(
    "message", [RegistrationHash(bytes(32)), KeyData(UserId(3), bytes(32), None, Digest(bytes(32))), 5, None, Digest]
)
def test_what_is_no_message_or_must_stay_at_home_is_not_written(message: object) -> None:
    with pytest.raises(MalformedMessage):
        encode_message(message)


def test_a_class_that_borrows_a_model_s_name_is_not_written() -> None:
    impostor = type("Digest", (), {})

    with pytest.raises(MalformedMessage):
        encode_message(impostor())
