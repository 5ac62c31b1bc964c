"""Keys at the command line, and services whose keys are where the settings say."""

from base64 import b64encode
from pathlib import Path

import pytest

from tests.program import CHEAP_KEYS, SESSION, Program
from tests.softhsm import OTHER_PIN, SoftHsm, soft_hsm

SERVICE = "certification-server"


@pytest.fixture
def hsm() -> SoftHsm:
    return soft_hsm()


@pytest.fixture
def name(tmp_path: Path) -> str:
    """That no other test's keys have."""
    return f"{tmp_path.parent.name}-{tmp_path.name}"


def test_keys_in_a_file_are_made_once_and_shown(certchain: Program, tmp_path: Path) -> None:
    uri = f"file:{tmp_path}/keys/server.key"
    made = certchain.json("key", "make", uri).value()
    assert certchain.json("key", "show", uri).value() == made
    assert (len(made["signing_key"]), len(made["exchange_key"])) == (64, 66)
    certchain.json("key", "make", uri).refusal(65, "RecordExists")


def test_keys_in_a_token_are_made_once_and_shown(certchain: Program, hsm: SoftHsm, name: str) -> None:
    uri = hsm.uri(name)
    made = certchain.json("key", "make", uri).value()
    assert certchain.json("key", "show", uri).value() == made
    certchain.json("key", "make", uri).refusal(78, "TokenKeysExist")


@pytest.mark.parametrize(
    ("uri", "code", "error"),
    [
        ("server.key", 78, "KeyUriInvalid"),
        ("file:/nowhere/server.key", 78, "KeyFileUnreadable"),
        ("pkcs11:token=t;object=o?module-path=/nowhere.so&pin-value=1", 78, "TokenModuleMissing"),
    ],
)
def test_keys_that_cannot_be_opened_are_told(certchain: Program, uri: str, code: int, error: str) -> None:
    certchain.json("key", "show", uri).refusal(code, error)


def note_key(signing: str) -> str:
    """How a verifier key ends (C2SP signed-note)."""
    return b64encode(b"\x01" + bytes.fromhex(signing)).decode()


def settings(certchain: Program, uri: str) -> None:
    (certchain.home / "config.toml").write_text(f'{CHEAP_KEYS}[keys]\n{SERVICE} = "{uri}"\n')


@pytest.fixture
def in_a_token(certchain: Program, hsm: SoftHsm, name: str) -> str:
    """The URI of the certification server's keys, which the settings name before anything is deployed."""
    settings(certchain, hsm.uri(name))
    return hsm.uri(name)


def test_a_certification_server_works_with_keys_in_a_token(in_a_token: str, registered: Program) -> None:
    """Its log's checkpoints are signed there, and applications opened there; no key file of its own exists."""
    registered.json(*SESSION, "--command", "unlock").value()

    assert not (registered.home / "keys" / f"{SERVICE}.key").exists()
    shown = registered.json("key", "show", in_a_token).value()
    assert registered.json("log", "key").value()["key"].endswith(note_key(shown["signing_key"]))


def test_with_a_wrong_pin_the_server_does_not_start(certchain: Program, hsm: SoftHsm, name: str) -> None:
    certchain.json("key", "make", hsm.uri(name)).value()
    settings(certchain, hsm.uri(name, pin=OTHER_PIN))
    certchain.json("deploy").refusal(78, "PinRefused")


def test_a_service_s_key_file_can_be_elsewhere(certchain: Program, tmp_path: Path) -> None:
    elsewhere = tmp_path / "vault" / "server.key"
    settings(certchain, f"file:{elsewhere}")
    certchain.json("deploy").value()
    assert elsewhere.exists()
    assert not (certchain.home / "keys" / f"{SERVICE}.key").exists()
