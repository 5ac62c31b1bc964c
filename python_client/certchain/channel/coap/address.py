"""Where a device answers over CoAP, and how patient CoAP is."""

import logging
from dataclasses import dataclass

from aiocoap.numbers.constants import TransportTuning

LIBRARY_LOG = f"{__name__}.aiocoap"
"""aiocoap's own log, from errors up: it warns of every datagram that it cannot read, by which a stranger could fill a disk."""
_LATENCY = 10.0
logging.getLogger(LIBRARY_LOG).setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class CoapAddress:
    """Host and UDP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class _Tuning(TransportTuning):  # type: ignore[misc] # aiocoap's classes are not fully typed
    MAX_LATENCY = _LATENCY

    def __init__(self, ack_timeout: float) -> None:
        self.ACK_TIMEOUT = ack_timeout


def tuned(ack_timeout: float) -> TransportTuning:
    """CoAP's parameters (RFC 7252, 4.8) with this ACK_TIMEOUT, in seconds, and a MAX_LATENCY of 10 s."""
    return _Tuning(ack_timeout)
