"""A party's private keys keep these promises, wherever they are: in an encrypted file or in a token (SoftHSM2)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass

from certchain.encoding.digest import key_thumbprint
from certchain.errors import (
    KeyFileUnreadable,
    KeyUriInvalid,
    PinRefused,
    RecordExists,
    SealInvalid,
    SignatureInvalid,
    TokenKeyMissing,
    TokenKeysExist,
    TokenModuleMissing,
    TokenUnavailable,
)
from certchain.keys import Argon2Cost, KeyPair, ServerTls, seal_to, token, verify_signature
from certchain.keys.interface import PrivateKeys
from certchain.keys.uri import has_keys, make_keys, open_keys
from certchain.models.identifier import ServiceId, service_party
from certchain.models.production import DeviceDescription
from certchain.models.registration import KeyRecord
from certchain.verification.statement import Identity, verify_statement
from tests.softhsm import OTHER_PIN, PIN, SoftHsm, soft_hsm
from tests.tls import Certificates

CHEAP = Argon2Cost(iterations=1, memory=8, lanes=1)
INFO = b"what it is for"
Place = Callable[[str], str]


@pytest.fixture(scope="session")
def hsm() -> SoftHsm:
    return soft_hsm()


@pytest.fixture(params=["file", "pkcs11"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Gives a URI for a name."""
    if request.param == "file":
        return lambda name: f"file:{tmp_path}/{name}.key"
    hsm: SoftHsm = request.getfixturevalue("hsm")
    return lambda name: hsm.uri(f"{name} of {tmp_path.name}".replace(" ", "%20"))


@pytest.fixture
def keys(place: Place) -> PrivateKeys:
    return make_keys(place("server"), ask, CHEAP)


def ask() -> str:
    return PIN


def stranger() -> str:
    return OTHER_PIN


# ------------------------------------------------------------------------------------------------------------- both kinds


def test_what_the_keys_sign_verifies_under_their_public_half_and_no_other(keys: PrivateKeys) -> None:
    signature = keys.sign(b"open the door")

    verify_signature(keys.public.signing, b"open the door", signature, "server")
    with pytest.raises(SignatureInvalid):
        verify_signature(keys.public.signing, b"open the window", signature, "server")
    with pytest.raises(SignatureInvalid):
        verify_signature(KeyPair.generate().public.signing, b"open the door", signature, "server")


def test_what_is_sealed_to_the_keys_opens_for_them_under_the_same_info_only(keys: PrivateKeys) -> None:
    sealed = seal_to(keys.public.exchange, INFO, b"a share")

    assert keys.open(INFO, sealed) == b"a share"
    with pytest.raises(SealInvalid):
        keys.open(b"something else", sealed)
    with pytest.raises(SealInvalid):
        keys.open(INFO, seal_to(KeyPair.generate().public.exchange, INFO, b"a share"))


@pytest.mark.parametrize(
    "spoil", [lambda _: b"", lambda s: s[:64], lambda s: b"\x04" + bytes(64) + s[65:], lambda s: s[:-1]]
)
def test_what_was_never_sealed_is_refused_and_not_an_accident(
    keys: PrivateKeys, spoil: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(SealInvalid):
        keys.open(INFO, spoil(seal_to(keys.public.exchange, INFO, b"a share")))


def test_the_keys_are_the_same_when_they_are_opened_again(place: Place, keys: PrivateKeys) -> None:
    again = open_keys(place("server"), ask)

    assert again.public == keys.public
    assert again.open(INFO, seal_to(keys.public.exchange, INFO, b"a share")) == b"a share"
    verify_signature(keys.public.signing, b"once more", again.sign(b"once more"), "server")


def test_an_identity_signs_with_them_like_any_other(keys: PrivateKeys) -> None:
    party, door = service_party(ServiceId(3)), DeviceDescription("Acme", "bolt", "SN-1")
    signed = Identity(bytes(32), party, keys).sign(door)

    records = [KeyRecord(key_thumbprint(keys.public), 1)]
    assert verify_statement(signed, DeviceDescription, party, records, bytes(32)) == door


def test_keys_that_are_there_are_never_overwritten(place: Place, keys: PrivateKeys) -> None:
    with pytest.raises((RecordExists, TokenKeysExist)):
        make_keys(place("server"), ask, CHEAP)
    assert open_keys(place("server"), ask).public == keys.public


def test_a_wrong_pin_or_passphrase_opens_nothing(place: Place, keys: PrivateKeys, hsm: SoftHsm) -> None:
    uri = place("server").replace(f"&pin-value={PIN}", "")
    with pytest.raises((KeyFileUnreadable, PinRefused)):
        open_keys(uri, stranger)
    assert open_keys(uri, ask).public == keys.public


def test_keys_that_are_not_there_are_missed_by_name(place: Place) -> None:
    with pytest.raises((KeyFileUnreadable, TokenKeyMissing), match="nobody"):
        open_keys(place("nobody"), ask)


def test_many_threads_use_the_keys_at_once(keys: PrivateKeys) -> None:
    def deed(number: int) -> bytes:
        message = number.to_bytes(8)
        verify_signature(keys.public.signing, message, keys.sign(message), "server")
        return keys.open(INFO, seal_to(keys.public.exchange, INFO, message))

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(deed, range(100))) == [number.to_bytes(8) for number in range(100)]


# ------------------------------------------------------------------------------------------------------------- tokens only


def test_the_private_keys_are_where_nothing_can_read_them(hsm: SoftHsm) -> None:
    keys = make_keys(hsm.uri("kept"), ask)

    with keys.token.session() as session:  # type: ignore[attr-defined]
        wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: "kept"}
        private = list(session.get_objects(wanted))
        assert len(private) == 2
        for key in private:
            assert key[Attribute.SENSITIVE]
            assert not key[Attribute.EXTRACTABLE]
            with pytest.raises(pkcs11.AttributeSensitive):
                key[Attribute.VALUE]
    assert not hasattr(keys, "private_bytes")


def test_no_exchanged_secret_stays_in_the_token(hsm: SoftHsm) -> None:
    keys = make_keys(hsm.uri("tidy"), ask)
    keys.open(INFO, seal_to(keys.public.exchange, INFO, b"a share"))

    with keys.token.session() as session:  # type: ignore[attr-defined]
        assert list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY})) == []


def test_a_token_that_is_not_there_is_told(hsm: SoftHsm) -> None:
    with pytest.raises(TokenUnavailable) as refusal:
        open_keys(hsm.uri("server", token="lost"), ask)
    assert refusal.value.values() == {"token": "lost", "reason": "NoSuchToken"}


@pytest.mark.parametrize("module", ["/nowhere/module.so", __file__])
def test_a_module_that_is_none_is_told(module: str) -> None:
    with pytest.raises(TokenModuleMissing):
        open_keys(f"pkcs11:token=house;object=server?module-path={module}", ask)


def test_a_wrong_pin_at_the_first_login_is_refused_and_the_right_one_taken_then(hsm: SoftHsm) -> None:
    with pytest.raises(PinRefused) as refusal:
        make_keys(hsm.uri("server", token="spare", pin=OTHER_PIN), ask)
    assert refusal.value.token == "spare"
    make_keys(hsm.uri("server", token="spare"), ask)


def test_a_token_can_be_named_by_serial_and_its_keys_by_id(hsm: SoftHsm) -> None:
    made = make_keys(hsm.uri("numbered").replace(";object", ";id=%01%02;object"), ask)
    serial = next(token.serial.decode() for token in pkcs11.lib(str(hsm.module)).get_tokens(token_label="house"))
    named = f"pkcs11:serial={serial};object=numbered;id=%01%02;type=private?module-path={hsm.module}"
    assert open_keys(named, ask).public == made.public
    with pytest.raises(TokenKeyMissing):
        open_keys(named.replace("%02", "%03"), ask)


def test_a_key_pair_that_lacks_its_half_is_not_used(hsm: SoftHsm) -> None:
    keys = make_keys(hsm.uri("halved"), ask)
    with keys.token.writing() as session:  # type: ignore[attr-defined]
        kind = {Attribute.LABEL: "halved", Attribute.KEY_TYPE: pkcs11.KeyType.EC}
        for key in list(session.get_objects(kind)):
            key.destroy()
    with pytest.raises(TokenKeyMissing):
        open_keys(hsm.uri("halved"), ask)
    with pytest.raises(TokenUnavailable):
        keys.open(INFO, seal_to(keys.public.exchange, INFO, b"a share"))


def test_keys_of_another_curve_are_not_used(hsm: SoftHsm) -> None:
    keys = make_keys(hsm.uri("wide"), ask)
    with keys.token.writing() as session:  # type: ignore[attr-defined]
        for key in list(session.get_objects({Attribute.LABEL: "wide", Attribute.KEY_TYPE: pkcs11.KeyType.EC})):
            key.destroy()
        token._draw(session, pkcs11.KeyType.EC, "secp384r1", "wide", b"1")
    with pytest.raises(TokenKeyMissing):
        open_keys(hsm.uri("wide"), ask)


def test_a_token_that_fails_half_way_keeps_no_half_of_the_keys(hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(session: Any, kind: pkcs11.KeyType, *rest: Any) -> Any:
        if kind is pkcs11.KeyType.EC:
            raise pkcs11.DeviceMemory
        return draw(session, kind, *rest)

    draw = token._draw
    monkeypatch.setattr(token, "_draw", failing)
    with pytest.raises(TokenUnavailable, match="DeviceMemory"):
        make_keys(hsm.uri("half way"), ask)
    monkeypatch.undo()
    assert not has_keys(hsm.uri("half way"), ask)
    make_keys(hsm.uri("half way"), ask)
    assert has_keys(hsm.uri("half way"), ask)


def test_of_two_tokens_with_one_name_none_is_chosen(hsm: SoftHsm) -> None:
    with pytest.raises(TokenUnavailable) as refusal:
        open_keys(hsm.uri("server", token="twin"), ask)
    assert refusal.value.reason == "MultipleTokensReturned"


def test_a_token_without_a_pin_is_not_asked(hsm: SoftHsm) -> None:
    with pytest.raises(KeyUriInvalid):
        open_keys(hsm.uri("server", pin=""), ask)


def test_a_token_that_was_taken_away_is_told_at_the_next_use(hsm: SoftHsm) -> None:
    keys = make_keys(hsm.uri("server", token="travelling"), ask)
    sealed = seal_to(keys.public.exchange, INFO, b"a share")
    assert keys.open(INFO, sealed) == b"a share"

    hsm.take_away("travelling")
    for _ in range(2):
        with pytest.raises(TokenUnavailable, match="travelling"):
            keys.sign(b"open the door")
        with pytest.raises(TokenUnavailable, match="travelling"):
            keys.open(INFO, sealed)

    # The others do not mind.
    make_keys(hsm.uri("not travelling"), ask)


def test_tls_works_in_a_thread_in_which_a_token_was_used() -> None:
    """What a module made with OpenSSL leaves in that library's queue of errors is none of TLS's: seen with SoftHSM2."""
    made = make_keys(soft_hsm().uri("beside tls"), lambda: PIN)
    ServerTls(Certificates().server())
    made.sign(b"a message")
    ServerTls(Certificates().server())
