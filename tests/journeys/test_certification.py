"""The whole life of a registration: Alice, her phone and her door lock."""

import pytest

from certchain.models.log import LoginOutcome
from tests.household import Household


@pytest.fixture
def home() -> Household:
    return Household()


def test_alice_opens_her_door_after_a_registration_by_way_of_the_lock(home: Household) -> None:
    home.register()
    session = home.certify()
    assert session.command(b"open") == b"done: open"
    assert home.lock.done == [b"open"]
    assert home.server.last().outcome is LoginOutcome.CERTIFIED
