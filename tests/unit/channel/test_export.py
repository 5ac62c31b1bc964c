"""Exported secrets are HKDF-Expand over label, context and length."""

import hmac

import pytest

from certchain.channel.export import export_secret, require_bounds
from certchain.errors import MalformedValue

SECRET = bytes(range(32))


def frame(field: bytes) -> bytes:
    return len(field).to_bytes(4) + field


def expanded(info: bytes, length: int) -> bytes:
    """RFC 5869, 2.3."""
    blocks, block = b"", b""
    for counter in range(1, length // 32 + 2):
        block = hmac.digest(SECRET, block + info + bytes([counter]), "sha256")
        blocks += block
    return blocks[:length]


@pytest.mark.parametrize(
    ("label", "context", "length"),
    [("certchain binding", b"", 32), ("certchain control", bytes(32), 64), ("", b"", 1), ("x" * 23, bytes(255), 255)],
)
def test_a_secret_is_that_of_rfc_5869(label: str, context: bytes, length: int) -> None:
    fields = (b"certchain/export/v1", label.encode(), context, length.to_bytes(8))
    info = b"".join(frame(field) for field in fields)

    assert export_secret(SECRET, label, context, length) == expanded(info, length)


def test_a_secret_is_the_known_one() -> None:
    assert (
        export_secret(SECRET, "certchain binding", b"", 32).hex()
        == "5e3a97e2728fbab1a7b23b4578a1c340d3d7b48fb85a98f884a75eb3cbdaf647"
    )


@pytest.mark.parametrize(
    ("label", "context", "length"), [("x" * 24, b"", 32), ("x", bytes(256), 32), ("x", b"", 0), ("x", b"", 256)]
)
def test_arguments_beyond_the_bounds_are_refused(label: str, context: bytes, length: int) -> None:
    with pytest.raises(MalformedValue):
        require_bounds(label, context, length)
    with pytest.raises(MalformedValue):
        export_secret(SECRET, label, context, length)
