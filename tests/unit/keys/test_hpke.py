"""The receiver's side of HPKE around a foreign exchange gives the published answers of RFC 9180, appendix A.3."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey, derive_private_key

from certchain.errors import SealInvalid
from certchain.keys import KeyPair, seal_to
from certchain.keys.hpke import Aead, key_and_nonce, open_around, shared_secret

# DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode.
AES_128_GCM = Aead(0x0001, 16)
INFO = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
SCALAR = bytes.fromhex("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2")
PUBLIC = bytes.fromhex(
    "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
)
ENCAPSULATED = bytes.fromhex(
    "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
)
SHARED = bytes.fromhex("c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8")
KEY = bytes.fromhex("868c066ef58aae6dc589b6cfdd18f97e")
NONCE = bytes.fromhex("4e0bc5018beba4bf004cca59")
PLAINTEXT = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
CONTEXT = bytes.fromhex("436f756e742d30")
CIPHERTEXT = bytes.fromhex("5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434")


def exchange(point: bytes, scalar: bytes = SCALAR) -> bytes:
    """As a token does it."""
    private = derive_private_key(int.from_bytes(scalar), SECP256R1())
    return private.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point))


def test_the_shared_secret_and_the_key_schedule_are_the_published_ones() -> None:
    assert shared_secret(exchange(ENCAPSULATED), ENCAPSULATED, PUBLIC) == SHARED
    assert key_and_nonce(SHARED, INFO, AES_128_GCM) == (KEY, NONCE)


def test_the_published_message_opens() -> None:
    sealed = ENCAPSULATED + CIPHERTEXT
    assert open_around(exchange, PUBLIC, INFO, sealed, aead=AES_128_GCM, context=CONTEXT) == PLAINTEXT


def test_with_anything_else_in_its_place_it_does_not() -> None:
    sealed = ENCAPSULATED + CIPHERTEXT
    for public, info, aead, context in (
        (ENCAPSULATED, INFO, AES_128_GCM, CONTEXT),
        (PUBLIC, b"", AES_128_GCM, CONTEXT),
        (PUBLIC, INFO, Aead(0x0002, 32), CONTEXT),
        (PUBLIC, INFO, AES_128_GCM, b""),
    ):
        with pytest.raises(SealInvalid):
            open_around(exchange, public, info, sealed, aead=aead, context=context)


def test_a_point_that_is_not_on_the_curve_never_reaches_the_private_key() -> None:
    def never(_: bytes) -> bytes:
        raise AssertionError

    for point in (b"\x04" + b"\x01" * 64, bytes(65), b"\x04"):
        with pytest.raises(SealInvalid):
            open_around(never, PUBLIC, INFO, point + CIPHERTEXT)


def test_it_opens_what_the_library_seals() -> None:
    pair = KeyPair.generate()
    scalar = pair.private_bytes()[32:]
    point = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), pair.public.exchange).public_numbers()
    public = b"\x04" + point.x.to_bytes(32) + point.y.to_bytes(32)

    sealed = seal_to(pair.public.exchange, INFO, b"a share")
    assert open_around(lambda other: exchange(other, scalar), public, INFO, sealed) == b"a share"
