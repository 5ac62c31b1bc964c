"""A user's secret gives two keys that know nothing of each other."""

import hmac
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from certchain.errors import MalformedValue, SignatureInvalid
from certchain.keys import RFC_9106_SECOND, Argon2Cost, SecretKeys, verify_signature

CHEAP = Argon2Cost(iterations=1, memory=8, lanes=1)
SALT = bytes(range(16))
SECRET = "correct horse battery staple"


def hkdf(secret: bytes, info: bytes) -> bytes:
    """RFC 5869 with no salt, for 32 bytes."""
    return hmac.digest(hmac.digest(bytes(32), secret, "sha256"), info + b"\x01", "sha256")


def test_argon2id_is_that_of_rfc_9106() -> None:
    kdf = Argon2id(
        salt=b"\x02" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\x04" * 12, secret=b"\x03" * 8
    )
    tag = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"  # section 5.3

    assert kdf.derive(b"\x01" * 32).hex() == tag


def test_the_recommended_cost_gives_the_known_answer_of_an_independent_implementation() -> None:
    assert (RFC_9106_SECOND.iterations, RFC_9106_SECOND.memory, RFC_9106_SECOND.lanes) == (3, 64 * 1024, 4)
    stretched = hash_secret_raw(SECRET.encode(), SALT, 3, 64 * 1024, 4, 32, Type.ID)

    keys = SecretKeys.derive(SECRET, SALT)

    assert keys.factor_key == hkdf(stretched, b"certchain/second-factor/v1")
    login = Ed25519PrivateKey.from_private_bytes(hkdf(stretched, b"certchain/login/v1"))
    assert keys.login.verifier == login.public_key().public_bytes_raw()
    assert keys.factor_key.hex() == "b809d10d94c48d16d961da1590c7c85c5155b0b23c1effaa049de4d73fff0523"
    assert keys.login.verifier.hex() == "d92cdee3fa42eff6ae49ab86d73e4c77e8d2033e41d95d4d7510037663d50799"


def test_the_login_key_signs_what_its_verifier_verifies() -> None:
    login = SecretKeys.derive(SECRET, SALT, CHEAP).login
    proof = login.sign(b"this channel")

    assert verify_signature(login.verifier, b"this channel", proof, "user 3") == b"this channel"
    with pytest.raises(SignatureInvalid):
        verify_signature(login.verifier, b"another channel", proof, "user 3")


def test_the_same_secret_under_the_same_salt_gives_the_same_keys() -> None:
    first, second = SecretKeys.derive(SECRET, SALT, CHEAP), SecretKeys.derive(SECRET, SALT, CHEAP)

    assert first.factor_key == second.factor_key
    assert first.login.verifier == second.login.verifier


@pytest.mark.parametrize(
    ("secret", "salt", "cost"),
    [
        (SECRET + " ", SALT, CHEAP),
        (SECRET.upper(), SALT, CHEAP),
        (SECRET, bytes(16), CHEAP),
        (SECRET, SALT, Argon2Cost(2, 8, 1)),
        (SECRET, SALT, Argon2Cost(1, 16, 1)),
        (SECRET, SALT, Argon2Cost(1, 16, 2)),
    ],
)
def test_another_secret_salt_or_cost_gives_other_keys(secret: str, salt: bytes, cost: Argon2Cost) -> None:
    known, other = SecretKeys.derive(SECRET, SALT, CHEAP), SecretKeys.derive(secret, salt, cost)

    assert other.factor_key != known.factor_key
    assert other.login.verifier != known.login.verifier


def test_the_two_keys_are_apart() -> None:
    keys = SecretKeys.derive(SECRET, SALT, CHEAP)
    from_factor_key = Ed25519PrivateKey.from_private_bytes(keys.factor_key).public_key().public_bytes_raw()

    assert from_factor_key != keys.login.verifier


def test_a_letter_with_an_accent_is_the_same_from_every_keyboard() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"

    assert SecretKeys.derive(composed, SALT, CHEAP).factor_key == SecretKeys.derive(decomposed, SALT, CHEAP).factor_key
    assert SecretKeys.derive("cafe", SALT, CHEAP).factor_key != SecretKeys.derive(composed, SALT, CHEAP).factor_key


def test_a_secret_that_no_keyboard_writes_still_gives_keys() -> None:
    assert len(SecretKeys.derive("\ud800", SALT, CHEAP).factor_key) == 32


@pytest.mark.parametrize(("secret", "salt"), [("", SALT), (SECRET, b""), (SECRET, bytes(15)), (SECRET, bytes(17))])
def test_an_empty_secret_or_a_salt_of_another_length_is_refused(secret: str, salt: bytes) -> None:
    with pytest.raises(MalformedValue):
        SecretKeys.derive(secret, salt, CHEAP)


@pytest.mark.parametrize(
    ("iterations", "memory", "lanes"),
    [
        (0, 64, 1),
        (65, 64, 1),
        (1, 64, 0),
        (1, 1024, 65),
        (1, 7, 1),
        (1, 15, 2),
        (1, 4 * 1024 * 1024 + 1, 1),
        (-1, -1, -1),
    ],
)
def test_a_cost_that_argon2_does_not_have_or_nobody_should_pay_is_refused(
    iterations: int, memory: int, lanes: int
) -> None:
    with pytest.raises(MalformedValue):
        Argon2Cost(iterations, memory, lanes)


def test_no_representation_shows_a_secret() -> None:
    assert repr(SecretKeys.derive(SECRET, SALT, CHEAP)) == "SecretKeys(login=LoginKey())"


def test_many_derivations_at_once_all_come_to_an_end_with_the_same_keys() -> None:
    """The library's lanes are threads from one pool: two derivations in it at once would fail, or wait for each other for ever."""
    cost = Argon2Cost(iterations=1, memory=64, lanes=4)
    with ThreadPoolExecutor(6) as pool:
        stretched = list(pool.map(lambda _: cost.stretch("secret", bytes(16)), range(60)))
    assert len(set(stretched)) == 1
