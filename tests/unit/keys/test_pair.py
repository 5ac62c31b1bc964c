"""Signatures bind a message to a key; what is sealed to a key opens for that key alone."""

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDH, SECP256R1, EllipticCurvePublicKey, derive_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certchain.errors import MalformedValue, SealInvalid, SignatureInvalid
from certchain.keys import KeyPair, seal_to, verify_signature
from certchain.keys.pair import _SMALL_ORDER

# RFC 8032, 7.1, test 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
VERIFIER = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
SCALAR = bytes(31) + b"\x01"
GENERATOR = bytes.fromhex("036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P = 2**255 - 19


@pytest.fixture
def pair() -> KeyPair:
    return KeyPair.generate()


def opened_as_rfc_9180_says(scalar: bytes, info: bytes, sealed: bytes) -> bytes:
    """Base mode of DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, written down from the RFC's sections 4 and 5."""

    def extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")

    def expand(suite: bytes, prk: bytes, label: bytes, context: bytes, length: int) -> bytes:
        block = hmac.digest(prk, length.to_bytes(2) + b"HPKE-v1" + suite + label + context + b"\x01", "sha256")
        return block[:length]

    private = derive_private_key(int.from_bytes(scalar), SECP256R1())
    numbers = private.public_key().public_numbers()
    public = b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
    encapsulated, ciphertext = sealed[:65], sealed[65:]
    shared = private.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), encapsulated))

    kem = b"KEM" + (0x0010).to_bytes(2)
    secret = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret", encapsulated + public, 32)
    suite = b"HPKE" + (0x0010).to_bytes(2) + (0x0001).to_bytes(2) + (0x0002).to_bytes(2)
    context = b"\0" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    prk = extract(suite, secret, b"secret", b"")
    key, nonce = expand(suite, prk, b"key", context, 32), expand(suite, prk, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ciphertext, b"")


def test_a_signature_is_that_of_rfc_8032() -> None:
    pair = KeyPair.from_private_bytes(SEED + SCALAR)

    assert pair.public.signing == VERIFIER
    assert pair.sign(b"\x72") == SIGNATURE
    assert verify_signature(VERIFIER, b"\x72", SIGNATURE, "device 1") == b"\x72"


def test_the_exchange_key_is_a_compressed_point() -> None:
    assert KeyPair.from_private_bytes(SEED + SCALAR).public.exchange == GENERATOR


@pytest.mark.parametrize(
    ("key", "message", "signature"),
    [
        (VERIFIER, b"\x73", SIGNATURE),
        (VERIFIER, b"", SIGNATURE),
        (VERIFIER, b"\x72", SIGNATURE[:-1]),
        (VERIFIER, b"\x72", SIGNATURE + b"\0"),
        (VERIFIER, b"\x72", b""),
        (VERIFIER, b"\x72", SIGNATURE[:32] + bytes(32)),
        (SEED, b"\x72", SIGNATURE),
        (VERIFIER[:-1], b"\x72", SIGNATURE),
        (b"", b"\x72", SIGNATURE),
        (b"\xff" * 32, b"\x72", SIGNATURE),
    ],
)
def test_a_signature_by_another_key_or_over_another_message_is_refused(
    key: bytes, message: bytes, signature: bytes
) -> None:
    with pytest.raises(SignatureInvalid) as refusal:
        verify_signature(key, message, signature, "device 1")
    assert refusal.value.signer == "device 1"


@pytest.mark.parametrize("sign_bit", [0, 0x80])
@pytest.mark.parametrize("y", sorted(_SMALL_ORDER))
def test_a_key_under_which_one_signature_fits_every_message_is_refused(y: int, sign_bit: int) -> None:
    key = (y | sign_bit << 248).to_bytes(32, "little")
    identity = b"\x01" + bytes(63)  # R is the neutral point, S is 0
    for message in (b"I owe you nothing", b"I owe you everything"):
        with pytest.raises(SignatureInvalid):
            verify_signature(key, message, identity, "the manufacturer")


def test_the_refused_keys_are_all_points_of_small_order() -> None:
    d = -121665 * pow(121666, -1, P) % P
    found = set()
    for y in {height % P for height in _SMALL_ORDER}:
        # On the curve, doubling a point takes y to (y² + x²) / (2 + x² - y²), with x² = (y² - 1) / (d y² + 1).
        doublings = [y]
        for _ in range(3):
            y2 = doublings[-1] ** 2 % P
            x2 = (y2 - 1) * pow(d * y2 + 1, -1, P) % P
            doublings.append((y2 + x2) * pow(2 + x2 - y2, -1, P) % P)
        assert doublings[3] == 1
        found.add(y)
    assert len(found) == 5  # with both signs of x: 1 + 1 + 2 + 4 points


def test_private_bytes_come_back_as_the_same_keys(pair: KeyPair) -> None:
    assert KeyPair.from_private_bytes(pair.private_bytes()).public == pair.public


@pytest.mark.parametrize(
    "data", [b"", SEED, SEED + SCALAR + b"\0", SEED + bytes(32), SEED + ORDER.to_bytes(32), bytes(32) + b"\xff" * 32]
)
def test_bytes_that_are_no_key_pair_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedValue):
        KeyPair.from_private_bytes(data)


def test_two_key_pairs_share_nothing() -> None:
    first, second = KeyPair.generate(), KeyPair.generate()

    assert first.public.signing != second.public.signing
    assert first.public.exchange != second.public.exchange


@pytest.mark.parametrize("plaintext", [b"", b"VerID", bytes(100_000)])
def test_what_is_sealed_to_a_key_opens_for_its_holder(pair: KeyPair, plaintext: bytes) -> None:
    sealed = seal_to(pair.public.exchange, b"version 1", plaintext)

    assert pair.open(b"version 1", sealed) == plaintext
    assert len(sealed) == 65 + len(plaintext) + 16


def test_what_is_sealed_is_hpke_as_rfc_9180_has_it(pair: KeyPair) -> None:
    sealed = seal_to(pair.public.exchange, b"version 1", b"VerID")

    assert opened_as_rfc_9180_says(pair.private_bytes()[32:], b"version 1", sealed) == b"VerID"


def test_what_is_sealed_does_not_open_for_another_key_or_another_purpose(pair: KeyPair) -> None:
    sealed = seal_to(pair.public.exchange, b"version 1", b"VerID")

    for thief, info in ((KeyPair.generate(), b"version 1"), (pair, b"version 2"), (pair, b"")):
        with pytest.raises(SealInvalid) as refusal:
            thief.open(info, sealed)
        assert refusal.value.values() == {"key": "this exchange key"}


def test_what_is_sealed_does_not_open_after_any_change(pair: KeyPair) -> None:
    sealed = seal_to(pair.public.exchange, b"version 1", b"VerID")
    changed = [sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :] for i in range(len(sealed))]
    for other in (*changed, b"", sealed[:65], sealed[:-1], sealed + b"\0"):
        with pytest.raises(SealInvalid):
            pair.open(b"version 1", other)


@pytest.mark.parametrize(
    "key", [b"", bytes(33), GENERATOR[:-1], b"\x02" + b"\xff" * 32, b"\x05" + GENERATOR[1:], b"\x00"]
)
def test_nothing_is_sealed_to_what_is_no_key(key: bytes) -> None:
    with pytest.raises(MalformedValue):
        seal_to(key, b"", b"VerID")


def test_no_representation_shows_a_secret(pair: KeyPair) -> None:
    assert repr(pair) == "KeyPair()"
