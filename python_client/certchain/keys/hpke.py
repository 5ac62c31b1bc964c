"""The receiver's side of HPKE (RFC 9180, base mode) around a Diffie-Hellman that is done elsewhere, as in a token.

The library that seals takes its own private keys only. This is DHKEM(P-256, HKDF-SHA256) and HKDF-SHA256 with AES-GCM, one message under
one encapsulated key: sections 4.1, 5.1 and 6.1, and nothing else of it.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from certchain.errors import SealInvalid

POINT_LENGTH = 65
_SECRET_LENGTH = 32
_NONCE_LENGTH = 12
_KEM = (0x0010).to_bytes(2)
_KDF = (0x0001).to_bytes(2)
_BASE_MODE = b"\x00"
_VERSION = b"HPKE-v1"

Exchange = Callable[[bytes], bytes]
"""The x-coordinate (32 bytes) of the private key times a point of P-256 (65 bytes, uncompressed; found to be on the curve)."""


@dataclass(frozen=True, slots=True)
class Aead:
    """An AES-GCM of RFC 9180, 7.3: its number, and its key's length in bytes."""

    number: int
    key_length: int


AES_256_GCM = Aead(0x0002, 32)


def open_around(
    exchange: Exchange, public: bytes, info: bytes, sealed: bytes, *, aead: Aead = AES_256_GCM, context: bytes = b""
) -> bytes:
    """Opens what was sealed to ``public`` (65 bytes, uncompressed): an encapsulated key, then ciphertext and tag.

    ``context`` is the associated data of the one message. Raises ``SealInvalid``, and what ``exchange`` raises.
    """
    encapsulated, ciphertext = sealed[:POINT_LENGTH], sealed[POINT_LENGTH:]
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), encapsulated)
        shared = shared_secret(exchange(encapsulated), encapsulated, public)
        key, nonce = key_and_nonce(shared, info, aead)
        return AESGCM(key).decrypt(nonce, ciphertext, context)
    except (InvalidTag, ValueError):  # ValueError: not on the curve
        raise SealInvalid("this exchange key") from None


def shared_secret(exchanged: bytes, encapsulated: bytes, public: bytes) -> bytes:
    """Decap without its Diffie-Hellman (4.1): 32 bytes."""
    suite = b"KEM" + _KEM
    extracted = _extract(suite, b"", b"eae_prk", exchanged)
    return _expand(suite, extracted, b"shared_secret", encapsulated + public, _SECRET_LENGTH)


def key_and_nonce(shared: bytes, info: bytes, aead: Aead) -> tuple[bytes, bytes]:
    """The key schedule of the base mode (5.1), as far as one message needs it."""
    suite = b"HPKE" + _KEM + _KDF + aead.number.to_bytes(2)
    context = _BASE_MODE + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
    secret = _extract(suite, shared, b"secret", b"")
    key = _expand(suite, secret, b"key", context, aead.key_length)
    return key, _expand(suite, secret, b"base_nonce", context, _NONCE_LENGTH)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    """LabeledExtract (4): HMAC pads an empty salt with zeros by itself."""
    return hmac.digest(salt, _VERSION + suite + label + material, "sha256")


def _expand(suite: bytes, key: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """LabeledExpand (4)."""
    info = length.to_bytes(2) + _VERSION + suite + label + context
    return HKDFExpand(algorithm=SHA256(), length=length, info=info).derive(key)
