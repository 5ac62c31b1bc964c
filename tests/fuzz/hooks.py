"""What schemathesis, in its own environment, does not know: bodies of CBOR. It loads this by SCHEMATHESIS_HOOKS."""

from typing import Any

import schemathesis
from hypothesis import strategies as st

ENVELOPE = bytes.fromhex("a3") + b"dbodyA\xa0dkindgmessagedtype"
"""The beginning of an envelope with an empty map as its body; the type comes next."""
TYPES = ("Signed", "LogQuery", "ShareQuestion", "CertificationRequest", "Command")

schemathesis.openapi.media_type(
    "application/cbor",
    st.binary(max_size=300)
    | st.sampled_from(TYPES).map(lambda name: ENVELOPE + bytes([0x60 + len(name)]) + name.encode())
    | st.binary(max_size=50).map(lambda tail: ENVELOPE + tail),
)


@schemathesis.serializer("application/cbor")
def cbor(_: Any, value: Any) -> Any:
    """Bytes as they are; anything else as text, which no envelope is."""
    return value if isinstance(value, bytes) else str(value).encode()
