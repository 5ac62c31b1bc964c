"""The whole life of a registration: Alice, her phone and her door lock, on a ledger in memory and on a chain."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from certchain.errors import (
    FreshKeyRequired,
    IntegrityFailed,
    LoginRefused,
    RegistrationNotActive,
    RegistrationRefused,
    UnknownRecord,
)
from certchain.keys import KeyPair, SealingKey
from certchain.ledger import Ledger
from certchain.models.entry import LoginOutcome
from certchain.models.identifier import RegistrationId
from certchain.models.log import LogMode
from certchain.models.registration import Factor, RegistrationStatus, RiskLevel
from certchain.storage import (
    DirectoryFileStore,
    SqlManagementDatabase,
    SqlShareStore,
    SqlSubjectKeys,
    open_log_store,
)
from certchain.verification.policy import CertificationPolicy, ModelRisk
from tests.household import SECRET, Household
from tests.industry import MemoryAccounts
from tests.wiretap import impersonation
from tests.world import world

LOW = CertificationPolicy(model_risks=(ModelRisk("Acme", "bolt", RiskLevel.LOW),))


@contextmanager
def in_memory(folder: Path) -> Iterator[Callable[[str], Ledger]]:
    del folder
    yield MemoryAccounts()


@contextmanager
def on_a_chain(folder: Path, mode: LogMode = LogMode.RECORDED) -> Iterator[Callable[[str], Ledger]]:
    people = {"authority": "authority", "certification server": "server"}
    with world("eth-tester", folder, mode) as network:
        yield lambda name: network[people.get(name, "thief")]


def with_an_anchored_log(folder: Path) -> AbstractContextManager[Callable[[str], Ledger]]:
    return on_a_chain(folder, LogMode.ANCHORED)


Network = Callable[[Path], AbstractContextManager[Any]]


@pytest.fixture
def home(each_database: None) -> Household:
    return Household()


def statuses(home: Household) -> list[RegistrationStatus]:
    ledger = home.account("anyone").registrations
    return [registration.status for registration in ledger.registrations(RegistrationId(1), 100)]


@pytest.mark.parametrize(
    ("network", "each_database"),
    [
        (in_memory, "memory"),
        (in_memory, "sqlite"),
        (in_memory, "postgresql"),
        (on_a_chain, "sqlite"),
        (with_an_anchored_log, "postgresql"),
    ],
    indirect=["each_database"],
)
def test_a_registration_lives_from_enrolment_to_revocation(
    network: Network, each_database: None, tmp_path: Path
) -> None:
    """Enrol, register both ways, certify, command, supersede, suspend, reinstate, lose, replace, revoke; the log tells it all."""
    with network(tmp_path) as account:
        home = Household(account)
        registrar, ledger = home.server.role.registrar, home.account("anyone")

        home.register()  # by way of the lock
        assert home.certify().command(b"open") == b"done: open"

        registrar.permit(home.alice, home.phone.id, home.lock.id)  # directly, with a new secret
        grant = home.phone.role.register(
            home.server.channel(home.phone.identity.party), home.alice, home.lock.id, home.method, "new secret"
        )
        assert home.phone.role.introduce(home.lock.channel(), home.lock.id) == grant.registration
        with pytest.raises(LoginRefused):
            home.certify(SECRET)
        assert home.certify("new secret").command(b"close") == b"done: close"
        assert statuses(home) == [RegistrationStatus.SUPERSEDED, RegistrationStatus.ACTIVE]

        registrar.suspend(grant.registration)  # the phone is missed ...
        with pytest.raises(RegistrationNotActive):
            home.certify("new secret")
        registrar.reinstate(grant.registration)  # ... and found
        home.certify("new secret")

        registrar.suspend(grant.registration)  # lost for good: the same keys do not come back
        with pytest.raises(FreshKeyRequired):
            home.register()
        keys = KeyPair.generate()
        home.server.role.enrolment.rotate_user_device_keys(home.phone.id, keys.public)
        home.phone.identity = impersonation(home.phone, keys)
        home.phone.restart()
        home.register()
        home.certify().command(b"open")

        registrar.revoke(RegistrationId(3))
        with pytest.raises(RegistrationNotActive):
            home.certify()
        assert statuses(home)[1:] == [RegistrationStatus.SUPERSEDED, RegistrationStatus.REVOKED]

        entries = home.server.entries()
        certified = [entry.registration for entry in entries if entry.outcome is LoginOutcome.CERTIFIED]
        assert certified == [1, 2, 2, 3]
        # What the operator decided about the app is an entry, too.
        assert home.server.role.flush() == len(entries) + 1 == 8
        assert home.server.role.flush() == 0
        assert ledger.login_log.size() == 8


def test_a_revoked_pair_can_register_again(home: Household) -> None:
    home.register()
    home.server.role.registrar.revoke(RegistrationId(1))
    home.register()
    assert home.certify().command(b"open") == b"done: open"
    assert statuses(home) == [RegistrationStatus.REVOKED, RegistrationStatus.ACTIVE]


def test_alice_and_bob_share_a_lock_each_with_a_secret_of_their_own(home: Household) -> None:
    home.register()
    bob, phone = home.server.role.enrolment.enrol_user("Bob"), home.another_phone("b2")
    home.server.role.registrar.permit(bob, phone.id, home.lock.id)
    phone.role.register(home.lock.channel(phone.identity.party), bob, home.lock.id, home.method, "Bob's own")
    assert (
        phone.role.certify(home.lock.channel(phone.identity.party), home.lock.id, "Bob's own").command(b"open")
        == b"done: open"
    )
    assert home.certify().command(b"close") == b"done: close"
    with pytest.raises(LoginRefused):
        phone.role.certify(home.lock.channel(phone.identity.party), home.lock.id, SECRET)


def test_alice_has_two_phones_under_one_lock_out(home: Household) -> None:
    """Failures are counted by user, whatever device they come from."""
    home.register()
    phone = home.another_phone("b2")
    home.server.role.registrar.permit(home.alice, phone.id, home.lock.id)
    phone.role.register(
        home.lock.channel(phone.identity.party), home.alice, home.lock.id, home.method, "another secret"
    )
    with pytest.raises(LoginRefused) as first:
        home.certify("wrong")
    with pytest.raises(LoginRefused) as second:
        phone.role.certify(home.lock.channel(phone.identity.party), home.lock.id, "wrong")
    assert (first.value.attempts_left, second.value.attempts_left) == (4, 3)
    phone.role.certify(home.lock.channel(phone.identity.party), home.lock.id, "another secret")
    home.certify()


@pytest.mark.parametrize(
    "factors", [(Factor.FIRST,), (Factor.THIRD,), (Factor.SECOND,), (Factor.THIRD, Factor.FIRST)], ids=str
)
def test_every_combination_method_certifies(factors: tuple[Factor, ...]) -> None:
    home = Household(policy=LOW)
    home.register(method=home.define(*factors))
    assert home.certify().command(b"open") == b"done: open"


def test_everyone_restarts_and_the_registration_is_still_there(home: Household) -> None:
    home.register()
    control = home.certify()
    for party in (home.server, home.lock, home.phone):
        party.restart()
    with pytest.raises(Exception, match="no session"):
        control.command(b"open")  # control ends with the process that gave it
    assert home.certify().command(b"open") == b"done: open"


def test_database_shares_log_and_keys_outlive_the_process(location: Path | str, tmp_path: Path) -> None:
    """The same, on SQLite or PostgreSQL and in a journal, with the server started anew over them, and one of its entries erased."""
    sealing_key = SealingKey.generate()

    def open_stores(home: Household) -> None:
        home.server.database, home.server.shares = SqlManagementDatabase(location), SqlShareStore(location)
        home.server.log_store = open_log_store(tmp_path / "entries", write=True)
        home.server.subject_keys = SqlSubjectKeys(tmp_path / "keys.sqlite", sealing_key)
        home.server.log_files = DirectoryFileStore(tmp_path / "notes")
        home.server.restart()

    def close_stores(home: Household) -> None:
        home.server.database.close()
        home.server.shares.close()
        home.server.log.close()
        home.server.subject_keys.close()

    home = Household(database=SqlManagementDatabase(location))
    home.server.database.close()
    open_stores(home)
    home.released_app()
    home.register()
    home.certify()
    with pytest.raises(LoginRefused):
        home.certify("wrong")
    close_stores(home)

    open_stores(home)
    home.certify()
    assert home.outcomes() == [("C13", ""), ("C2", "LoginRefused"), ("C13", "")]
    assert home.server.role.flush() == 4
    assert home.server.log.anchor.confirmed() == (4, home.account("anyone").login_log.root())

    assert home.server.subject_keys.destroy([home.server.log_store.entries(1, 1)[0].key]) == 1
    assert home.outcomes() == []
    home.certify()
    assert home.outcomes() == [("C13", "")]
    assert home.server.role.flush() == 1
    close_stores(home)


def test_a_new_version_of_the_app_is_certified_once_it_is_allowed(home: Household) -> None:
    home.register()
    folder = home.released_app("2.0")
    home.phone.folder, home.phone.version = folder, "2.0"
    home.phone.restart()
    home.certify()
    home.server.role.apps.revoke("door", "2.0")
    with pytest.raises(IntegrityFailed):
        home.certify()


def test_without_a_registration_the_phone_does_not_even_ask(home: Household) -> None:
    with pytest.raises(UnknownRecord):
        home.certify()
    with pytest.raises(UnknownRecord):
        home.phone.role.introduce(home.lock.channel(), home.lock.id)
    with pytest.raises(RegistrationRefused):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_the_outcome_says_where_the_entry_is_and_how_far_the_chain_is_behind(home: Household) -> None:
    home.register()
    assert (home.certify().outcome.index, home.certify().outcome.behind) == (1, 3)
    home.server.role.flush()
    outcome = home.certify().outcome
    assert (outcome.index, outcome.behind) == (3, 1)
