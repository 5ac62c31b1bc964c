"""The setting `database`: the home's commands work on a PostgreSQL server as they do on a file, and the password is shown nowhere."""

import os
from pathlib import Path

import pytest

from tests.databases import PASSWORD, PostgresServer
from tests.program import SESSION, Program


@pytest.fixture
def certchain(certchain: Program, postgres_url: str) -> Program:
    """The program in a home whose management database is on a server."""
    write_setting(certchain, postgres_url)
    return certchain


def write_setting(program: Program, url: str) -> None:
    file = program.home / "config.toml"
    kept = [line for line in file.read_text().splitlines() if not line.startswith("database")]
    file.write_text("\n".join([f'database = "{url}"', *kept]))


def without_password(url: str) -> str:
    return url.replace(f":{PASSWORD}@", "@")


def test_a_session_is_certified_from_a_servers_records(registered: Program) -> None:
    assert registered.json(*SESSION, "--command", "unlock").value()["answer"] == "unlocked"
    registered.json("app", "revoke", "door", "--version", "1.0").value()
    registered.json(*SESSION).refusal(76, "IntegrityFailed")
    assert not list(registered.home.rglob("management.sqlite*"))


def test_the_password_may_be_in_the_environment(
    registered: Program, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_setting(registered, without_password(postgres_url))
    refusal = registered.json(*SESSION).refusal(69, "StorageUnavailable")
    assert "password" in refusal["sentence"]

    monkeypatch.setenv("CERTCHAIN_DATABASE_PASSWORD", PASSWORD)
    registered.json(*SESSION).value()


def test_a_server_that_is_away_is_told_without_the_password(registered: Program, postgres: PostgresServer) -> None:
    write_setting(registered, postgres.url("nothing-of-this-name"))
    ended = registered.json(*SESSION)
    refusal = ended.refusal(69, "StorageUnavailable")
    assert "nothing-of-this-name" in refusal["sentence"]
    assert PASSWORD not in ended.err


@pytest.mark.parametrize("url", ["postgresql+pg8000://certchain:open-sesame@", "mysql://certchain:open-sesame@h/n"])
def test_an_address_that_is_none_is_refused_and_not_shown(registered: Program, url: str) -> None:
    write_setting(registered, url)
    ended = registered.json(*SESSION)
    assert ended.code in {65, 78}
    assert "open-sesame" not in ended.err


def test_no_file_of_the_home_has_the_password_but_the_settings(registered: Program) -> None:
    holding = [path for path in files(registered.home) if PASSWORD.encode() in path.read_bytes()]
    assert holding == [registered.home / "config.toml"]


def files(folder: Path) -> list[Path]:
    return [Path(at) / name for at, _, names in os.walk(folder) for name in names]
