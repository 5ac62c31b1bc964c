"""A random sequence of calls beside a model of the contract, which says what is refused."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts

SETTINGS = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

Refusal = tuple[Any, ...] | None


def settle(refusal: Refusal, act: Callable[[], Any]) -> bool:
    """Acts, and is refused exactly as the model says; tells whether it took effect."""
    with reverts(*refusal) if refusal else nullcontext():
        act()
    return not refusal


class Walk(RuleBasedStateMachine):
    """One random sequence of calls, from the state that the module's fixtures left."""

    def __init__(self, chain: Any, contract: Any, actors: Actors) -> None:
        super().__init__()
        chain.revert()
        self.contract, self.actors = contract, actors


def walk(machine: type[Walk], *arguments: Any, limits: settings = SETTINGS) -> None:
    """Runs the machine from the start, as often as the limits say."""
    run_state_machine_as_test(lambda: machine(*arguments), settings=limits)
