"""The two keys that come from a user's secret, apart from each other (design, section 5).

The secret is stretched by Argon2id (RFC 9106) under a salt of the registration, and divided by HKDF-SHA256 (RFC 5869):
one key goes into the second factor, the other proves the login (C1). Who has the login's verifier cannot get to the
factor key but by guessing the secret.
"""

from dataclasses import dataclass, field
from threading import Lock
from unicodedata import normalize

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certchain.errors import MalformedValue

SECRET_SALT_LENGTH = 16
FACTOR_INFO = b"certchain/second-factor/v1"
LOGIN_INFO = b"certchain/login/v1"
_KEY_LENGTH = 32
_MOST_ITERATIONS = 64
_MOST_MEMORY = 4 * 1024 * 1024
_MOST_LANES = 64
# OpenSSL's lanes are threads from one pool of the whole process: two derivations at once run out of it, or wait for each other for ever.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """How much work Argon2id is: passes, memory in KiB (8 a lane at least) and lanes.

    Costs are read from files, too: more than 64 passes, 4 GiB or 64 lanes are refused. Raises ``MalformedValue``.
    """

    iterations: int
    memory: int
    lanes: int

    def __post_init__(self) -> None:
        if not 1 <= self.iterations <= _MOST_ITERATIONS or not 1 <= self.lanes <= _MOST_LANES:
            raise MalformedValue("Argon2 cost", f"{self.iterations} passes in {self.lanes} lanes")
        if not 8 * self.lanes <= self.memory <= _MOST_MEMORY:
            raise MalformedValue("Argon2 cost", f"{self.memory} KiB of memory in {self.lanes} lanes")

    def stretch(self, secret: str, salt: bytes) -> bytes:
        """32 bytes from a secret that people remember, normalised to NFC (RFC 8265, 4.2.2) for every keyboard alike.

        Raises ``MalformedValue`` for an empty secret or a salt that is not 16 bytes long.
        """
        if not secret:
            raise MalformedValue("secret", "it is empty")
        if len(salt) != SECRET_SALT_LENGTH:
            raise MalformedValue("secret salt", f"it has {len(salt)} bytes, not {SECRET_SALT_LENGTH}")
        material = normalize("NFC", secret).encode("utf-8", "surrogatepass")
        kdf = Argon2id(
            salt=salt, length=_KEY_LENGTH, iterations=self.iterations, lanes=self.lanes, memory_cost=self.memory
        )
        with _one_at_a_time:
            return kdf.derive(material)


RFC_9106_SECOND = Argon2Cost(iterations=3, memory=64 * 1024, lanes=4)
"""RFC 9106, section 4, the second recommended option: 3 passes over 64 MiB in 4 lanes."""


@dataclass(frozen=True, slots=True, eq=False)
class LoginKey:
    """The Ed25519 key that proves a login."""

    _private: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> bytes:
        """The public key, 32 bytes: all that the IoT device keeps."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature, 64 bytes; ``encoding.digest.login_proof`` makes the message."""
        return self._private.sign(message)


@dataclass(frozen=True, slots=True, eq=False)
class SecretKeys:
    """What a user's secret gives: ``factor_key`` (32 bytes) for the second factor, ``login`` for C1."""

    factor_key: bytes = field(repr=False)
    login: LoginKey

    @classmethod
    def derive(cls, secret: str, salt: bytes, cost: Argon2Cost = RFC_9106_SECOND) -> "SecretKeys":
        """Both keys of a secret under a salt of 16 bytes. Raises ``MalformedValue``, as ``Argon2Cost.stretch`` does."""
        stretched = cost.stretch(secret, salt)
        login = Ed25519PrivateKey.from_private_bytes(_part(stretched, LOGIN_INFO))
        return cls(_part(stretched, FACTOR_INFO), LoginKey(login))


def _part(stretched: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_LENGTH, salt=None, info=info).derive(stretched)
