"""Keys and what they do: signing, key exchange, sealing, users' secrets, files. No ``repr`` shows a secret."""

from certchain.keys.control import CONTROL_LENGTH, ControlKeys
from certchain.keys.file import read_key_file, write_key_file
from certchain.keys.pair import KeyPair, seal_to, verify_signature
from certchain.keys.sealing import SealingKey
from certchain.keys.secret import RFC_9106_SECOND, Argon2Cost, LoginKey, SecretKeys

__all__ = [
    "CONTROL_LENGTH",
    "RFC_9106_SECOND",
    "Argon2Cost",
    "ControlKeys",
    "KeyPair",
    "LoginKey",
    "SealingKey",
    "SecretKeys",
    "read_key_file",
    "seal_to",
    "verify_signature",
    "write_key_file",
]
