"""A witness over HTTP (C2SP tlog-witness)."""

from certchain.channel.http import TEXT_LIMIT, HttpPeer, Reply
from certchain.encoding.witness import add_checkpoint_text, parse_size_line
from certchain.errors import (
    CertchainError,
    MalformedMessage,
    PeerUnavailable,
    UnknownLog,
    WitnessConflict,
    WitnessRefused,
)
from certchain.models.note import AddCheckpoint

_OK, _MALFORMED, _FORBIDDEN, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE = 200, 400, 403, 404, 409, 422
_REASONS = {
    _MALFORMED: "it cannot read the request",
    _FORBIDDEN: "it does not find a signature of the log that it knows",
    _UNPROCESSABLE: "it does not find that the checkpoint continues what it has seen",
}


class HttpWitness:
    """A witness below an address; ``timeout`` in seconds. Raises ``MalformedValue`` for an address that is not HTTP."""

    def __init__(self, url: str, timeout: float = 10) -> None:
        self._peer = HttpPeer(url, timeout)

    def add_checkpoint(self, request: AddCheckpoint) -> str:
        """The witness's signature lines, which are for the caller to verify.

        Raises ``WitnessConflict`` with the size that the witness has seen, ``UnknownLog``, ``WitnessRefused`` when it does not
        cosign; ``PeerUnavailable``, or ``MalformedMessage`` for an answer that is none.
        """
        reply = self._peer.post("add-checkpoint", add_checkpoint_text(request).encode(), TEXT_LIMIT)
        if reply.status != _OK:
            raise self._refusal(request, reply)
        return _text(reply)

    def close(self) -> None:
        """Lets go of the connections."""
        self._peer.close()

    def _refusal(self, request: AddCheckpoint, reply: Reply) -> CertchainError:
        if reply.status == _CONFLICT:
            return WitnessConflict(request.old_size, parse_size_line(_text(reply)))
        if reply.status == _NOT_FOUND:
            return UnknownLog(request.checkpoint.partition("\n")[0])
        if reply.status in _REASONS:
            return WitnessRefused(self._peer.url, _REASONS[reply.status])
        return PeerUnavailable(self._peer.url, f"it answered {reply.status}")


def _text(reply: Reply) -> str:
    try:
        return reply.body.decode()
    except UnicodeDecodeError:
        raise MalformedMessage("the witness's answer is not UTF-8") from None
