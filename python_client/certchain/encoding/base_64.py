"""Base64 (RFC 4648, section 4) in its one spelling, as the lines of notes have it."""

import base64

from certchain.errors import MalformedMessage, MalformedValue
from certchain.models.digest import Digest


def to_base64(value: bytes) -> str:
    """Bytes as base64, padded."""
    return base64.b64encode(value).decode()


def from_base64(text: str) -> bytes:
    """Reads what ``to_base64`` wrote: the bits that its last letter has to spare are zero. Raises ``MalformedMessage``."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        raise MalformedMessage("a line is not base64") from None
    if to_base64(value) != text:
        raise MalformedMessage("a line is not base64 in its one spelling")
    return value


def hash_from_base64(text: str) -> Digest:
    """The 32 bytes of a SHA-256 hash. Raises ``MalformedMessage``."""
    try:
        return Digest(from_base64(text))
    except MalformedValue:
        raise MalformedMessage("a line is not the base64 of 32 bytes") from None
