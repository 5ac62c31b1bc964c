"""The gate's small parts."""

from typing import Any

from certchain.channel.coap.gate import Recent, connection_id, drop_unreadable, message_3


def test_of_recent_requests_the_oldest_is_forgotten_first() -> None:
    recent = Recent(2)
    for mid in range(3):
        recent["remote", mid] = None
    assert list(recent) == [("remote", 1), ("remote", 2)]
    recent["remote", 1] = "its answer"
    assert recent["remote", 1] == "its answer"


def test_what_was_forgotten_early_can_be_forgotten_again_in_its_time() -> None:
    """aiocoap takes each out by a timer."""
    recent = Recent(1)
    recent["remote", 1] = None
    recent["remote", 2] = "an answer"
    assert recent.pop(("remote", 1)) is None
    assert recent.pop(("remote", 2)) == "an answer"
    assert recent == {}


def test_what_stands_in_front_of_a_message_3_names_its_handshake() -> None:
    assert connection_id(b"\x44abcdrest") == b"abcd"
    assert message_3(b"\x44abcdrest") == b"rest"
    assert connection_id(b"\x05rest") == b""
    assert message_3(b"\x05rest") == b"rest"


def test_a_datagram_that_cannot_be_read_is_dropped_and_the_next_is_taken() -> None:
    class Interface:
        def __init__(self) -> None:
            self.taken: list[Any] = []

        def datagram_msg_received(self, data: bytes, flags: int) -> None:
            self.taken.append((data.decode(), flags))

    interface = Interface()
    drop_unreadable(interface)
    interface.datagram_msg_received(b"\xff", 1)
    interface.datagram_msg_received(b"x", 2)
    assert interface.taken == [("x", 2)]
