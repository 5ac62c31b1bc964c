"""Attack: tamper with, drop, repeat or delay a packet at any step of a certification, between phone and lock or between lock and server.

Whatever is done, either the phone is certified, or it is told an error; no command is obeyed twice; nobody is in control without an entry
in the log; and the next certification succeeds, or the one after it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from certchain.errors import CertchainError, PeerUnavailable
from tests import datagrams
from tests.household import Household
from tests.on_the_way import Asking, Line, Way, over_both_links

LATE = 0.4
"""Seconds by which a packet is late: CoAP has sent it again by then."""

TO_LOCK = {"C1, C2": "Login", "C3–C7": "UserDeviceStatement", "C9–C14": "Certification", "C15": "Command"}
TO_SERVER = {"C4–C6": "CertificationRequest", "C10–C13": "CertificationForward"}
"""The steps that a link carries, by what is asked on it then."""


def flipped(data: bytes) -> bytes:
    """Another byte in its second half: in the ciphertext, or its authentication tag."""
    at = len(data) * 3 // 4
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


PACKETS: dict[str, Callable[[bytes], list[tuple[float, bytes]]]] = {
    "tampered with": lambda data: [(0, flipped(data))],
    "dropped": lambda data: [],
    "repeated": lambda data: [(0, data), (0, data), (LATE, data)],
    "delayed": lambda data: [(LATE, data)],
}
PIECES: dict[str, Callable[[bytes], list[bytes]]] = {
    "tampered with": lambda data: [flipped(data)],
    "dropped": lambda data: [],
    "repeated": lambda data: [data, data],
    "delayed": lambda data: time.sleep(LATE) or [data],  # type: ignore[func-returns-value]
    "delayed for too long": lambda data: time.sleep(2.5) or [data],  # type: ignore[func-returns-value]
}


@dataclass
class Once:
    """Does it to the first packet that comes while ``step`` is under way on the link."""

    link: Callable[[], Asking | None]
    step: str
    deed: Callable[[bytes], Any]
    untouched: Callable[[bytes], Any]
    done: bool = False

    def __call__(self, data: bytes) -> Any:
        link = self.link()
        if self.done or link is None or link.now != self.step:
            return self.untouched(data)
        self.done = True
        return self.deed(data)


def attempt(way: Way, command: bytes) -> bool:
    """One certification and one command; whether it came to the command's result. Anything but an error of ours fails the test."""
    try:
        with way.open() as channel:
            return way.certify(channel).command(command) == b"done: " + command
    except CertchainError:
        return False


def hold(way: Way, command: bytes, obeyed: bool) -> None:
    """What must hold after each attempt."""
    home = way.home
    assert home.lock.done.count(command) <= 1
    assert not obeyed or command in home.lock.done
    certified = [entry.session for entry in home.server.entries() if entry.step == "C13"]
    assert len(certified) == len(set(certified))
    assert len(certified) >= len(home.lock.done)


@pytest.mark.parametrize("what", PACKETS)
def test_any_packet_between_phone_and_lock(what: str) -> None:
    """Whether it is lost, repeated or late makes no difference at all."""
    home = Household()
    home.register()
    with over_both_links(home) as way:
        for step in TO_LOCK.values():
            for direction in datagrams.Way:
                once = Once(lambda: way.to_lock, step, PACKETS[what], lambda data: [(0, data)])
                way.packets.treatment = lambda to, _, data, do=once, on=direction: do(data) if to is on else [(0, data)]
                command = f"{step} {direction.value}".encode()
                obeyed = attempt(way, command)
                assert once.done
                hold(way, command, obeyed)
                assert obeyed or what == "tampered with"
        way.packets.treatment = datagrams.untouched
        assert attempt(way, b"at last")


@pytest.mark.parametrize("what", PIECES)
def test_any_piece_of_the_stream_between_lock_and_server(what: str) -> None:
    home = Household()
    home.register()
    with over_both_links(home) as way:
        for step in TO_SERVER.values():
            for side in ("up", "down"):
                once = Once(lambda: way.to_server, step, PIECES[what], lambda data: [data])
                setattr(way.line, side, once)
                command = f"{step} {side}".encode()
                obeyed = attempt(way, command)
                assert once.done
                hold(way, command, obeyed)
                assert what == "repeated" or obeyed == (what == "delayed")  # what is repeated may come after the answer
                setattr(way.line, side, Line.up)
                after = b"after " + command
                # What came behind an answer spoils its connection for the request that uses it next: no request is sent twice by itself.
                assert attempt(way, after) or (what == "repeated" and attempt(way, after))
                hold(way, after, obeyed=True)


def test_what_was_certified_and_never_heard_of_gives_nobody_control() -> None:
    """The outcome is lost on its way to the lock: the log has it, and no command is obeyed on that channel."""
    home = Household()
    home.register()
    with over_both_links(home) as way, way.open() as channel:
        way.line.down = Once(lambda: way.to_server, "CertificationForward", lambda data: [], lambda data: [data])
        with pytest.raises(PeerUnavailable):
            way.certify(channel)
    assert [entry.step for entry in home.server.entries()] == ["C13"]
    assert home.lock.role._sessions.conversations._stages == {}
