"""A digest, which never travels without its algorithm."""

import re
from dataclasses import dataclass

from certchain.errors import MalformedValue

SHA_256 = "sha-256"
_LENGTHS = {SHA_256: 32}
_HEX = re.compile(r"([0-9a-f]{2})*")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """The digest of something.

    ``value`` is the raw bytes, 32 for SHA-256. Raises ``MalformedValue`` for an unknown algorithm or another length.
    """

    value: bytes
    algorithm: str = SHA_256

    def __post_init__(self) -> None:
        expected = _LENGTHS.get(self.algorithm)
        if expected is None:
            raise MalformedValue("digest", f"algorithm {self.algorithm!r} is unknown")
        if len(self.value) != expected:
            raise MalformedValue("digest", f"{self.algorithm} has {expected} bytes, not {len(self.value)}")

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Reads ``sha-256:<hex>``, exactly as ``str`` writes it. Raises ``MalformedValue``."""
        algorithm, _, value = text.partition(":")
        if not _HEX.fullmatch(value):
            raise MalformedValue("digest", "it is not written as algorithm:hex, in small letters")
        return cls(bytes.fromhex(value), algorithm)
