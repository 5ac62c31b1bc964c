"""Keys in the home folder: made once, opened by the passphrase, refused after any change."""

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account

from certchain.cli.keyring import Keyring
from certchain.config import Configuration, Home
from certchain.errors import KeyFileUnreadable, RecordExists, StorageUnavailable


def keyring(folder: Path, known: str = "pass") -> Keyring:
    return Keyring(Home(folder), Configuration(key_memory=32), lambda _: known)


def test_an_account_is_made_once_and_opened_again(tmp_path: Path) -> None:
    made = keyring(tmp_path).made_account("authority")
    assert keyring(tmp_path).account("authority") == made
    assert keyring(tmp_path).made_account("authority") == made


def test_an_account_is_a_keystore_that_other_programs_open_and_only_its_owner_reads(tmp_path: Path) -> None:
    made = keyring(tmp_path).made_account("authority")
    file = Home(tmp_path).account("authority")
    assert Account.decrypt(json.loads(file.read_text()), "pass") == made.key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-20],
        lambda text: "{}",
        lambda text: "[]",
        lambda text: text.replace('"mac": "', '"mac": "00'),
    ],
)
def test_a_damaged_keystore_is_refused(tmp_path: Path, damage: object) -> None:
    keyring(tmp_path).made_account("authority")
    file = Home(tmp_path).account("authority")
    file.write_text(damage(file.read_text()))  # type: ignore[operator]
    with pytest.raises(KeyFileUnreadable):
        keyring(tmp_path).account("authority")


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    right = keyring(tmp_path)
    right.made_account("authority")
    right.made_pair(Home(tmp_path).key_file("authority"))
    right.made_sealing_key("key-data")
    wrong = keyring(tmp_path, "guess")
    for attempt in (
        lambda: wrong.account("authority"),
        lambda: wrong.service("authority"),
        lambda: wrong.sealing_key("key-data"),
    ):
        with pytest.raises(KeyFileUnreadable):
            attempt()


def test_a_missing_account_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnreadable, match="authority"):
        keyring(tmp_path).account("authority")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file where the folder should be")
    with pytest.raises(StorageUnavailable):
        keyring(tmp_path).made_account("authority")


def test_an_account_that_another_process_made_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    file = Home(tmp_path).account("authority")

    def ask(_: bool) -> str:
        keyring(tmp_path).made_account("authority")
        return "pass"

    with pytest.raises(RecordExists):
        Keyring(Home(tmp_path), Configuration(key_memory=32), ask).made_account("authority")
    assert keyring(tmp_path).account("authority")
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_pairs_and_sealing_keys_are_made_once(tmp_path: Path) -> None:
    first, second, file = keyring(tmp_path), keyring(tmp_path), tmp_path / "keys" / "a.key"
    assert first.made_pair(file).public == second.made_pair(file).public
    assert first.made_sealing_key("key-data").value == second.made_sealing_key("key-data").value


def test_the_passphrase_is_asked_for_once(tmp_path: Path) -> None:
    asked = list[bool]()
    ring = Keyring(Home(tmp_path), Configuration(key_memory=32), lambda new: asked.append(new) or "pass")  # type: ignore[func-returns-value]
    ring.open(new=True)
    ring.made_account("authority")
    assert asked == [True]
