"""How far each channel to the device has come."""

from dataclasses import replace

import pytest

from certchain.errors import CommandRefused, PeerUnavailable
from certchain.keys import ControlKeys
from certchain.models.identifier import UserDeviceId, UserId
from certchain.roles.iot_device.conversation import Conversations, InControl, LoggedIn
from tests.industry import NOON, TestClock


def logged_in(deadline: float = NOON + 10) -> LoggedIn:
    return LoggedIn(UserId(1), UserDeviceId(2), b"c" * 32, deadline)


def in_control() -> InControl:
    return InControl(ControlKeys.divide(bytes(16), bytes(64)), UserId(1), UserDeviceId(2), NOON + 10)


def test_a_stage_is_taken_once_and_only_as_what_it_is() -> None:
    conversations = Conversations(TestClock(), 10)
    conversations.put(b"1", logged_in())
    assert conversations.take(b"1", InControl) is None
    assert conversations.take(b"2", LoggedIn) is None
    assert conversations.take(b"1", LoggedIn) == logged_in()
    assert conversations.take(b"1", LoggedIn) is None


def test_the_device_talks_to_so_many_at_a_time_until_they_are_done_or_expired() -> None:
    clock = TestClock()
    conversations = Conversations(clock, 2)
    conversations.put(b"1", logged_in())
    conversations.put(b"2", logged_in())
    conversations.put(b"2", in_control())  # who is in, stays in
    with pytest.raises(PeerUnavailable, match="too many"):
        conversations.put(b"3", logged_in())
    clock.seconds += 10
    conversations.put(b"3", logged_in(NOON + 20))
    assert list(conversations._stages) == [b"3"]


def test_a_place_is_kept_however_long_it_takes_and_given_back_when_nothing_came_of_it() -> None:
    clock = TestClock()
    conversations = Conversations(clock, 1)
    with conversations.place(b"1"):
        clock.seconds += 1_000_000
        with pytest.raises(PeerUnavailable, match="too many"):
            conversations.put(b"2", logged_in(clock.seconds + 10))
    conversations.put(b"2", logged_in(clock.seconds + 10))
    with pytest.raises(PeerUnavailable, match="too many"), conversations.place(b"1"):
        pytest.fail("there is no place")  # pragma: no cover


def test_a_place_is_kept_for_what_came_of_it() -> None:
    conversations = Conversations(TestClock(), 1)
    with conversations.place(b"1"):
        conversations.put(b"1", in_control())
    assert conversations.take(b"1", InControl) is not None


def test_what_refuses_a_move_leaves_the_stage_as_it_was() -> None:
    conversations = Conversations(TestClock(), 10)
    conversations.put(b"1", in_control())

    def refuse(stage: InControl | None) -> InControl:
        assert stage is not None
        raise CommandRefused("no")

    with pytest.raises(CommandRefused):
        conversations.move(b"1", InControl, refuse)
    moved = conversations.move(b"1", InControl, lambda stage: replace(stage or in_control(), counter=5))
    assert moved.counter == 5
