"""PKCS #11 URIs (RFC 7512): which token, which keys in it, by which module, and where its PIN is."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

from certchain.errors import KeyUriInvalid

SCHEME = "pkcs11"
_PATH = ("token", "serial", "object", "id", "type")
_QUERY = ("module-path", "pin-value", "pin-source")
_NEEDED = ("object", "module-path")
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class TokenUri:
    """The parts of a URI that are used here. ``id`` is CKA_ID, or ``None``; ``module`` the library's path."""

    token: str
    serial: str
    name: str
    id: bytes | None
    module: str
    pin_value: str | None = field(repr=False)
    pin_source: str | None

    @property
    def place(self) -> str:
        """The token as errors name it."""
        return self.token or self.serial

    def pin(self, ask: Callable[[], str]) -> str:
        """The PIN: the URI's, the first line of the file that it names, or what ``ask`` gives. Raises ``KeyUriInvalid``."""
        if self.pin_value is not None:
            return self.pin_value
        if self.pin_source is None:
            return ask()
        try:
            lines = Path(self.pin_source.removeprefix("file:")).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise KeyUriInvalid(f"the pin-source {self.pin_source!r} cannot be read") from None
        return lines[0] if lines else ""


def read_token_uri(uri: str) -> TokenUri:
    """The parts of ``pkcs11:token=…;object=…?module-path=…``.

    Raises ``KeyUriInvalid`` for an attribute twice or one that is not supported (to leave it out could name other keys), and when token (or
    serial), object or module-path is missing.
    """
    scheme, _, rest = uri.partition(":")
    if scheme.lower() != SCHEME:
        raise KeyUriInvalid(f"its scheme is not {SCHEME}")
    path, _, query = rest.partition("?")
    found = _attributes(path, ";", _PATH) | _attributes(query, "&", _QUERY)
    texts = {name: _text(name, value) for name, value in found.items() if name != "id"}
    if texts.get("type", "private") != "private":
        raise KeyUriInvalid("its type is not private")
    for name, given in (("token", "token" in texts or "serial" in texts), *((n, n in texts) for n in _NEEDED)):
        if not given:
            raise KeyUriInvalid(f"it has no {name}")
    return TokenUri(
        texts.get("token", ""),
        texts.get("serial", ""),
        texts["object"],
        found.get("id"),
        texts["module-path"],
        texts.get("pin-value"),
        texts.get("pin-source"),
    )


def _attributes(part: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for item in part.split(separator) if part else ():
        name, equals, value = item.partition("=")
        if name not in known or not equals:
            raise KeyUriInvalid(f"the attribute {name!r} is not supported")
        if name in found or _PERCENT.search(value):
            raise KeyUriInvalid(f"the attribute {name!r} is there twice, or is not percent-encoded well")
        found[name] = unquote_to_bytes(value)
    return found


def _text(name: str, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise KeyUriInvalid(f"the attribute {name!r} is not UTF-8") from None
