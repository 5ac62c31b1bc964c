"""A URI names keys in one way, and what it does not say plainly is refused."""

from pathlib import Path

import pytest

from certchain.errors import KeyUriInvalid
from certchain.keys.token_uri import TokenUri, read_token_uri
from certchain.keys.uri import file_path, open_keys

WHOLE = "pkcs11:token=The%20house;object=caf%C3%A9;id=%00%ff;type=private?module-path=/lib/p11.so&pin-value=12%2634"


def ask() -> str:
    return "asked"


def test_every_part_is_read_with_its_percent_encoding() -> None:
    assert read_token_uri(WHOLE) == TokenUri("The house", "", "café", b"\x00\xff", "/lib/p11.so", "12&34", None)


def test_a_pin_is_never_shown() -> None:
    assert "12&34" not in repr(read_token_uri(WHOLE))


def test_the_pin_is_in_the_uri_or_in_a_file_or_asked_for(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("0815\nwritten on the back\n", encoding="utf-8")
    (tmp_path / "empty").touch()
    base = "pkcs11:token=a;object=b?module-path=/m"

    assert read_token_uri(WHOLE).pin(ask) == "12&34"
    assert read_token_uri(f"{base}&pin-source=file:{tmp_path}/pin").pin(ask) == "0815"
    assert read_token_uri(f"{base}&pin-source={tmp_path}/pin").pin(ask) == "0815"
    assert read_token_uri(f"{base}&pin-source={tmp_path}/empty").pin(ask) == ""
    assert read_token_uri(base).pin(ask) == "asked"
    with pytest.raises(KeyUriInvalid, match="pin-source"):
        read_token_uri(f"{base}&pin-source={tmp_path}/missing").pin(ask)


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("pkcs12:token=a;object=b?module-path=/m", "scheme"),
        ("pkcs11:object=b?module-path=/m", "no token"),
        ("pkcs11:token=a?module-path=/m", "no object"),
        ("pkcs11:token=a;object=b", "no module-path"),
        ("pkcs11:token=a;object=b;slot-id=1?module-path=/m", "slot-id"),
        ("pkcs11:token=a;object=b;token=c?module-path=/m", "twice"),
        ("pkcs11:token=a;object=b%2?module-path=/m", "percent"),
        ("pkcs11:token=a;object=%ff?module-path=/m", "UTF-8"),
        ("pkcs11:token=a;object=b;type=public?module-path=/m", "private"),
        ("pkcs11:token;object=b?module-path=/m", "token"),
        ("pkcs11:token=a;object=b;;id=%01?module-path=/m", "''"),
    ],
)
def test_what_is_not_plain_is_refused(uri: str, reason: str) -> None:
    with pytest.raises(KeyUriInvalid, match=reason):
        read_token_uri(uri)


def test_a_file_is_named_by_an_absolute_path_on_this_machine() -> None:
    assert file_path("file:/keys/the%20server.key") == Path("/keys/the server.key")
    assert file_path("file:///keys/server.key") == Path("/keys/server.key")
    assert file_path("file://localhost/keys/server.key") == Path("/keys/server.key")


@pytest.mark.parametrize(
    "uri", ["file:server.key", "file://elsewhere/k", "file:/k?x", "file:/k#x", "file://[/k", "file:"]
)
def test_no_other_file_is(uri: str) -> None:
    with pytest.raises(KeyUriInvalid):
        file_path(uri)


@pytest.mark.parametrize("uri", ["", "server.key", "https://keys/server", "hsm:1"])
def test_an_unknown_scheme_is_refused_and_the_known_ones_named(uri: str) -> None:
    with pytest.raises(KeyUriInvalid, match="file, pkcs11"):
        open_keys(uri, ask)
