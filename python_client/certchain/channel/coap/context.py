"""What one handshake leaves at each end: an OSCORE security context (RFC 8613), and an end of the conversation with its secrets."""

import threading

from aiocoap.oscore import (
    CanProtect,
    CanUnprotect,
    ReplayWindow,
    SecurityContextUtils,
    algorithms,
    hashfunctions,
)

from certchain.channel.coap.exporter import channel_export, oscore_master
from certchain.channel.interface import BINDING_LABEL
from certchain.errors import PeerUnavailable
from certchain.models.identifier import Party

_WINDOW = 32
_BINDING_LENGTH = 32


class OscoreContext(CanProtect, CanUnprotect, SecurityContextUtils):  # type: ignore[misc] # aiocoap's classes are not fully typed
    """AES-CCM-16-64-128 and HKDF-SHA256, as suite 2 has them; sequence numbers from 0 and a replay window of 32, both in memory.

    Neither outlives its process, nor has to: after a restart the ends run EDHOC again, and have other keys.
    """

    authenticated_claims: tuple[str, ...] = ()

    def __init__(self, prk_out: bytes, sender_id: bytes, recipient_id: bytes) -> None:
        self.alg_aead = algorithms["AES-CCM-16-64-128"]
        self.hashfun = hashfunctions["sha256"]
        self.id_context = None
        self.sender_id, self.recipient_id = sender_id, recipient_id
        self.sender_sequence_number = 0
        self.recipient_replay_window = ReplayWindow(_WINDOW, lambda: None)
        self.recipient_replay_window.initialize_empty()
        secret, salt = oscore_master(prk_out)
        self.derive_keys(salt, secret)

    def post_seqnoincrease(self) -> None:
        """Nothing is kept: see the class."""


class CoapConnection:
    """An end of the conversation: who is at the other, and PRK_out until it is forgotten. Thread-safe."""

    def __init__(self, peer: Party, prk_out: bytes) -> None:
        self._peer = peer
        self._prk_out: bytes | None = prk_out
        self._lock = threading.Lock()

    @property
    def binding(self) -> bytes:
        """See ``Conversation.binding``."""
        return self.export(BINDING_LABEL, b"", _BINDING_LENGTH)

    @property
    def peer(self) -> Party:
        """See ``Conversation.peer``."""
        return self._peer

    def export(self, label: str, context: bytes, length: int) -> bytes:
        """See ``Connection.export``. Raises ``PeerUnavailable`` once the conversation is over."""
        with self._lock:
            prk_out = self._prk_out
        if prk_out is None:
            raise PeerUnavailable(str(self._peer), "the channel is closed")
        return channel_export(prk_out, label, context, length)

    def forget(self) -> None:
        """Drops the secrets."""
        with self._lock:
            self._prk_out = None
