"""Attack: read secrets where they should not be: in logs, on the lock, on the wire, on the stolen phone's disk."""

import logging

import pytest

from certchain.encoding.message import to_cbor
from certchain.errors import CertchainError
from certchain.keys import SecretKeys
from certchain.models.application import RegistrationHash
from certchain.roles.user_device.equipment import KeptRegistration, registration_file
from certchain.storage.kept import kept
from tests.household import SECRET, Household
from tests.wiretap import rebuilt, tap_lock, tap_server


@pytest.fixture
def home() -> Household:
    return Household()


def registration(home: Household) -> KeptRegistration:
    return kept(home.phone.store, registration_file(home.lock.id), KeptRegistration)


def second_factor_secrets(home: Household) -> dict[str, bytes]:
    """Everything that would help to forge the second factor or R, by name."""
    keys = registration(home).derivation.derive(SECRET)
    equipment = home.phone.role._claimant.equipment
    record = home.server.role._equipment.on_record(home.lock.id, home.phone.id)
    latest = home.server.role._equipment.latest_registration(home.phone.id, home.lock.id)
    assert latest is not None
    assert record.user_device == equipment.information
    key_data = home.server.role._equipment.key_data(latest)
    assert key_data.second_factor is not None
    return {
        "secret": SECRET.encode(),
        "secret salt": registration(home).derivation.salt,
        "factor key": keys.factor_key,
        "second factor": key_data.second_factor.value,
        "salt": key_data.salt,
        "R": rebuilt(home.phone, home, SECRET).value,
    }


def whole_life(home: Household) -> None:
    """Registration both ways, good and bad logins, a command."""
    home.register()
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(
        home.server.channel(home.phone.identity.party), home.alice, home.lock.id, home.method, SECRET
    )
    home.phone.role.introduce(home.lock.channel(), home.lock.id)
    home.certify().command(b"open")
    with pytest.raises(CertchainError):
        home.certify("open sesame")
    (home.phone.folder / "main.js").write_text("changed")
    with pytest.raises(CertchainError):
        home.certify()


def test_no_secret_is_logged(home: Household, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    whole_life(home)
    assert "C13 certified" in caplog.text
    assert "C5 refused: IntegrityFailed" in caplog.text
    assert "C2 refused: LoginRefused" in caplog.text
    assert "C4 refused: IntegrityFailed" in caplog.text
    for name, secret in second_factor_secrets(home).items():
        assert secret.hex() not in caplog.text, name
        assert repr(secret)[2:-1] not in caplog.text, name
    assert "open sesame" not in caplog.text


def test_the_lock_never_sees_what_the_second_factor_is_made_from(home: Household) -> None:
    """Not in what it forwards, not in what it is answered, not in what it keeps."""
    to_lock, to_server = tap_lock(home.lock), tap_server(home.lock)
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(to_lock.channel(), home.alice, home.lock.id, home.method, SECRET)
    home.phone.role.certify(to_lock.channel(), home.lock.id, SECRET)
    seen = [*to_lock.asked, *to_lock.answered, *to_server.asked, *to_server.answered]
    wire = b"".join(to_cbor(message) for message in seen)
    disk = b"".join(b"".join(home.lock.store.read(name)) for name in home.lock.store.names())
    assert registration(home).grant.salt == second_factor_secrets(home)["salt"]
    for name, secret in second_factor_secrets(home).items():
        assert secret not in wire, name
        assert secret not in disk, name
    assert registration(home).derivation.derive(SECRET).login.verifier in disk


def test_a_stolen_phones_disk_holds_neither_the_secret_nor_its_keys(home: Household) -> None:
    home.register()
    disk = b"".join(b"".join(home.phone.store.read(name)) for name in home.phone.store.names())
    secrets = second_factor_secrets(home)
    for name in ("secret", "factor key", "second factor", "R"):
        assert secrets[name] not in disk, name


def test_a_stolen_database_without_its_sealing_key_holds_neither_salt_nor_second_factor(home: Household) -> None:
    home.register()
    rows = repr(vars(home.server.database)).encode() + b"".join(home.server.database._key_data.values())
    secrets = second_factor_secrets(home)
    for name in ("second factor", "salt", "R"):
        assert secrets[name] not in rows, name
        assert repr(secrets[name])[2:-1].encode() not in rows, name


def test_what_is_secret_does_not_show_itself(home: Household) -> None:
    home.register()
    secrets = second_factor_secrets(home)
    shown = repr(
        [
            registration(home),
            RegistrationHash(secrets["R"]),
            SecretKeys.derive(SECRET, bytes(16), home.phone.role._claimant.equipment.cost),
            home.certify().keys,
            home.server.sealing_key,
        ]
    )
    for name in ("salt", "secret salt", "R"):
        assert repr(secrets[name]) not in shown, name
    assert repr(home.server.sealing_key.value) not in shown
