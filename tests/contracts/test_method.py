"""Registration: combination methods, by number, written once."""

from itertools import permutations
from typing import Any

import pytest

from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import FIRST, SECOND, THIRD

ORDERED_CHOICES = [choice for count in (1, 2, 3) for choice in permutations((FIRST, SECOND, THIRD), count)]


def test_every_ordered_choice_of_factors_can_be_defined_once(registration: Any, actors: Actors) -> None:
    """There are fifteen, numbered from 1 in the order of their definition; none can be defined again."""
    for number, factors in enumerate(ORDERED_CHOICES, start=1):
        event = registration.defineMethod(factors, {"from": actors.authority}).events["MethodDefined"]
        assert (event["method"], tuple(event["factors"])) == (number, factors)
    assert registration.methodCount() == len(ORDERED_CHOICES) == 15
    for number, factors in enumerate(ORDERED_CHOICES, start=1):
        assert tuple(registration.methodFactors(number)) == factors
        with reverts("Registration_MethodAlreadyDefined", number):
            registration.defineMethod(factors, {"from": actors.authority})


def test_definition_returns_the_number(registration: Any, actors: Actors, method: int) -> None:
    """The function returns what the event says."""
    assert registration.defineMethod.call([SECOND], {"from": actors.authority}) == method + 1


def test_the_order_of_the_factors_makes_another_method(registration: Any, actors: Actors) -> None:
    """First then third is not third then first."""
    registration.defineMethod([FIRST, THIRD], {"from": actors.authority})
    registration.defineMethod([THIRD, FIRST], {"from": actors.authority})
    assert registration.methodFactors(1) != registration.methodFactors(2)


@pytest.mark.parametrize("factors", [[], [FIRST, SECOND, THIRD, FIRST], [FIRST] * 300], ids=len)
def test_a_method_has_one_to_three_factors(registration: Any, actors: Actors, factors: list[int]) -> None:
    """None or more than three is refused with their number."""
    with reverts("Registration_MalformedMethod", len(factors)):
        registration.defineMethod(factors, {"from": actors.authority})


@pytest.mark.parametrize(
    ("factors", "repeated"),
    [
        ([FIRST, FIRST], FIRST),
        ([SECOND, SECOND], SECOND),
        ([THIRD, THIRD], THIRD),
        ([FIRST, SECOND, FIRST], FIRST),
        ([FIRST, SECOND, SECOND], SECOND),
        ([THIRD, THIRD, FIRST], THIRD),
        ([THIRD, THIRD, THIRD], THIRD),
    ],
)
def test_a_factor_counts_once(registration: Any, actors: Actors, factors: list[int], repeated: int) -> None:
    """A repeated factor is refused by name: it would look like more protection than it is."""
    with reverts("Registration_RepeatedFactor", repeated):
        registration.defineMethod(factors, {"from": actors.authority})


@pytest.mark.parametrize("number", [0, 2, 2**16 - 1])
def test_a_method_never_defined_is_unknown(registration: Any, method: int, number: int) -> None:
    """0 stands for none, and the next one is not there yet."""
    assert method == 1
    with reverts("Registration_UnknownMethod", number):
        registration.methodFactors(number)
