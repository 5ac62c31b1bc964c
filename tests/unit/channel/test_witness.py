"""A witness's answer over HTTP is what C2SP tlog-witness says, or it is refused."""

import pytest

from certchain.channel.witness import HttpWitness
from certchain.errors import (
    CertchainError,
    MalformedMessage,
    PeerUnavailable,
    UnknownLog,
    WitnessConflict,
    WitnessRefused,
)
from certchain.models.note import AddCheckpoint
from tests.crooked import crooked, sending, whole

REQUEST = AddCheckpoint(5, (), "a log\n7\nroot\n\nsignature\n")


def ask(answer: bytes) -> str:
    with crooked(sending(answer)) as server:
        lines = HttpWitness(server.url, timeout=1).add_checkpoint(REQUEST)
        assert server.paths == ["/add-checkpoint"]
        return lines


def test_the_lines_of_an_answer_come_back_as_they_are() -> None:
    """They are for the caller to verify."""
    assert ask(whole("— witness AAAA\n".encode())) == "— witness AAAA\n"


REFUSALS: dict[str, tuple[bytes, type[CertchainError]]] = {
    "400": (whole(b"", "400 Bad Request"), WitnessRefused),
    "403": (whole(b"", "403 Forbidden"), WitnessRefused),
    "404": (whole(b"", "404 Not Found"), UnknownLog),
    "422": (whole(b"", "422 Unprocessable Entity"), WitnessRefused),
    "429": (whole(b"", "429 Too Many Requests"), PeerUnavailable),
    "500": (whole(b"", "500 Oh"), PeerUnavailable),
    "302": (whole(b"", "302 Found", "Location: http://192.0.2.1/"), PeerUnavailable),
    "409 with no size": (whole(b"", "409 Conflict"), MalformedMessage),
    "409 with words": (whole(b"seven\n", "409 Conflict"), MalformedMessage),
    "409 with a size in another spelling": (whole(b"07\n", "409 Conflict"), MalformedMessage),
    "409 that is not text": (whole(b"\xff", "409 Conflict"), MalformedMessage),
    "200 that is not text": (whole(b"\xff"), MalformedMessage),
    "200 without end": (whole(b"a" * 200_000), MalformedMessage),
    "nothing": (b"", PeerUnavailable),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_is_told_by_its_status(refusal: str) -> None:
    answer, error = REFUSALS[refusal]
    with pytest.raises(error):
        ask(answer)


def test_a_conflict_says_where_the_witness_is() -> None:
    with pytest.raises(WitnessConflict) as conflict:
        ask(whole(b"7\n", "409 Conflict", "Content-Type: text/x.tlog.size"))
    assert conflict.value.values() == {"expected_size": 5, "actual_size": 7}
    with pytest.raises(UnknownLog) as unknown:
        ask(whole(b"", "404 Not Found"))
    assert unknown.value.values() == {"origin": "a log"}
