"""Attack: change the rows of the management database that nothing on the chain or in the log speaks about: permits, failures, unlocks.

They are the server's own word, and no row of them is checked against anything. What a writer gains by them is tried here, and SECURITY.md
says so: a permit, which registers an enrolled user device that its writer has the keys of, where everyone sees it on the chain; and more
tries. Not a session of anybody else's.
"""

import pytest

from certchain.errors import CertchainError, LockedOut, RegistrationRefused
from certchain.models.entry import Subject, SubjectKind
from certchain.models.registration import RegistrationStatus
from certchain.verification.lockout import LockPolicy
from certchain.verification.policy import CertificationPolicy
from tests.databases import empty
from tests.household import SECRET, Household

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def home() -> Household:
    home = Household(policy=CertificationPolicy(locks=LockPolicy(user_failures=3, device_failures=1000)))
    home.register()
    return home


def test_a_permit_that_is_removed_registers_nobody(home: Household) -> None:
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    empty(home.server.database, "permits")
    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_a_forged_permit_registers_its_writers_own_phone_in_sight_of_all_and_leaves_alices_as_it_is(
    home: Household,
) -> None:
    """Not stopped: found. It is a registration of its own, under the writer's own user device, on the chain for good."""
    mallory = home.another_phone("m1")
    home.server.database.put_permit(home.alice, mallory.id, home.lock.id, home.clock.now() + 60)
    to_lock = home.lock.channel(mallory.identity.party)
    mallory.role.register(to_lock, home.alice, home.lock.id, home.method, "of Mallory's own choice")
    ledger = home.account("anyone").registrations
    shown = ledger.registration(ledger.latest_registration(mallory.id, home.lock.id))
    assert (shown.user_device, shown.status) == (mallory.id, RegistrationStatus.ACTIVE)
    assert home.certify().command(b"open") == b"done: open"


def test_a_forged_permit_does_not_serve_a_phone_whose_keys_the_writer_has_not_got(home: Household) -> None:
    """For Alice's own pair it is worth nothing: an application is signed by her phone."""
    mallory = home.another_phone("m1")
    home.server.database.put_permit(home.alice, home.phone.id, home.lock.id, home.clock.now() + 60)
    mallory.information = home.phone.information
    mallory.identity = type(mallory.identity)(
        mallory.identity.network, home.phone.identity.party, mallory.identity.keys
    )
    mallory.restart()
    with pytest.raises(CertchainError):
        mallory.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, "of Mallory's own choice")
    home.certify()


def test_failures_that_are_removed_give_the_servers_tries_back_and_not_the_locks(home: Household) -> None:
    """The lock keeps its own count, on its own disk; what was tried stands in the log all the same."""
    for _ in range(5):
        with pytest.raises(CertchainError):
            home.certify("guessed")
    alice = Subject(SubjectKind.USER, home.alice)
    empty(home.server.database, "failures")
    assert home.server.database.failures(alice).failures == 0
    with pytest.raises(CertchainError) as refusal:
        home.certify()
    assert type(refusal.value).__name__ == "LoginLocked"
    assert len(home.outcomes()) == 6


def test_unlocks_that_are_forged_unlock_the_lock_and_are_not_in_the_log(home: Household) -> None:
    """Not stopped: an unlocking by an operator has its entry first, one that has none is forged. More tries are all that it gives."""
    for _ in range(5):
        with pytest.raises(CertchainError):
            home.certify("guessed")
    home.clock.seconds += 10
    size = home.server.log_store.size()
    home.server.database.unlock(Subject(SubjectKind.USER, home.alice))
    home.certify()
    assert [entry.step for entry in home.server.entries()][-1] == "C13"
    assert home.server.log_store.size() == size + 1


def test_failures_that_are_invented_lock_out_until_an_operator_unlocks(home: Household) -> None:
    alice = Subject(SubjectKind.USER, home.alice)
    for _ in range(3):
        home.server.database.count_failure(alice)
    with pytest.raises(LockedOut):
        home.certify()
    home.server.role.lockout.unlock(alice, "Olga", "there is nothing in the log about it")
    home.certify()
