"""The key seam: what a party does with its private keys, wherever they are."""

from typing import Protocol

from certchain.models.registration import PublicKeys


class PrivateKeys(Protocol):
    """The private halves of a party's ``PublicKeys``: in this process (``KeyPair``), or in a token that they never leave (``TokenKeys``).

    Thread-safe. Keys in a token may be out of reach: then each method raises ``TokenUnavailable``.
    """

    @property
    def public(self) -> PublicKeys:
        """The public halves."""
        ...

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature (RFC 8032), 64 bytes."""
        ...

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """Opens what ``seal_to`` made for these keys under the same ``info`` (HPKE, RFC 9180). Raises ``SealInvalid``."""
        ...
