"""A refusal as problem JSON (RFC 9457): the error's name and values for programs, its sentence and advice for people."""

import json
from typing import Any, NoReturn

from certchain.encoding.document import from_plain, to_plain
from certchain.errors import CertchainError, PeerUnavailable, error_classes


def problem_values(error: CertchainError) -> dict[str, Any]:
    """An error's values as JSON has them; another program raises the same error from them."""
    values: dict[str, Any] = to_plain(error)
    return values


def raise_problem(peer: str, status: int, body: bytes) -> NoReturn:
    """Raises the error that a peer's problem JSON tells of, or ``PeerUnavailable`` for an answer that tells of none that is known."""
    try:
        problem = json.loads(body)
        error = from_plain(error_classes()[problem["error"]], problem["values"])
    except Exception as unknown:  # whatever json, cattrs or an error's constructor makes of a peer's bytes
        raise PeerUnavailable(peer, f"it answered {status}") from unknown
    raise error
