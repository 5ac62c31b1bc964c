"""Keys and what they do: signing, key exchange, sealing, users' secrets, files. No ``repr`` shows a secret."""

from certchain.keys.pair import KeyPair, seal_to, verify_signature
from certchain.keys.sealing import SealingKey
from certchain.keys.secret import RFC_9106_SECOND, Argon2Cost, LoginKey, SecretKeys

__all__ = [
    "RFC_9106_SECOND",
    "Argon2Cost",
    "KeyPair",
    "LoginKey",
    "SealingKey",
    "SecretKeys",
    "seal_to",
    "verify_signature",
]
