"""Attack: tamper with, drop, repeat, delay, swap, replay and reflect packets between a user device and a device, over real UDP.

Whatever is done to whichever packet, the conversation goes on as if nothing had been, or ends in an error that says so; no request is
handled twice, and nothing hangs.
"""

import random
import socket
import time
from itertools import product

import pytest

from certchain.channel.coap import CoapChannel
from certchain.errors import CertchainError, PeerNotAuthentic, PeerUnavailable
from certchain.models.certification import LoginAccepted
from certchain.models.log import InclusionProof
from tests.datagrams import (
    LOCK,
    PATIENCE,
    PHONE,
    Counting,
    Middle,
    Treatment,
    Way,
    answer_to,
    ask,
    channel,
    device,
    middle,
    public_keys,
)

HANDSHAKE = 3
"""Datagrams each way: message 1, message 1 with the Echo value, message 3, and their answers."""
QUESTIONS = 3
PLACES = list(product(Way, range(HANDSHAKE + QUESTIONS)))
BYTES = [0, 1, 3, 5, 9, 20, -9, -1]
IDS = lambda place: f"{place[0].name}-{place[1]}"  # noqa: E731


def only(place: tuple[Way, int], faults: Treatment) -> Treatment:
    """Does something to one datagram."""

    def treat(way: Way, index: int, data: bytes) -> list[tuple[float, bytes]]:
        return faults(way, index, data) if (way, index) == place else [(0.0, data)]

    return treat


def converse(treatment: Treatment, timeout: float = PATIENCE) -> tuple[Counting, CertchainError | None]:
    """Opens a channel and asks three questions; returns what the device was asked, and the error if it came to one."""
    handler, error, started = Counting(), None, time.monotonic()
    with device(handler) as endpoint, middle(endpoint, treatment) as between:
        try:
            with channel(between.address, timeout=timeout) as opened:
                for index in range(QUESTIONS):
                    assert ask(opened, index) == answer_to(index)
        except (PeerUnavailable, PeerNotAuthentic) as refusal:
            error = refusal
    assert time.monotonic() - started < 3 * timeout + 1
    assert handler.asked == list(range(len(handler.asked)))  # each once, in order
    return handler, error


def twisted(data: bytes, at: int) -> bytes:
    """One bit is another."""
    changed = bytearray(data)
    changed[at % len(data)] ^= 0x10
    return bytes(changed)


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_dropped_packet_is_sent_again(place: tuple[Way, int]) -> None:
    handler, error = converse(only(place, lambda *_: []))
    assert error is None
    assert len(handler.asked) == QUESTIONS


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_duplicated_packet_is_one(place: tuple[Way, int]) -> None:
    handler, error = converse(only(place, lambda _way, _index, data: [(0.0, data), (0.0, data), (0.05, data)]))
    assert error is None
    assert len(handler.asked) == QUESTIONS


@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_delayed_packet_comes_out_of_order_and_does_no_harm(place: tuple[Way, int]) -> None:
    """So late that it was sent again, and that others have overtaken it."""
    handler, error = converse(only(place, lambda _way, _index, data: [(0.4, data)]))
    assert error is None
    assert len(handler.asked) == QUESTIONS


@pytest.mark.parametrize("at", BYTES)
@pytest.mark.parametrize("place", PLACES, ids=IDS)
def test_a_tampered_packet_is_as_good_as_none_or_ends_the_conversation(place: tuple[Way, int], at: int) -> None:
    handler, error = converse(only(place, lambda _way, _index, data: [(0.0, twisted(data, at))]))
    assert error is not None or len(handler.asked) == QUESTIONS


@pytest.mark.parametrize("index", range(HANDSHAKE, HANDSHAKE + QUESTIONS))
def test_a_request_that_was_tampered_with_counts_when_it_comes_again_untouched(index: int) -> None:
    """The device keeps nothing of what is not authentic: neither its number, nor that it came."""
    handler, error = converse(only((Way.UP, index), lambda _way, _index, data: [(0.0, twisted(data, -1))]))
    assert error is None
    assert len(handler.asked) == QUESTIONS


def test_forged_copies_in_front_of_every_request_do_not_keep_it_out() -> None:
    def treat(way: Way, index: int, data: bytes) -> list[tuple[float, bytes]]:
        forged = [(0.0, twisted(data, -1))] * 3 if way is Way.UP and index >= HANDSHAKE else []
        return [*forged, (0.0, data)]

    handler, error = converse(treat)
    assert error is None
    assert len(handler.asked) == QUESTIONS


def test_every_other_packet_lost_both_ways_is_still_a_conversation() -> None:
    handler, error = converse(lambda _way, index, data: [] if index % 2 else [(0.0, data)], timeout=5)
    assert error is None
    assert len(handler.asked) == QUESTIONS


# --------------------------------------------------------------------------------------------------------------- replay


def renumbered(data: bytes, mid: int) -> bytes:
    """The same request under another message id, which nothing protects: CoAP does not know it again."""
    return data[:2] + mid.to_bytes(2) + data[4:]


def recorded(between: Middle) -> list[bytes]:
    with channel(between.address) as opened:
        for index in range(QUESTIONS):
            ask(opened, index)
    return list(between.seen[Way.UP])


def test_a_recorded_conversation_replayed_to_the_device_is_not_handled_again() -> None:
    """From the same address, as it was and renumbered; while the conversation lives, and after."""
    handler = Counting()
    with device(handler) as endpoint, middle(endpoint) as between:
        with channel(between.address) as opened:
            ask(opened, 0)
            for mid, data in enumerate(list(between.seen[Way.UP])):
                between.send(Way.UP, data)
                between.send(Way.UP, renumbered(data, 60_000 + mid))
            assert ask(opened, 1) == answer_to(1)
        for mid, data in enumerate(list(between.seen[Way.UP])):
            between.send(Way.UP, data)
            between.send(Way.UP, renumbered(data, 61_000 + mid))
        with channel(between.address) as opened:
            assert ask(opened, 2) == answer_to(2)
    assert handler.asked == [0, 1, 2]


def test_a_conversation_recorded_before_a_restart_is_nothing_after_it() -> None:
    handler = Counting()
    with device(handler) as endpoint, middle(endpoint) as between:
        packets = recorded(between)
        port = endpoint.address.port
    again = Counting()
    with device(again, port=port) as endpoint, middle(endpoint) as between:
        for data in packets:
            between.send(Way.UP, data)
        with channel(between.address) as opened:
            assert ask(opened, 7) == answer_to(7)
    assert again.asked == [7]


def test_a_request_moved_to_another_conversation_is_not_handled() -> None:
    """Mallory sends Alice's protected request under the name of her own conversation."""
    handler = Counting()
    with (
        device(handler) as endpoint,
        middle(endpoint) as between,
        middle(endpoint) as beside,
        channel(between.address) as alice,
        channel(beside.address) as mallory,
    ):
        ask(alice, 0)
        ask(mallory, 1)
        theirs, hers = between.seen[Way.UP][-1], beside.seen[Way.UP][-1]
        kid = oscore_kid(theirs)
        moved = theirs.replace(kid, oscore_kid(hers))
        assert moved != theirs
        beside.send(Way.UP, renumbered(moved, 60_000))
        assert ask(mallory, 2) == answer_to(2)
    assert handler.asked == [0, 1, 2]


def oscore_kid(data: bytes) -> bytes:
    """The four bytes that name the conversation: the last of the OSCORE option's value, in front of the payload."""
    return data[: data.index(b"\xff")][-4:] if data.count(b"\xff") == 1 else _kid_by_option(data)


def _kid_by_option(data: bytes) -> bytes:
    """The OSCORE option is the first in a request of ours: number 9, after header and token."""
    token_length = data[0] & 0x0F
    start = 4 + token_length
    assert data[start] >> 4 == 9
    length = data[start] & 0x0F
    return data[start + 1 : start + 1 + length][-4:]


def test_a_message_3_overheard_and_twisted_does_not_use_up_the_handshake() -> None:
    """It comes first, from an address of its own."""
    refused: list[bytes] = []
    with device(Counting()) as endpoint, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.settimeout(1)

        def treat(way: Way, index: int, data: bytes) -> list[tuple[float, bytes]]:
            if (way, index) == (Way.UP, HANDSHAKE - 1):
                end.sendto(twisted(data, -1), (endpoint.address.host, endpoint.address.port))
                refused.append(end.recv(100))
            return [(0.0, data)]

        with middle(endpoint, treat) as between, channel(between.address) as opened:
            assert ask(opened, 0) == answer_to(0)
    assert len(refused) == 1


def test_a_request_under_the_token_of_the_one_before_waits_its_turn() -> None:
    """CoAP then thinks the one before given up; what was begun of it is not broken off, and nothing overtakes it."""
    busy, overlaps = list[int](), list[int]()

    def slow(_: object, message: InclusionProof) -> LoginAccepted:
        overlaps.append(len(busy))
        busy.append(message.index)
        time.sleep(0.5)
        busy.clear()
        return answer_to(message.index)

    between: Middle

    def treat(way: Way, index: int, data: bytes) -> list[tuple[float, bytes]]:
        if way is Way.UP and index > HANDSHAKE:
            length = data[0] & 0x0F
            first = between.seen[Way.UP][HANDSHAKE]
            data = first[:1] + data[1:4] + first[4 : 4 + (first[0] & 0x0F)] + data[4 + length :]
        return [(0.0, data)]

    with device(slow) as endpoint, middle(endpoint, treat) as between:
        opened = CoapChannel(between.address, PHONE, LOCK.party, public_keys, timeout=0.2, ack_timeout=5)
        for index in range(2):
            with pytest.raises(PeerUnavailable, match="in time"):
                ask(opened, index)
        time.sleep(1)
        opened.close()
    assert overlaps == [0, 0]


# ----------------------------------------------------------------------------------------------------------- reflection


def test_reflected_packets_come_to_nothing() -> None:
    """Each end gets back all that it sends."""
    between: Middle

    def treat(way: Way, _index: int, data: bytes) -> list[tuple[float, bytes]]:
        between.send(Way.DOWN if way is Way.UP else Way.UP, data)
        return [(0.0, data)]

    handler = Counting()
    with device(handler) as endpoint, middle(endpoint) as between, channel(between.address) as opened:
        ask(opened, 0)
        between.treatment = treat
        for index in range(1, 4):
            assert ask(opened, index) == answer_to(index)
    assert handler.asked == [0, 1, 2, 3]


def test_tokens_are_not_to_be_guessed_even_where_the_common_generator_is() -> None:
    """Who cannot see the packets, and forges an answer from the device's address, has to know eight bytes."""
    tokens = []
    with device(Counting()) as endpoint:
        for _ in range(3):
            random.seed(1)
            with middle(endpoint) as between, channel(between.address):
                tokens.append(between.seen[Way.UP][0][4:12])
                assert between.seen[Way.UP][0][0] & 0x0F >= 7
    assert len(set(tokens)) == 3


def test_a_handshake_with_oneself_is_refused() -> None:
    """The device's own messages, reflected, make no conversation; nor does whoever has stolen its keys talk to it as itself."""
    with device(Counting()) as endpoint, pytest.raises(PeerUnavailable), channel(endpoint.address, identity=LOCK):
        pass


# ------------------------------------------------------------------------------------------------------------ slow ends


def test_a_slow_handler_is_asked_once_however_often_the_request_comes() -> None:
    """Its answer comes separately, long after CoAP would have sent the request again."""
    handler = Counting(seconds=0.8)
    with (
        device(handler) as endpoint,
        middle(endpoint, lambda _way, _index, data: [(0.0, data), (0.0, data)]) as between,
        channel(between.address) as opened,
    ):
        assert ask(opened, 0) == answer_to(0)
    assert handler.asked == [0]


def test_who_gets_no_answer_in_time_is_told_and_goes_on() -> None:
    handler = Counting(seconds=0.6)
    with device(handler) as endpoint, channel(endpoint.address, timeout=0.3) as opened:
        with pytest.raises(PeerUnavailable, match="in time"):
            ask(opened, 0)
        handler.seconds = 0
        time.sleep(0.5)
        assert ask(opened, 1) == answer_to(1)
    assert handler.asked == [0, 1]


def test_a_device_that_is_not_there_is_told_at_once_or_in_time() -> None:
    with device(Counting()) as endpoint:
        address = endpoint.address
    started = time.monotonic()
    with pytest.raises(PeerUnavailable), channel(address):
        pass
    assert time.monotonic() - started < 2 * PATIENCE


def test_after_a_restart_of_the_device_the_old_conversation_is_over_and_a_new_one_begins() -> None:
    first, second = Counting(), Counting()
    with device(first) as endpoint:
        port = endpoint.address.port
        opened = channel(endpoint.address)
        before = opened.__enter__()
        ask(before, 0)
        binding = before.binding
    with device(second, port=port) as endpoint:
        with pytest.raises(PeerUnavailable, match="does not know this channel"):
            ask(before, 1)
        with pytest.raises(PeerUnavailable, match="closed"):
            _ = before.binding
        opened.__exit__(None, None, None)
        with channel(endpoint.address) as after:
            assert after.binding != binding
            assert ask(after, 2) == answer_to(2)
    assert (first.asked, second.asked) == ([0], [2])
