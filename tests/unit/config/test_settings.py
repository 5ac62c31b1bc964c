"""The configuration file: read strictly, written with comments."""

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from certchain.config import Configuration, read_configuration, write_configuration
from certchain.errors import ConfigurationInvalid


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_without_a_file_every_setting_has_its_default(file: Path) -> None:
    assert read_configuration(file) == Configuration()


def test_what_was_written_is_read_again(file: Path) -> None:
    settings = Configuration(network="office", receipt_timeout=5, networks={"office": "http://127.0.0.1:9000"})
    write_configuration(file, settings)
    assert read_configuration(file) == settings


def test_the_file_says_beside_each_setting_what_it_is_for(file: Path) -> None:
    write_configuration(file, Configuration())
    text = file.read_text()
    assert set(tomllib.loads(text)) == {item.name for item in fields(Configuration)}
    assert text.count("\n\n# ") == len(fields(Configuration))


def test_a_setting_that_is_not_named_keeps_its_default(file: Path) -> None:
    file.write_text("gas_cap = 5\n")
    assert read_configuration(file) == Configuration(gas_cap=5)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("network = [", "Invalid value"),
        ("colour = 'red'", "there is no setting 'colour'"),
        ("network = 5", "network has to be a text"),
        ("gas_cap = 'much'", "gas_cap has to be a whole number"),
        ("gas_cap = 0", "gas_cap has to be a whole number, 1 or more"),
        ("witness_quorum = -1", "witness_quorum has to be a whole number, 0 or more"),
        ("login_log_mode = 'paper'", "login_log_mode has to be one of recorded, anchored"),
        ("witnesses = 'w.example'", "witnesses has to be a table"),
        ("database = 'mysql://certchain@127.0.0.1/certchain'", 'database has to be "", or an address'),
        ("database = 5", "database has to be a text"),
        ("gas_cap = true", "gas_cap has to be a whole number"),
        ("unlisted_risk = 'huge'", "unlisted_risk has to be one of low"),
        ("[model_risks]\nAcme = 'low'", "model_risks has to be a table"),
        ("[model_risks.Acme]\nPL-1 = 'huge'", "model_risks has to be a table"),
        ("lock_device_failures = -1", "lock_device_failures has to be a whole number, 0 or more"),
        ("[least_factors]\nlow = 4", "least_factors has to be a table of numbers, 1 to 3"),
        ("[least_factors]\nhuge = 1", "least_factors has to be a table"),
        ("[divisions]\nhigh = '3'", "divisions has to be a table"),
        ("[divisions]\nhigh = '4 of 3'", "divisions has to be a table"),
        ("[divisions]\nhigh = '2 of 256'", "divisions has to be a table"),
        ("[divisions]\nhigh = 3", "divisions has to be a table"),
        ("[remembered_keys]\ncritical = 1", "remembered_keys has to be a table of seconds by risk level, without"),
        ("[remembered_keys]\nlow = -1", "remembered_keys has to be a table"),
        ("networks = 'office'", "networks has to be a table"),
        ("[networks]\noffice = 5", "networks has to be a table"),
        ("network = '\udcff'", "utf-8"),
    ],
)
def test_a_file_that_is_not_right_is_refused_by_what_is_wrong(file: Path, text: str, reason: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationInvalid, match=reason):
        read_configuration(file)


def test_a_file_that_cannot_be_read_or_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigurationInvalid):
        read_configuration(tmp_path / "config.toml")
    with pytest.raises(ConfigurationInvalid):
        write_configuration(tmp_path / "config.toml", Configuration())


def test_a_networks_address_is_found_by_name_or_is_one_itself() -> None:
    settings = Configuration(networks={"office": "http://10.0.0.7:8545"})
    assert settings.address("office") == "http://10.0.0.7:8545"
    assert settings.address("https://node.example") == "https://node.example"
    assert settings.address("elsewhere") is None


def test_the_databases_address_shows_nowhere(file: Path) -> None:
    file.write_text("database = 'postgresql+pg8000://certchain:open-sesame@127.0.0.1/certchain'\n")
    assert "open-sesame" not in repr(read_configuration(file))
    file.write_text("database = 'postgres://certchain:open-sesame@127.0.0.1/certchain'\n")
    with pytest.raises(ConfigurationInvalid) as refusal:
        read_configuration(file)
    assert "open-sesame" not in str(refusal.value)
