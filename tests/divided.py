"""The divided key of a household's registration, and who keeps shares of it."""

from certchain.models.custody import KeyDivision
from certchain.models.registration import Registration
from tests.custodians import Keeper, newest_division
from tests.household import Household


def registered(home: Household) -> Registration:
    """The newest registration of the phone for the lock."""
    ledger = home.account("anyone").registrations
    found: Registration = ledger.registration(ledger.latest_registration(home.phone.id, home.lock.id))
    return found


def division(home: Household) -> KeyDivision:
    """The division of its key that is in force."""
    return newest_division(home.account("anyone"), registered(home).commitment)


def keepers(home: Household) -> list[Keeper]:
    """Every custodian of the household, in the order of enrolment."""
    return list(home.custodians.values())
