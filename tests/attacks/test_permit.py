"""A permit is for one application: a thief of the user device does not get what an outage seems to leave behind."""

from typing import Any

import pytest

from certchain.errors import LedgerTimeout, RegistrationRefused
from tests.faults import Fuse, Fused
from tests.household import SECRET, Household

BEFORE, AFTER = 1, 2


class Slow:
    """A ledger whose registrations touch a fuse."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self.registrations = Fused(inner.registrations, fuse, ("register",))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
def test_after_an_outage_the_permit_is_the_same_applications_and_no_others(moment: int) -> None:
    """Whether or not the registration reached the chain: who applied is answered, and another secret is not let in."""
    home, fuse = Household(), Fuse(lambda: LedgerTimeout("register", "0x01"))
    home.server.ledger = Slow(home.server.ledger, fuse)
    home.server.restart()
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    named = home.alice, home.lock.id, home.method
    fuse.arm(moment)
    with pytest.raises(LedgerTimeout):
        home.phone.role.register(home.lock.channel(), *named, SECRET)
    fuse.disarm()

    home.phone.role.register(home.lock.channel(), *named, SECRET)
    home.certify()
    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), *named, "the thief's own")


def test_while_an_application_waits_for_its_answer_another_needs_a_permit_of_its_own() -> None:
    home, fuse = Household(), Fuse(lambda: LedgerTimeout("register", "0x01"))
    home.server.ledger = Slow(home.server.ledger, fuse)
    home.server.restart()
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    named = home.alice, home.lock.id, home.method
    fuse.arm(BEFORE)
    with pytest.raises(LedgerTimeout):
        home.phone.role.register(home.lock.channel(), *named, SECRET)
    fuse.disarm()

    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), *named, "the thief's own")
    home.register("a second thought")
    home.certify("a second thought")
