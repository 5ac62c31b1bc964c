"""Key files give a key to who has the passphrase, and to nobody else."""

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from certchain.encoding.message import from_cbor, to_cbor
from certchain.errors import KeyFileUnreadable, MalformedValue, RecordExists, StorageUnavailable
from certchain.keys import Argon2Cost, KeyPair, SealingKey, read_key_file, write_key_file
from certchain.keys.file import KeyFile

CHEAP = Argon2Cost(iterations=1, memory=8, lanes=1)
PASSPHRASE = "a lamp lights the long way home"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "server.key"


def rewrite(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


def test_a_key_pair_comes_back_with_its_passphrase(path: Path) -> None:
    pair = KeyPair.generate()
    write_key_file(path, pair, PASSPHRASE, CHEAP)

    assert read_key_file(path, KeyPair, PASSPHRASE).public == pair.public


def test_a_sealing_key_comes_back_with_its_passphrase(path: Path) -> None:
    key = SealingKey.generate()
    write_key_file(path, key, PASSPHRASE, CHEAP)

    assert read_key_file(path, SealingKey, PASSPHRASE).value == key.value


@pytest.mark.parametrize("wrong", ["a lamp lights the long way home ", "A lamp lights the long way home", ""])
def test_a_wrong_passphrase_is_refused(path: Path, wrong: str) -> None:
    write_key_file(path, KeyPair.generate(), PASSPHRASE, CHEAP)

    with pytest.raises(KeyFileUnreadable) as refusal:
        read_key_file(path, KeyPair, wrong)
    assert refusal.value.path == str(path)


def test_an_empty_passphrase_is_refused_and_nothing_is_written(path: Path) -> None:
    with pytest.raises(MalformedValue):
        write_key_file(path, KeyPair.generate(), "", CHEAP)
    assert not path.exists()


def test_a_file_is_refused_after_any_byte_has_changed(path: Path) -> None:
    write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)
    content = path.read_bytes()
    for position in range(len(content)):
        for changed in (content[position] ^ 1, content[position] ^ 0x80):
            rewrite(path, content[:position] + bytes([changed]) + content[position + 1 :])

            with pytest.raises(KeyFileUnreadable):
                read_key_file(path, SealingKey, PASSPHRASE)


@pytest.mark.parametrize("content", [b"", b"\xa0", b"-----BEGIN PRIVATE KEY-----", bytes(5000)])
def test_a_file_that_is_none_of_ours_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    rewrite(path, content)

    with pytest.raises(KeyFileUnreadable):
        read_key_file(path, KeyPair, PASSPHRASE)


def test_a_file_that_is_cut_or_longer_is_refused(path: Path) -> None:
    write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)
    content = path.read_bytes()
    for other in (content[:-1], content[:40], content + b"\0"):
        rewrite(path, other)
        with pytest.raises(KeyFileUnreadable):
            read_key_file(path, SealingKey, PASSPHRASE)


def test_a_key_of_one_kind_is_not_read_as_another(path: Path) -> None:
    write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)

    with pytest.raises(KeyFileUnreadable, match="it holds no key-pair"):
        read_key_file(path, KeyPair, PASSPHRASE)


def test_a_key_of_one_kind_is_not_read_as_another_when_its_label_is_changed(path: Path) -> None:
    write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)
    rewrite(path, to_cbor(replace(from_cbor(KeyFile, path.read_bytes()), kind="key-pair")))

    with pytest.raises(KeyFileUnreadable, match="the passphrase is wrong, or the file was changed"):
        read_key_file(path, KeyPair, PASSPHRASE)


def test_a_file_that_asks_for_more_work_than_anyone_should_do_is_refused(path: Path) -> None:
    write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)
    content = path.read_bytes()
    rewrite(path, content.replace(to_cbor("memory") + b"\x08", to_cbor("memory") + b"\x1b" + b"\x7f" * 8))
    assert path.read_bytes() != content

    with pytest.raises(KeyFileUnreadable):
        read_key_file(path, SealingKey, PASSPHRASE)


def test_a_file_that_does_not_exist_is_refused(path: Path) -> None:
    with pytest.raises(KeyFileUnreadable, match="No such file"):
        read_key_file(path, KeyPair, PASSPHRASE)


def test_a_key_is_never_written_over_another(path: Path) -> None:
    first = SealingKey.generate()
    write_key_file(path, first, PASSPHRASE, CHEAP)

    with pytest.raises(RecordExists) as refusal:
        write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)
    assert refusal.value.values() == {"kind": "key file", "name": str(path)}
    assert read_key_file(path, SealingKey, PASSPHRASE).value == first.value
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_only_the_owner_can_read_the_file(path: Path) -> None:
    write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_file_that_others_could_read_or_change_is_refused(path: Path, mode: int) -> None:
    write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)
    path.chmod(mode)

    with pytest.raises(KeyFileUnreadable, match="others than its owner"):
        read_key_file(path, SealingKey, PASSPHRASE)


def test_a_full_disk_is_told_and_no_trace_is_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable, match="No space left on device"):
        write_key_file(path, SealingKey.generate(), PASSPHRASE, CHEAP)
    assert not list(path.parent.iterdir())


def test_the_file_shows_nothing_of_the_key(path: Path) -> None:
    pair = KeyPair.generate()
    write_key_file(path, pair, PASSPHRASE, CHEAP)
    content = path.read_bytes()

    assert pair.private_bytes()[:32] not in content
    assert pair.private_bytes()[32:] not in content
