"""EDHOC's exporter (RFC 9528, 4.2.1), from PRK_out: the library's own is right for some arguments only.

OSCORE takes its master secret and salt from the labels 0 and 1 (appendix A.1). What a certchain channel exports comes from one label of the
range for private use, with the seam's label and context as its context.
"""

import cbor2
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from certchain.channel.export import require_bounds
from certchain.encoding.preimage import preimage, text

MASTER_SECRET_LABEL, MASTER_SECRET_LENGTH = 0, 16
MASTER_SALT_LABEL, MASTER_SALT_LENGTH = 1, 8
CERTCHAIN_LABEL = 32768
_EXPORTER_LABEL = 10
_HASH_LENGTH = 32


def edhoc_exporter(prk_out: bytes, label: int, context: bytes, length: int) -> bytes:
    """EDHOC_Exporter(label, context, length) of suite 2, whose hash is SHA-256."""
    return _kdf(_kdf(prk_out, _EXPORTER_LABEL, b"", _HASH_LENGTH), label, context, length)


def oscore_master(prk_out: bytes) -> tuple[bytes, bytes]:
    """OSCORE's master secret, 16 bytes, and master salt, 8 bytes."""
    secret = edhoc_exporter(prk_out, MASTER_SECRET_LABEL, b"", MASTER_SECRET_LENGTH)
    return secret, edhoc_exporter(prk_out, MASTER_SALT_LABEL, b"", MASTER_SALT_LENGTH)


def channel_export(prk_out: bytes, label: str, context: bytes, length: int) -> bytes:
    """See ``Connection.export``. Raises ``MalformedValue`` beyond the seam's bounds."""
    require_bounds(label, context, length)
    return edhoc_exporter(prk_out, CERTCHAIN_LABEL, preimage("export", text(label), context), length)


def _kdf(prk: bytes, label: int, context: bytes, length: int) -> bytes:
    """EDHOC_KDF (RFC 9528, 4.1.2): HKDF-Expand over the CBOR sequence of label, context and length."""
    info = cbor2.dumps(label) + cbor2.dumps(context) + cbor2.dumps(length)
    return HKDFExpand(algorithm=SHA256(), length=length, info=info).derive(prk)
