"""Framing and hashing: H over a domain tag and length-prefixed fields, so that no two inputs share a preimage.

A preimage is ``len ‖ "certchain/<name>/v1" ‖ len ‖ field ‖ …`` with 4-byte big-endian lengths. A number is a field of
8 bytes, big-endian. H is SHA-256 (FIPS 180-4).
"""

import hashlib
import struct

from certchain.errors import MalformedValue
from certchain.models.digest import Digest


def number(value: int) -> bytes:
    """A number as a field: 8 bytes, big-endian. Raises ``MalformedValue`` for one that does not fit."""
    if not 0 <= value < 1 << 64:
        raise MalformedValue("number", "it is not 0 to 2^64 - 1")
    return struct.pack(">Q", value)


def text(value: str) -> bytes:
    """A text as a field: UTF-8. Raises ``MalformedValue`` for one that is not Unicode (half a surrogate pair)."""
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise MalformedValue("text", "it cannot be written in UTF-8") from None


def preimage(name: str, *fields: bytes) -> bytes:
    """The bytes that stand for ``fields`` under the domain ``name``."""
    return b"".join(_framed(field) for field in (f"certchain/{name}/v1".encode(), *fields))


def digest(name: str, *fields: bytes) -> Digest:
    """H(name, field…)."""
    return Digest(hashlib.sha256(preimage(name, *fields)).digest())


def _framed(field: bytes) -> bytes:
    return struct.pack(">I", len(field)) + field
