"""Exported secrets (``Connection.export``): the seam's bounds, and an exporter for channels that have none."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from certchain.encoding.preimage import number, preimage, text
from certchain.errors import MalformedValue

LABEL_LENGTH = 23
CONTEXT_LENGTH = 255
EXPORT_LENGTH = 255


def require_bounds(label: str, context: bytes, length: int) -> None:
    """Returns when every channel gives the right answer for these arguments. Raises ``MalformedValue``."""
    if len(text(label)) > LABEL_LENGTH:
        raise MalformedValue("export label", f"it is longer than {LABEL_LENGTH} bytes")
    if len(context) > CONTEXT_LENGTH:
        raise MalformedValue("export context", f"it has {len(context)} bytes, more than {CONTEXT_LENGTH}")
    if not 1 <= length <= EXPORT_LENGTH:
        raise MalformedValue("export length", f"{length} is not 1 to {EXPORT_LENGTH}")


def export_secret(secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869, 2.3) of 32 random bytes, over label, context and length. Raises ``MalformedValue``."""
    require_bounds(label, context, length)
    info = preimage("export", text(label), context, number(length))
    return HKDFExpand(algorithm=SHA256(), length=length, info=info).derive(secret)
