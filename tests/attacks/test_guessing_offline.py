"""Attack: steal what the lock, or the phone, keeps on its disk, and guess the user's secret at home, where nobody counts.

What stops that is the price of a guess: one Argon2id, whatever was stolen. So nothing that is kept may be a cheaper check than that.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from certchain.encoding.digest import commitment
from certchain.errors import CertchainError
from certchain.keys import RFC_9106_SECOND, Argon2Cost
from certchain.keys.secret import FACTOR_INFO, LOGIN_INFO
from certchain.roles.iot_device.login import BOOK
from certchain.roles.user_device import UserDevice
from certchain.roles.user_device.equipment import KeptRegistration, registration_file
from certchain.storage.kept import kept
from certchain.verification.login import LoginBook
from tests.household import SECRET, Household

WORDS = ("password", "123456", SECRET, "open sesame")


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    home.certify()
    return home


@pytest.fixture
def stretched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each secret that Argon2id was computed of."""
    done: list[str] = []
    stretch = Argon2Cost.stretch

    def counting(self: Argon2Cost, secret: str, salt: bytes) -> bytes:
        done.append(secret)
        return stretch(self, secret, salt)

    monkeypatch.setattr(Argon2Cost, "stretch", counting)
    return done


def disk(store: Any) -> bytes:
    return b"".join(b"".join(store.read(name)) for name in store.names())


def of_the_phone(home: Household) -> Callable[[str], bool]:
    """How who has the phone's registration, information and public keys, and the chain, tells a right guess from a wrong one."""
    registration = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration)
    ledger = home.account("anyone").registrations
    committed = ledger.registration(ledger.latest_registration(home.phone.id, home.lock.id)).commitment
    rebuild = home.phone.role._claimant.equipment.rebuild
    return lambda word: commitment(rebuild(registration.grant, registration.derivation.derive(word))) == committed


def of_the_lock(home: Household) -> Callable[[str], bool]:
    """The same for who has the lock's login book, and the salt from the phone."""
    verifier = kept(home.lock.store, BOOK, LoginBook).verifier(home.alice, home.phone.id)
    derivation = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration).derivation
    return lambda word: derivation.derive(word).login.verifier == verifier


@pytest.mark.parametrize("thief", [of_the_phone, of_the_lock])
def test_each_guess_takes_one_argon2id(
    home: Household, stretched: list[str], thief: Callable[[Household], Callable[[str], bool]]
) -> None:
    """The thief does find a secret that is in the dictionary: only the price per word is promised."""
    check = thief(home)
    assert [word for word in WORDS if check(word)] == [SECRET]
    assert stretched == list(WORDS)


def test_a_guess_is_really_argon2id_at_the_cost_that_is_kept(home: Household) -> None:
    """Computed here by itself: what the verifier comes from has no other, cheaper way to it."""
    registration = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration)
    cost, salt = registration.derivation.cost, registration.derivation.salt
    lanes, memory = cost.lanes, cost.memory
    stretched = Argon2id(salt=salt, length=32, iterations=cost.iterations, lanes=lanes, memory_cost=memory)
    login = HKDF(algorithm=SHA256(), length=32, salt=None, info=LOGIN_INFO).derive(stretched.derive(SECRET.encode()))
    verifier = kept(home.lock.store, BOOK, LoginBook).verifier(home.alice, home.phone.id)
    assert Ed25519PrivateKey.from_private_bytes(login).public_key().public_bytes_raw() == verifier


def test_that_is_what_rfc_9106_recommends_unless_it_is_told_otherwise() -> None:
    assert UserDevice.__init__.__kwdefaults__["cost"] in (None, RFC_9106_SECOND)
    assert (RFC_9106_SECOND.iterations, RFC_9106_SECOND.memory, RFC_9106_SECOND.lanes) == (3, 64 * 1024, 4)


def test_the_thief_of_the_lock_alone_cannot_check_a_guess_at_all(home: Household) -> None:
    """Salt and cost of the secret are with the phone: without its 16 random bytes there is nothing to compute."""
    salt = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration).derivation.salt
    assert len(salt) == 16
    assert salt not in disk(home.lock.store)
    book = kept(home.lock.store, BOOK, LoginBook)
    (verifier,) = book.verifiers
    assert {name.name for name in fields(verifier)} == {"registration", "user", "user_device", "verifier"}


def texts_and_bytes(value: Any) -> Iterator[bytes]:
    """All that a thief of the phone reads in what it keeps."""
    if is_dataclass(value):
        for name in fields(value):
            yield from texts_and_bytes(getattr(value, name.name))
    elif isinstance(value, bytes):
        yield value


def cheap(secret: bytes, salts: list[bytes]) -> Iterator[bytes]:
    """What somebody in haste would have kept: hashes, MACs and keys of the secret that cost nothing."""
    for salt in [b"", *salts]:
        for name in ("sha1", "sha256", "sha512", "md5", "blake2b"):
            yield hashlib.new(name, salt + secret).digest()
            yield hashlib.new(name, secret + salt).digest()
            yield hmac.new(salt, secret, name).digest()
            yield hmac.new(secret, salt, name).digest()
        for info in (FACTOR_INFO, LOGIN_INFO, b""):
            key = HKDF(algorithm=SHA256(), length=32, salt=salt or None, info=info).derive(secret)
            yield key
            yield Ed25519PrivateKey.from_private_bytes(key).public_key().public_bytes_raw()


@pytest.mark.parametrize("whose", ["lock", "phone"])
def test_nothing_that_is_kept_is_a_cheap_function_of_the_secret(home: Household, whose: str) -> None:
    registration = kept(home.phone.store, registration_file(home.lock.id), KeptRegistration)
    salts = [value for value in texts_and_bytes(registration) if len(value) >= 16]
    assert len(salts) > 3
    stolen = disk(getattr(home, whose).store)
    assert SECRET.encode() not in stolen
    assert [value for value in cheap(SECRET.encode(), salts) if value in stolen] == []


def test_the_control_the_same_search_finds_a_hash_that_was_kept(home: Household) -> None:
    home.phone.store.write("hint", [hashlib.sha256(SECRET.encode()).digest()])
    assert any(value in disk(home.phone.store) for value in cheap(SECRET.encode(), []))


def test_online_a_guess_is_counted_before_it_is_checked_and_five_are_all(home: Household) -> None:
    """The other price: whoever has neither disk asks the lock, and gets no sixth answer."""
    refused = []
    for word in ("a", "b", "c", "d", "e", SECRET):
        with pytest.raises(CertchainError) as refusal:
            home.certify(word)
        refused.append(type(refusal.value).__name__)
    assert refused == ["LoginRefused"] * 5 + ["LoginLocked"]
