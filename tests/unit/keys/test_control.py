from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certchain.errors import CommandRefused, MalformedValue
from certchain.keys import ControlKeys

SESSION = b"s" * 16
KEYS = ControlKeys.divide(SESSION, bytes(range(64)))


@given(st.binary(max_size=200), st.integers(0, 2**63 - 1))
def test_what_is_sealed_in_a_direction_opens_in_it(text: bytes, counter: int) -> None:
    assert KEYS.open_command(KEYS.seal_command(counter, text)) == text
    assert KEYS.open_result(KEYS.seal_result(counter, text)) == text


def test_each_half_of_the_export_is_the_key_of_one_direction() -> None:
    other = ControlKeys.divide(SESSION, bytes(range(32)) + bytes(32))
    assert other.seal_command(1, b"open") == KEYS.seal_command(1, b"open")
    assert other.seal_result(1, b"open") != KEYS.seal_result(1, b"open")


def test_a_ciphertext_of_one_direction_does_not_open_in_the_other() -> None:
    """Even if both halves of the export were alike, the direction is authenticated, too."""
    alike = ControlKeys.divide(SESSION, bytes(64))
    command = alike.seal_command(1, b"open")
    result = alike.seal_result(1, b"open")
    assert command.ciphertext != result.ciphertext
    with pytest.raises(CommandRefused):
        alike.open_result(replace(result, ciphertext=command.ciphertext))
    with pytest.raises(CommandRefused):
        KEYS.open_result(replace(result, ciphertext=KEYS.seal_command(1, b"open").ciphertext))


def test_a_ciphertext_is_bound_to_session_and_counter() -> None:
    command = KEYS.seal_command(1, b"open")
    with pytest.raises(CommandRefused):
        KEYS.open_command(replace(command, counter=2))
    with pytest.raises(CommandRefused):
        ControlKeys.divide(b"x" * 16, bytes(range(64))).open_command(command)
    with pytest.raises(CommandRefused):
        ControlKeys.divide(SESSION, bytes(64)).open_command(command)


@pytest.mark.parametrize("ciphertext", [b"", bytes(15), bytes(16), bytes(40)])
def test_a_forged_ciphertext_is_refused(ciphertext: bytes) -> None:
    with pytest.raises(CommandRefused):
        KEYS.open_command(replace(KEYS.seal_command(1, b""), ciphertext=ciphertext))


@pytest.mark.parametrize("counter", [-1, 2**63])
def test_a_counter_out_of_range_is_refused(counter: int) -> None:
    with pytest.raises(CommandRefused, match="range"):
        KEYS.seal_command(counter, b"open")


def test_another_length_than_64_bytes_gives_no_keys() -> None:
    with pytest.raises(MalformedValue):
        ControlKeys.divide(SESSION, bytes(32))


def test_keys_do_not_show_themselves() -> None:
    assert repr(bytes(range(32))) not in repr(KEYS)
