"""Attack: command the lock without, after, beside or against a certified session (C15)."""

from dataclasses import replace

import pytest

from certchain.errors import CommandRefused
from certchain.keys import ControlKeys
from certchain.models.certification import (
    Command,
    CommandResult,
    Login,
    LoginAccepted,
)
from certchain.verification.policy import CertificationPolicy
from tests.household import SECRET, Household
from tests.wiretap import Wiretap, tap_lock


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def tapped(home: Household) -> Wiretap:
    return tap_lock(home.lock)


def test_a_command_without_a_session_is_refused(home: Household) -> None:
    keys = ControlKeys.divide(bytes(16), bytes(64))
    with pytest.raises(CommandRefused, match="no session"):
        home.lock.channel().request(keys.seal_command(1, b"open"), CommandResult)
    assert home.lock.done == []


def test_a_command_between_login_and_certification_is_refused(home: Household) -> None:
    tap = tapped(home)
    channel = tap.channel()
    home.phone.role.certify(channel, home.lock.id, SECRET)
    channel.request(tap.of(Login)[0], LoginAccepted)
    with pytest.raises(CommandRefused, match="no session"):
        channel.request(ControlKeys.divide(bytes(16), bytes(64)).seal_command(1, b"open"), CommandResult)


def test_a_command_on_another_channel_is_refused(home: Household) -> None:
    """The control keys belong to the channel of the session."""
    control = home.certify()
    with pytest.raises(CommandRefused, match="no session"):
        home.lock.channel().request(control.keys.seal_command(1, b"open"), CommandResult)
    assert home.lock.done == []


def test_a_command_of_one_session_is_refused_in_another(home: Household) -> None:
    control, other = home.certify(), home.certify()
    with pytest.raises(CommandRefused, match="another session"):
        other.channel.request(control.keys.seal_command(1, b"open"), CommandResult)


def test_a_command_renamed_to_another_session_does_not_open(home: Household) -> None:
    control, other = home.certify(), home.certify()
    renamed = replace(control.keys.seal_command(1, b"open"), session=other.keys.session)
    with pytest.raises(CommandRefused, match="not sealed"):
        other.channel.request(renamed, CommandResult)
    assert home.lock.done == []


def test_a_replayed_command_is_refused(home: Household) -> None:
    tap = tapped(home)
    control = home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    control.command(b"open")
    with pytest.raises(CommandRefused, match="counter"):
        control.channel.request(tap.of(Command)[0], CommandResult)
    assert home.lock.done == [b"open"]
    control.command(b"close")
    assert home.lock.done == [b"open", b"close"]


def test_a_command_that_comes_late_is_refused(home: Household) -> None:
    """Counters only rise: what was held back does not come after what followed it."""
    control = home.certify()
    first, second = control.keys.seal_command(1, b"open"), control.keys.seal_command(2, b"close")
    control.channel.request(second, CommandResult)
    with pytest.raises(CommandRefused, match="counter"):
        control.channel.request(first, CommandResult)
    assert home.lock.done == [b"close"]


@pytest.mark.parametrize("counter", [0, -1, 2**63, 2**200])
def test_a_counter_out_of_range_is_refused(home: Household, counter: int) -> None:
    control = home.certify()
    sealed = control.keys.seal_command(1, b"open")
    with pytest.raises(CommandRefused):
        control.channel.request(replace(sealed, counter=counter), CommandResult)
    assert home.lock.done == []


def test_a_renumbered_command_does_not_open(home: Household) -> None:
    control = home.certify()
    control.command(b"open")
    with pytest.raises(CommandRefused, match="not sealed"):
        control.channel.request(replace(control.keys.seal_command(2, b"open"), counter=3), CommandResult)


def test_a_forged_command_uses_no_counter_up(home: Household) -> None:
    """Otherwise anyone on the channel could shut the user out by a high counter."""
    control = home.certify()
    with pytest.raises(CommandRefused, match="not sealed"):
        control.channel.request(Command(control.keys.session, 2**62, bytes(32)), CommandResult)
    assert control.command(b"open") == b"done: open"


@pytest.mark.parametrize("length", [0, 15, 32])
def test_a_tampered_command_is_refused(home: Household, length: int) -> None:
    control = home.certify()
    with pytest.raises(CommandRefused, match="not sealed"):
        control.channel.request(Command(control.keys.session, 1, bytes(length)), CommandResult)


def test_a_result_reflected_as_a_command_is_refused(home: Household) -> None:
    """The lock's own words, sent back to it: each direction has its key."""
    control = home.certify()
    result = control.keys.seal_result(1, b"open")
    with pytest.raises(CommandRefused, match="not sealed"):
        control.channel.request(Command(result.session, result.counter, result.ciphertext), CommandResult)
    assert home.lock.done == []


def test_a_command_reflected_as_a_result_is_refused(home: Household) -> None:
    """The phone's own words, sent back to it as if the lock had obeyed."""
    tap = tapped(home)
    control = home.phone.role.certify(tap.channel(), home.lock.id, SECRET)

    def reflect(answer: object) -> object:
        command = tap.of(Command)[-1]
        return CommandResult(command.session, command.counter, command.ciphertext)

    tap.answer = reflect
    with pytest.raises(CommandRefused, match="not sealed"):
        control.command(b"open")


def test_the_result_of_an_earlier_command_is_refused(home: Household) -> None:
    tap = tapped(home)
    control = home.phone.role.certify(tap.channel(), home.lock.id, SECRET)
    control.command(b"close")
    old = tap.answered[-1]
    tap.answer = lambda answer: old
    with pytest.raises(CommandRefused, match="another command"):
        control.command(b"open")


def test_commands_end_with_the_control_keys_at_both_ends(home: Household) -> None:
    control = home.certify()
    home.clock.seconds += CertificationPolicy().control_lifetime - 1
    control.command(b"open")
    home.clock.seconds += 1
    with pytest.raises(CommandRefused, match="expired"):
        control.command(b"open")
    with pytest.raises(CommandRefused, match="expired"):
        control.channel.request(control.keys.seal_command(9, b"open"), CommandResult)
    assert home.lock.done == [b"open"]


def test_a_closed_channel_ends_the_control(home: Household) -> None:
    control = home.certify()
    control.channel.close()
    with pytest.raises(Exception, match="closed"):
        control.command(b"open")


def test_who_comes_and_goes_does_not_fill_the_lock(home: Household) -> None:
    """A phone that is certified anew has left its channel of before: only the newest is obeyed."""
    sessions = [home.certify() for _ in range(home.lock.policy.conversations + 1)]
    assert sessions[-1].command(b"open") == b"done: open"
    with pytest.raises(CommandRefused, match="no session"):
        sessions[-2].command(b"open")
