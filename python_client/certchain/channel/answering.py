"""The end that answers, whatever carries the bytes: an envelope in, an envelope out."""

import logging

from certchain.channel.envelope import decode_message, encode_error, encode_message
from certchain.channel.interface import Conversation, Handler
from certchain.errors import CertchainError, PeerUnavailable

_log = logging.getLogger(__name__)


def answered(handler: Handler, conversation: Conversation, request: bytes) -> bytes:
    """The handler's answer, or its refusal, to whatever the peer sent. Raises nothing: what a fault was stays at this end."""
    try:
        return encode_message(handler(conversation, decode_message(request)))
    except CertchainError as refusal:
        return encode_error(refusal)
    except Exception:
        _log.exception("A request failed unexpectedly.")
        return encode_error(PeerUnavailable("The other end of the channel", "it failed unexpectedly"))
