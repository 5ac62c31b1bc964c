"""What is sealed at rest opens under its key and in its context, and not otherwise."""

import pytest

from certchain.errors import MalformedValue, SealInvalid
from certchain.keys import SealingKey

KEY = SealingKey(b"\x01" + bytes(31))


def test_it_opens_the_known_answer_of_rfc_8452() -> None:
    nonce = b"\x03" + bytes(11)
    sealed = nonce + bytes.fromhex("c2ef328e5c71c83b843122130f7364b761e0b97427e3df28")

    assert KEY.open(b"", sealed) == b"\x01" + bytes(7)


@pytest.mark.parametrize("plaintext", [b"", b"key data", bytes(10_000)])
def test_what_is_sealed_opens_again(plaintext: bytes) -> None:
    sealed = KEY.seal(b"registration 1", plaintext)

    assert KEY.open(b"registration 1", sealed) == plaintext
    assert len(sealed) == 12 + len(plaintext) + 16


def test_the_same_is_never_sealed_alike_twice() -> None:
    assert KEY.seal(b"registration 1", b"key data") != KEY.seal(b"registration 1", b"key data")


def test_it_does_not_open_under_another_key_or_in_another_context() -> None:
    sealed = KEY.seal(b"registration 1", b"key data")

    for key, context in ((SealingKey.generate(), b"registration 1"), (KEY, b"registration 2"), (KEY, b"")):
        with pytest.raises(SealInvalid) as refusal:
            key.open(context, sealed)
        assert refusal.value.values() == {"key": "this sealing key"}


def test_it_does_not_open_after_any_change() -> None:
    sealed = KEY.seal(b"registration 1", b"key data")
    changed = [sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :] for i in range(len(sealed))]
    for other in (*changed, *(sealed[:i] for i in range(len(sealed))), sealed + b"\0"):
        with pytest.raises(SealInvalid):
            KEY.open(b"registration 1", other)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(MalformedValue):
        SealingKey(bytes(length))


def test_private_bytes_come_back_as_the_same_key() -> None:
    assert SealingKey.from_private_bytes(KEY.private_bytes()).value == KEY.value
    with pytest.raises(MalformedValue):
        SealingKey.from_private_bytes(b"")


def test_no_representation_shows_the_key() -> None:
    assert repr(KEY) == "SealingKey()"
