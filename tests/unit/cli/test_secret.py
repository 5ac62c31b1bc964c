"""Secrets come from the environment, a file or the terminal, and from nowhere else."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from certchain.cli import secret
from certchain.cli.secret import read_passphrase, read_user_secret
from certchain.errors import SecretMissing, StorageUnavailable


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Someone at a terminal who types one line after the other."""

    def types(*lines: str) -> None:
        answers = iter(lines)
        monkeypatch.delenv("CERTCHAIN_PASSPHRASE")
        monkeypatch.delenv("CERTCHAIN_SECRET")
        monkeypatch.setattr(sys, "stdin", Keyboard())
        monkeypatch.setattr(secret, "getpass", lambda _: next(answers))

    return types


def test_the_environment_is_asked_first() -> None:
    assert read_passphrase() == "the operator's passphrase"
    assert read_user_secret(None) == "alice's secret"


def test_then_the_terminal(typed: Callable[..., None]) -> None:
    typed("from the keyboard", "another")
    assert read_passphrase() == "from the keyboard"
    assert read_user_secret(None) == "another"


def test_a_new_secret_is_typed_twice(typed: Callable[..., None]) -> None:
    typed("one", "one")
    assert read_user_secret(None, new=True) == "one"


@pytest.mark.parametrize("lines", [("one", "other"), ("",)])
def test_two_different_ones_or_none_are_refused(typed: Callable[..., None], lines: tuple[str, ...]) -> None:
    typed(*lines)
    with pytest.raises(SecretMissing):
        read_passphrase(new=True)


def test_without_a_terminal_nobody_is_asked(typed: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    typed()
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    with pytest.raises(SecretMissing, match="passphrase"):
        read_passphrase()


def test_a_file_has_the_secret_without_its_lines_end(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" correct horse \n")
    assert read_user_secret(file) == " correct horse "


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for file in (tmp_path / "none", tmp_path / "binary"):
        with pytest.raises(StorageUnavailable):
            read_user_secret(file)
