"""An error says what was wrong, what to do about it, and carries the offending values wherever it goes."""

import copy
import pickle

import pytest

from certchain.errors import (
    CertchainError,
    InformationChanged,
    InvalidInput,
    NothingToRegister,
    SizeMismatch,
    Unavailable,
    VerificationFailed,
    error_classes,
)

SAMPLES = {int: 5, str: "a reason", bytes: b"\x01\x02"}


def example(cls: type[CertchainError]) -> CertchainError:
    return cls(*(SAMPLES[field.type] for field in cls.__dataclass_fields__.values()))  # type: ignore[attr-defined]


def test_an_error_is_a_sentence_with_its_values_in_it() -> None:
    error = SizeMismatch(5, 7)

    assert str(error) == "The log has 7 entries, not 5."
    assert error.values() == {"expected_size": 5, "actual_size": 7}
    assert error.advice == "Read the log's size, and append only what it lacks."


def test_an_error_of_a_family_is_caught_as_the_family_and_as_no_other() -> None:
    with pytest.raises(InvalidInput):
        raise SizeMismatch(5, 7)
    assert not isinstance(SizeMismatch(5, 7), Unavailable | VerificationFailed)


def test_an_error_of_a_session_begins_with_its_step() -> None:
    assert str(InformationChanged("C5", "the serial is another")).startswith("C5: ")


def test_the_families_are_no_errors_of_their_own() -> None:
    assert {"CertchainError", "Unavailable", "NotAuthorised", "InvalidInput"}.isdisjoint(error_classes())
    assert error_classes()["SizeMismatch"] is SizeMismatch
    assert error_classes()["NothingToRegister"] is NothingToRegister


@pytest.mark.parametrize("cls", error_classes().values(), ids=lambda cls: cls.__name__)
def test_an_error_stays_what_it_is_in_another_process(cls: type[CertchainError]) -> None:
    error = example(cls)
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own bytes
        assert type(other) is cls
        assert other.values() == error.values()
        assert str(other) == str(error)


@pytest.mark.parametrize("cls", error_classes().values(), ids=lambda cls: cls.__name__)
def test_an_error_has_values_that_every_channel_can_carry(cls: type[CertchainError]) -> None:
    assert {field.type for field in cls.__dataclass_fields__.values()} <= set(SAMPLES)  # type: ignore[attr-defined]


def test_two_errors_alike_are_still_two() -> None:
    assert SizeMismatch(5, 7) != SizeMismatch(5, 7)
    assert len({SizeMismatch(5, 7), SizeMismatch(5, 7)}) == 2
