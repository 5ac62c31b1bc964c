"""A party's private keys, and what others do with the public ones.

Signing is Ed25519 (RFC 8032); key exchange is P-256, used in HPKE (RFC 9180, base mode) with DHKEM(P-256, HKDF-SHA256),
HKDF-SHA256 and AES-256-GCM. The two are separate keys, so that neither use can be turned against the other.
"""

from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certchain.errors import MalformedValue, SealInvalid, SignatureInvalid
from certchain.models.registration import PublicKeys

PRIVATE_LENGTH = 64
_SCALAR_LENGTH = 32
_CURVE = SECP256R1()
_HPKE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

# The heights (y) of Ed25519's eight points of small order, in canonical and other encodings: under such a "key" one
# signature fits many messages, so nobody could be held to what they signed. The library accepts them.
_P = 2**255 - 19
_HEIGHT = 2**255 - 1
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _P - 1, _P, _P + 1, _ORDER_EIGHT, _P - _ORDER_EIGHT})


@dataclass(frozen=True, slots=True, eq=False)
class KeyPair:
    """The private halves of a party's ``PublicKeys``."""

    _signing: Ed25519PrivateKey = field(repr=False)
    _exchange: EllipticCurvePrivateKey = field(repr=False)

    @classmethod
    def generate(cls) -> "KeyPair":
        """Two fresh keys."""
        return cls(Ed25519PrivateKey.generate(), generate_private_key(_CURVE))

    @classmethod
    def from_private_bytes(cls, data: bytes) -> "KeyPair":
        """Reads what ``private_bytes`` gave. Raises ``MalformedValue``."""
        if len(data) != PRIVATE_LENGTH:
            raise MalformedValue("key pair", f"it has {len(data)} bytes, not {PRIVATE_LENGTH}")
        signing, scalar = data[:_SCALAR_LENGTH], int.from_bytes(data[_SCALAR_LENGTH:])
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(signing), derive_private_key(scalar, _CURVE))
        except ValueError:
            raise MalformedValue("key pair", "its exchange key is not on P-256") from None

    def private_bytes(self) -> bytes:
        """The Ed25519 seed and the P-256 scalar (big-endian), 32 bytes each: a secret, for an encrypted file only."""
        return self._signing.private_bytes_raw() + self.exchange_scalar()

    def exchange_scalar(self) -> bytes:
        """The P-256 scalar (big-endian), 32 bytes: a secret, for an EDHOC implementation that takes the exchange key in no other form."""
        return self._exchange.private_numbers().private_value.to_bytes(_SCALAR_LENGTH)

    @property
    def public(self) -> PublicKeys:
        """The public halves."""
        exchange = self._exchange.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return PublicKeys(self._signing.public_key().public_bytes_raw(), exchange)

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes."""
        return self._signing.sign(message)

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """Opens what ``seal_to`` made for these keys under the same ``info``. Raises ``SealInvalid``."""
        try:
            return _HPKE.decrypt(sealed, self._exchange, info)
        except InvalidTag:
            raise SealInvalid("this exchange key") from None


def verify_signature(public_signing_key: bytes, message: bytes, signature: bytes, signer: str) -> bytes:
    """Returns the message when the Ed25519 signature over it is good (RFC 8032, 5.1.7). Raises ``SignatureInvalid``."""
    if int.from_bytes(public_signing_key, "little") & _HEIGHT in _SMALL_ORDER:
        raise SignatureInvalid(signer)
    try:
        Ed25519PublicKey.from_public_bytes(public_signing_key).verify(signature, message)
    except (InvalidSignature, ValueError):  # ValueError: no such key
        raise SignatureInvalid(signer) from None
    return message


def seal_to(exchange_public: bytes, info: bytes, plaintext: bytes) -> bytes:
    """Seals to the holder of an exchange key (33 bytes): the encapsulated key, 65 bytes, then ciphertext and tag.

    ``info`` says what is sealed and for what; it is authenticated, not sent. Raises ``MalformedValue`` for a key
    that is not on the curve.
    """
    try:
        recipient = EllipticCurvePublicKey.from_encoded_point(_CURVE, exchange_public)
    except ValueError:
        raise MalformedValue("exchange key", "it is not a point of P-256") from None
    return _HPKE.encrypt(plaintext, recipient, info)
