"""Fuzzing: what a stranger does to a key exchange, and what the way does to packets of a conversation.

Datagrams and requests of a stranger's own making are in tests/attacks/test_channel_garbage.py.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain.channel.coap import CoapEndpoint, CoapLimits
from certchain.channel.coap.handshake import CONNECTION_ID_LENGTH, Initiator, Responder
from certchain.errors import CertchainError
from tests.datagrams import LOCK, PHONE, Counting, Way, answer_to, ask, channel, device, middle, public_keys
from tests.fuzz.test_decoders import changed
from tests.fuzzing import examples, no_faults

LIMITS = CoapLimits(first_burst=10**6, first_rate=10**6, address_burst=10**6, address_rate=10**6, half_open_lifetime=1)
OWN_ID = bytes(range(CONNECTION_ID_LENGTH))
PATIENCE = 1.0


@pytest.fixture(autouse=True)
def no_fault_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with no_faults():
        yield
    assert [entry for entry in caplog.records if entry.exc_info] == []


def shaken(treated: Callable[[int, bytes], bytes]) -> bool:
    """A key exchange whose messages, by their number, are treated on the way; whether it came to its end. Else an error of ours ends it."""
    here, there = Initiator(PHONE, LOCK.party, public_keys(LOCK.party)), Responder(LOCK, OWN_ID)
    try:
        second = treated(2, there.message_2(treated(1, here.message_1())))
        third, secret = here.message_3(second)
        third = treated(3, third)
        named = there.named(third)
        fourth, theirs = there.message_4(named, public_keys(named))
        here.finish(treated(4, fourth))
    except CertchainError:
        return False
    except KeyError:  # the test's own register: nobody has that number
        return False
    return secret == theirs


def test_a_key_exchange_that_nobody_touches_comes_to_its_end() -> None:
    assert shaken(lambda _, message: message)


@examples(120)
@given(number=st.integers(1, 4), data=st.data())
def test_a_message_of_a_key_exchange_that_is_changed_ends_it(number: int, data: Any) -> None:
    """Each of the four, a few bytes of it: nobody has keys then, and nothing panics."""

    def treated(which: int, message: bytes) -> bytes:
        return data.draw(changed(message)) if which == number else message

    untouched: list[bool] = []

    def noted(which: int, message: bytes) -> bytes:
        after = treated(which, message)
        if which == number:
            untouched.append(after == message)
        return after

    assert shaken(noted) == all(untouched)


@examples(120)
@given(number=st.integers(1, 4), message=st.binary(max_size=120))
def test_any_bytes_in_the_place_of_a_message(number: int, message: bytes) -> None:
    assert not shaken(lambda which, true: message if which == number else true)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[CoapEndpoint]:
    with device(Counting(), limits=LIMITS) as endpoint:
        yield endpoint


@examples(12)
@given(data=st.data())
def test_packets_that_are_changed_on_the_way(endpoint: CoapEndpoint, data: Any) -> None:
    """Some of them, in either direction, from the first on: what comes back is the right answer, or a refusal."""
    struck = data.draw(
        st.dictionaries(st.tuples(st.sampled_from(Way), st.integers(0, 6)), st.binary(max_size=40), max_size=4)
    )
    places = data.draw(st.integers(0, 60))

    def treatment(way: Way, index: int, packet: bytes) -> list[tuple[float, bytes]]:
        noise = struck.get((way, index))
        if noise is None:
            return [(0.0, packet)]
        return [(0.0, packet[:places] + noise + packet[places + len(noise) :])]

    with middle(endpoint, treatment) as between:
        try:
            with channel(between.address, timeout=PATIENCE) as opened:
                assert ask(opened, 1) == answer_to(1)
        except CertchainError:
            pass
    with channel(endpoint.address, timeout=20) as fresh:
        assert ask(fresh, 2) == answer_to(2)
