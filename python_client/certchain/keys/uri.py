"""Keys by their URIs: ``file:`` for an encrypted key file, ``pkcs11:`` for a token. One table says who opens and who makes which."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from certchain.errors import KeyUriInvalid
from certchain.keys.file import read_key_file, write_key_file
from certchain.keys.interface import PrivateKeys
from certchain.keys.pair import KeyPair
from certchain.keys.secret import RFC_9106_SECOND, Argon2Cost
from certchain.keys.token import has_token_keys, make_token_keys, open_token_keys
from certchain.keys.token_uri import SCHEME, read_token_uri

Ask = Callable[[], str]
"""Gives the passphrase of a key file, or the PIN of a token whose URI says nothing of it."""


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Who opens and who makes the keys of one scheme."""

    open: Callable[[str, Ask], PrivateKeys]
    make: Callable[[str, Ask, Argon2Cost], PrivateKeys]
    has: Callable[[str, Ask], bool]


def open_keys(uri: str, ask: Ask) -> PrivateKeys:
    """The keys that a URI names.

    Raises ``KeyUriInvalid``; ``KeyFileUnreadable`` for a file; for a token what ``open_token_keys`` raises.
    """
    return _keeper(uri).open(uri, ask)


def make_keys(uri: str, ask: Ask, cost: Argon2Cost = RFC_9106_SECOND) -> PrivateKeys:
    """New keys where a URI says. ``cost`` is a file's. Raises as ``open_keys``, and ``RecordExists`` or ``TokenKeysExist``."""
    return _keeper(uri).make(uri, ask, cost)


def has_keys(uri: str, ask: Ask) -> bool:
    """Whether there are keys where a URI says. Raises as ``open_keys``, but for keys that are missing."""
    return _keeper(uri).has(uri, ask)


def file_path(uri: str) -> Path:
    """The path of ``file:/path`` (RFC 8089). Raises ``KeyUriInvalid`` for one that is not absolute or on another machine."""
    try:
        parts = urlsplit(uri)
    except ValueError as problem:
        raise KeyUriInvalid(str(problem)) from None
    path = Path(unquote(parts.path))
    if parts.netloc not in {"", "localhost"} or parts.query or parts.fragment or not path.is_absolute():
        raise KeyUriInvalid("it does not name an absolute path on this machine")
    return path


def _make_file(uri: str, ask: Ask, cost: Argon2Cost) -> PrivateKeys:
    pair = KeyPair.generate()
    write_key_file(file_path(uri), pair, ask(), cost)
    return pair


def _has_file(uri: str, _: Ask) -> bool:
    return file_path(uri).exists()


_KEEPERS: Mapping[str, _Keeper] = {
    "file": _Keeper(lambda uri, ask: read_key_file(file_path(uri), KeyPair, ask()), _make_file, _has_file),
    SCHEME: _Keeper(
        lambda uri, ask: open_token_keys(read_token_uri(uri), ask),
        lambda uri, ask, _: make_token_keys(read_token_uri(uri), ask),
        lambda uri, ask: has_token_keys(read_token_uri(uri), ask),
    ),
}


def _keeper(uri: str) -> _Keeper:
    scheme = uri.partition(":")[0].lower()
    if scheme not in _KEEPERS:
        raise KeyUriInvalid(f"its scheme is not one of {', '.join(_KEEPERS)}")
    return _KEEPERS[scheme]
