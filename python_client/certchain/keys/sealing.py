"""Sealing at rest: AES-256-GCM-SIV (RFC 8452), which stays safe even if a nonce should ever come twice."""

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from certchain.errors import MalformedValue, SealInvalid

KEY_LENGTH = 32
NONCE_LENGTH = 12
SEAL_LENGTH = NONCE_LENGTH + 16
"""How much longer than its plaintext something sealed is: by nonce and tag."""


@dataclass(frozen=True, slots=True, eq=False)
class SealingKey:
    """A symmetric key, 32 bytes. Raises ``MalformedValue`` for another length."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != KEY_LENGTH:
            raise MalformedValue("sealing key", f"it has {len(self.value)} bytes, not {KEY_LENGTH}")

    @classmethod
    def generate(cls) -> "SealingKey":
        """A fresh key."""
        return cls(os.urandom(KEY_LENGTH))

    @classmethod
    def from_private_bytes(cls, data: bytes) -> "SealingKey":
        """Reads what ``private_bytes`` gave. Raises ``MalformedValue``."""
        return cls(data)

    def private_bytes(self) -> bytes:
        """The key itself: a secret, for an encrypted file only."""
        return self.value

    def seal(self, context: bytes, plaintext: bytes) -> bytes:
        """The nonce, 12 random bytes, then ciphertext and tag (16 bytes); ``context`` is authenticated, not kept."""
        nonce = os.urandom(NONCE_LENGTH)
        return nonce + AESGCMSIV(self.value).encrypt(nonce, plaintext, context)

    def open(self, context: bytes, sealed: bytes) -> bytes:
        """Opens what ``seal`` made under the same ``context``. Raises ``SealInvalid``."""
        nonce, ciphertext = sealed[:NONCE_LENGTH], sealed[NONCE_LENGTH:]
        try:
            return AESGCMSIV(self.value).decrypt(nonce, ciphertext, context)
        except (InvalidTag, ValueError):  # ValueError: too short to have a nonce
            raise SealInvalid("this sealing key") from None
