"""Attack: keep a device busy from outside: anonymous first messages by the thousand, half-open handshakes, conversations, long messages.

What a stranger sends is bounded in memory and work, and who has keys is served all the while.
"""

import logging
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiocoap import CON, Message
from aiocoap.numbers.codes import CHANGED, POST, UNAUTHORIZED

from certchain.channel.coap import CoapEndpoint, CoapLimits
from certchain.channel.coap.gate import EDHOC_PATH, FIRST
from certchain.channel.coap.handshake import Initiator
from certchain.errors import MalformedMessage, PeerUnavailable
from certchain.models.certification import LoginAccepted
from certchain.models.digest import Digest
from certchain.models.log import InclusionProof
from tests.datagrams import LOCK, MALLORY, PHONE, Counting, Way, answer_to, ask, channel, device, middle, public_keys

FLOOD = 10_000
BATCH = 50
_MEGABYTE = 1024


@contextmanager
def stranger(endpoint: CoapEndpoint, host: str = "127.0.0.1") -> Iterator[socket.socket]:
    """Somebody with no keys at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.bind((host, 0))
        end.settimeout(0.3)
        end.connect((endpoint.address.host, endpoint.address.port))
        yield end


def first_message(mid: int, echo: bytes | None = None) -> bytes:
    """A message 1 as good as anyone's."""
    payload = FIRST + Initiator(MALLORY, LOCK.party, public_keys(LOCK.party)).message_1()
    message = Message(code=POST, uri_path=EDHOC_PATH, payload=payload, echo=echo, _mtype=CON, _mid=mid, _token=b"t")
    return bytes(message.encode())


def exchange(end: socket.socket, data: bytes) -> Message | None:
    """The answer to one datagram, or ``None``."""
    end.send(data)
    try:
        return Message.decode(end.recv(2048))
    except TimeoutError:
        return None


def remembered(endpoint: CoapEndpoint) -> int:
    """How many requests aiocoap keeps, to know them again."""
    return len(endpoint._gate.recent)


def test_ten_thousand_anonymous_first_messages_leave_the_device_serving(caplog: pytest.LogCaptureFixture) -> None:
    """None of them is kept; their sender is asked to show that its address can be reached."""
    handler, data = Counting(), [first_message(mid) for mid in range(BATCH)]
    with device(handler) as endpoint, stranger(endpoint, "127.0.0.2") as end:
        memory, started, answers = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic(), 0
        for turn in range(FLOOD // BATCH):
            for one in data:
                end.send(one)
            answers += sum(end.recv(2048) is not None for _ in data)
            if turn % 50 == 0:  # in the middle of it
                with channel(endpoint.address) as opened:
                    assert ask(opened, turn) == answer_to(turn)
        assert answers == FLOOD
        assert len(caplog.records) < 100
        assert time.monotonic() - started < 60
        assert len(endpoint._handshakes) == 0
        assert remembered(endpoint) < 100
        with channel(endpoint.address) as opened:
            assert ask(opened, 1) == answer_to(1)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 20 * _MEGABYTE


def test_a_flood_from_reachable_addresses_is_held_to_their_limit_and_others_are_served() -> None:
    limits = CoapLimits(first_burst=60, first_rate=20, address_burst=5, address_rate=1)
    handler = Counting()
    with device(handler, limits=limits) as endpoint:
        second = 0
        for host in range(2, 7):
            with stranger(endpoint, f"127.0.0.{host}") as end:
                greeted = exchange(end, first_message(0))
                assert greeted is not None
                assert greeted.code == UNAUTHORIZED
                for mid in range(1, 41):
                    end.send(first_message(mid, greeted.opt.echo))
                time.sleep(0.05)
                end.settimeout(0.05)
                second += sum(1 for _ in answers_at(end))
        assert 25 <= second <= 25 + 5 * 5
        assert len(endpoint._handshakes) <= limits.half_open
        with channel(endpoint.address) as opened:
            assert ask(opened, 1) == answer_to(1)


def answers_at(end: socket.socket) -> Iterator[Message]:
    try:
        while True:
            yield Message.decode(end.recv(2048))
    except TimeoutError:
        return


def test_no_stranger_fills_the_devices_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is written of a datagram that cannot be read, of a request that is refused, or of a first message too many."""
    caplog.set_level(logging.INFO)
    with device(Counting(), limits=CoapLimits(address_burst=1)) as endpoint, stranger(endpoint) as end:
        greeted = exchange(end, first_message(0))
        assert greeted is not None
        begun = len(caplog.records)
        for mid in range(1, 101):
            end.send(b"\xff" * 20)
            end.send(b"\x40\x02\x00\x00\xb1\xbb")  # a Uri-Path that is no UTF-8
            end.send(Message(code=POST, oscore=b"\x09\x00nobody", _mtype=CON, _mid=mid, _token=b"t").encode())
            end.send(first_message(1000 + mid, greeted.opt.echo))
        time.sleep(0.3)
        assert len(caplog.records) - begun <= 1


def test_a_first_message_without_a_good_echo_value_begins_no_handshake() -> None:
    """None, an invented one, and one that another address was given."""
    with device(Counting()) as endpoint, stranger(endpoint, "127.0.0.2") as one, stranger(endpoint, "127.0.0.3") as two:
        greeted = exchange(one, first_message(1))
        assert greeted is not None
        for mid, echo in enumerate((None, b"", bytes(16), greeted.opt.echo), start=10):
            refused = exchange(two, first_message(mid, echo))
            assert refused is not None
            assert refused.code == UNAUTHORIZED
            assert refused.opt.echo
        assert len(endpoint._handshakes) == 0
        begun = exchange(one, first_message(2, greeted.opt.echo))
        assert begun is not None
        assert begun.code == CHANGED
        assert len(endpoint._handshakes) == 1


def test_half_open_handshakes_expire_and_never_push_one_another_out() -> None:
    limits = CoapLimits(first_burst=5, first_rate=0.1, address_burst=5, address_rate=0.1, half_open_lifetime=0.5)
    with device(Counting(), limits=limits) as endpoint, stranger(endpoint, "127.0.0.2") as end:
        greeted = exchange(end, first_message(0))
        assert greeted is not None
        begun = [exchange(end, first_message(mid, greeted.opt.echo)) for mid in range(1, 8)]
        assert [reply is not None for reply in begun] == [True] * 5 + [False] * 2
        assert len(endpoint._handshakes) == 5
        time.sleep(0.6)
        assert not endpoint._handshakes.has(b"abcd", ("127.0.0.2", 1))
        assert len(endpoint._handshakes) == 0


def test_unprotected_requests_to_every_resource_are_refused_and_not_kept() -> None:
    with device(Counting()) as endpoint, stranger(endpoint) as end:
        for mid, path in enumerate([("messages",), (), (".well-known", "core"), ("messages", "x")]):
            message = Message(code=POST, uri_path=path, payload=b"x", _mtype=CON, _mid=mid, _token=b"t")
            reply = exchange(end, message.encode())
            assert reply is not None
            assert not reply.code.is_successful()
            assert reply.payload == b""
        assert remembered(endpoint) == 0


# ----------------------------------------------------------------------------------------------- by who has keys, too


def test_what_is_kept_to_know_requests_again_is_bounded_and_nothing_is_handled_twice_for_it() -> None:
    """Without its memory the device still has the conversation's replay window."""
    handler = Counting()
    with (
        device(handler, limits=CoapLimits(remembered=2)) as endpoint,
        middle(endpoint) as between,
        channel(between.address) as opened,
    ):
        for index in range(10):
            ask(opened, index)
        assert remembered(endpoint) == 2
        for data in list(between.seen[Way.UP]):
            between.send(Way.UP, data)
        assert ask(opened, 10) == answer_to(10)
    assert handler.asked == list(range(11))


def test_one_party_cannot_push_the_others_conversations_out() -> None:
    limits = CoapLimits(contexts=6, contexts_each=3, address_burst=100)
    handler = Counting()
    with device(handler, limits=limits) as endpoint, channel(endpoint.address) as alice:
        ask(alice, 0)
        crowd = [channel(endpoint.address, identity=MALLORY) for _ in range(10)]
        opened = [one.__enter__() for one in crowd]
        assert len(endpoint._conversations) == 1 + limits.contexts_each
        assert ask(alice, 1) == answer_to(1)
        assert ask(opened[-1], 2) == answer_to(2)
        with pytest.raises(PeerUnavailable, match="does not know this channel"):
            ask(opened[0], 3)
        for one in crowd:
            one.__exit__(None, None, None)
    assert handler.asked == [0, 1, 2]


def test_the_longest_idle_conversation_makes_room_and_its_secrets_are_gone() -> None:
    limits = CoapLimits(contexts=2)
    handler = Counting()
    with device(handler, limits=limits) as endpoint:
        with channel(endpoint.address) as first, channel(endpoint.address, identity=MALLORY) as second:
            ask(second, 0)
            ask(first, 1)
            with channel(endpoint.address) as third:
                ask(third, 2)
                assert ask(first, 3) == answer_to(3)
                with pytest.raises(PeerUnavailable):
                    ask(second, 4)
        with pytest.raises(PeerUnavailable):
            _ = handler.connections[0].binding


def test_a_message_longer_than_the_limit_is_refused_and_the_conversation_goes_on() -> None:
    limits = CoapLimits(message_length=4096)
    handler = Counting()
    with device(handler, limits=limits) as endpoint, channel(endpoint.address) as opened:
        long = InclusionProof(0, 1, tuple(Digest(bytes(32)) for _ in range(200)))
        with pytest.raises(MalformedMessage, match="longer than the other end takes"):
            opened.request(long, LoginAccepted)
        assert handler.asked == []
        assert ask(opened, 1) == answer_to(1)


def test_more_requests_than_can_wait_are_refused() -> None:
    limits = CoapLimits(workers=1, pending=1)
    handler = Counting(seconds=0.5)
    with device(handler, limits=limits) as endpoint, channel(endpoint.address, timeout=0.2) as opened:
        with pytest.raises(PeerUnavailable, match="in time"):
            ask(opened, 0)
        with channel(endpoint.address, identity=MALLORY, timeout=5) as other:
            with pytest.raises(PeerUnavailable, match="too much at once"):
                ask(other, 1)
            time.sleep(0.5)
            handler.seconds = 0
            assert ask(other, 2) == answer_to(2)


def test_the_control_long_messages_cross_in_blocks_both_ways() -> None:
    def echo(_: Any, message: InclusionProof) -> InclusionProof:
        return message

    long = InclusionProof(0, 1, tuple(Digest(bytes([number]) * 32) for number in range(200)))
    with device(echo) as endpoint, channel(endpoint.address, identity=PHONE) as opened:
        for _ in range(3):
            assert opened.request(long, InclusionProof) == long
