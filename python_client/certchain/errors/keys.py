"""Errors of keys that are named by URIs, and of the tokens that hold them."""

from dataclasses import dataclass

from certchain.errors.base import SettingsError, Unavailable

__all__ = [
    "KeyUriInvalid",
    "PinRefused",
    "TokenKeyMissing",
    "TokenKeysExist",
    "TokenModuleMissing",
    "TokenUnavailable",
]


@dataclass(eq=False)
class KeyUriInvalid(SettingsError):
    """A key's URI cannot be read, or asks for what is not supported. The URI itself is not shown: it may hold a PIN."""

    reason: str

    sentence = "The key's URI is not usable: {reason}."
    advice = "Write it as file:/path or as pkcs11:token=…;object=…?module-path=… (RFC 7512)."


@dataclass(eq=False)
class TokenModuleMissing(SettingsError):
    """A token's PKCS #11 module cannot be loaded."""

    module: str
    reason: str

    sentence = "The PKCS #11 module {module} cannot be loaded: {reason}."
    advice = "Install the token's software, and name its library as module-path in the URI."


@dataclass(eq=False)
class TokenUnavailable(Unavailable):
    """A token is not there, was removed, or does not do what it is asked."""

    token: str
    reason: str

    sentence = "The token {token!r} cannot be used: {reason}."
    advice = "Put the token in its place, or start what serves it; then try again."


@dataclass(eq=False)
class PinRefused(SettingsError):
    """A token refused its PIN. Tokens lock themselves after some wrong ones: nothing here tries again."""

    token: str
    reason: str

    sentence = "The token {token!r} does not take the PIN: {reason}."
    advice = "Check the PIN before you try again: a token locks itself after a few wrong ones."


@dataclass(eq=False)
class TokenKeyMissing(SettingsError):
    """A token has no such keys, or has several of that name."""

    token: str
    name: str

    sentence = "The token {token!r} does not have one Ed25519 key and one P-256 key named {name!r}."
    advice = "Make them with `certchain key make`, or name others."


@dataclass(eq=False)
class TokenKeysExist(SettingsError):
    """A token has keys of that name, and they are not overwritten."""

    token: str
    name: str

    sentence = "The token {token!r} has keys named {name!r} already."
    advice = "Use them, or choose another name."
