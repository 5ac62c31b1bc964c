"""Attack: change the management database."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.digest import key_data_context
from certchain.encoding.message import to_cbor
from certchain.errors import (
    CertchainError,
    DatabaseChanged,
    InformationChanged,
    KeyDataUnreadable,
    RegistrationRefused,
)
from certchain.keys import KeyPair
from certchain.models.application import KeyData
from certchain.models.digest import Digest
from certchain.storage import MemoryManagementDatabase
from tests.custodians import stolen_key
from tests.databases import empty
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, rebuilt

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def commitment_on_chain(home: Household) -> Digest:
    ledger = home.account("anyone").registrations
    found: Digest = ledger.registration(ledger.latest_registration(home.phone.id, home.lock.id)).commitment
    return found


def refused(home: Household, error: type[CertchainError], step: str) -> None:
    with pytest.raises(error):
        home.certify()
    assert (home.server.last().step, home.server.last().reason) == (step, error.__name__)


def test_other_information_of_the_lock_is_noticed(home: Household) -> None:
    home.server.database.put_device(replace(home.lock.information, model="plastic"), home.lock.identity.keys.public)
    refused(home, InformationChanged, "C5")


def test_other_information_of_the_phone_is_noticed(home: Household) -> None:
    home.server.database.put_user_device(
        home.phone.id, replace(home.phone.information, app_instance="b2"), home.phone.identity.keys.public
    )
    refused(home, InformationChanged, "C5")


def test_other_keys_of_the_lock_are_noticed(home: Household) -> None:
    home.server.database.put_device(home.lock.information, KeyPair.generate().public)
    refused(home, InformationChanged, "C5")


def test_other_keys_of_the_phone_are_noticed(home: Household) -> None:
    home.server.database.put_user_device(home.phone.id, home.phone.information, KeyPair.generate().public)
    refused(home, InformationChanged, "C5")


def test_information_changed_on_both_sides_alike_is_noticed_on_the_chain(home: Household) -> None:
    """The phone lies, and its accomplice has changed the row: C5 finds them alike, the commitment does not."""
    changed = replace(home.phone.information, app_instance="b2")
    home.phone.information = changed
    home.phone.restart()
    home.server.database.put_user_device(home.phone.id, changed, home.phone.identity.keys.public)
    refused(home, DatabaseChanged, "C12")


def test_a_row_changed_between_the_comparison_and_the_certification_is_noticed(home: Household) -> None:
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    changed = replace(home.lock.information, serial="back door")
    home.server.database.put_device(changed, home.lock.identity.keys.public)
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(DatabaseChanged):
        turned.ask(turned.forward(shown))


@pytest.mark.parametrize("row", ["device", "user_device"])
def test_a_row_that_was_removed_is_noticed(home: Household, row: str) -> None:
    empty: Any = MemoryManagementDatabase()
    setattr(home.server.database, row, getattr(empty, row))
    refused(home, DatabaseChanged, "C5")


def test_key_data_that_was_removed_is_noticed(home: Household) -> None:
    empty(home.server.database, "key_data")
    refused(home, DatabaseChanged, "C12")


def test_changed_key_data_is_noticed(home: Household) -> None:
    committed = commitment_on_chain(home)
    sealed = home.server.database.key_data(committed)
    home.server.database.put_key_data(committed, sealed[:-1] + bytes([sealed[-1] ^ 1]))
    refused(home, KeyDataUnreadable, "C12")


def test_key_data_of_another_registration_does_not_open(home: Household) -> None:
    """Rows cannot be exchanged: key data is sealed for its pair and its commitment."""
    first = home.server.database.key_data(commitment_on_chain(home))
    home.register()
    home.server.database.put_key_data(commitment_on_chain(home), first)
    refused(home, KeyDataUnreadable, "C12")


def test_key_data_forged_under_the_stolen_key_is_noticed_on_the_chain(home: Household) -> None:
    """The attacker seals a second factor and a salt of their own choice."""
    committed = commitment_on_chain(home)
    context = key_data_context(home.phone.id, home.lock.id, committed)
    forged = KeyData(home.alice, b"\x01" * 32, Digest(b"\x02" * 32), Digest(bytes(32)))
    key = stolen_key(home.account("anyone"), home.server.id, committed, list(home.custodians.values())[2:])
    home.server.database.put_key_data(committed, key.seal(context, to_cbor(forged)))
    refused(home, DatabaseChanged, "C12")


def test_a_renamed_user_is_noticed_at_the_next_registration(home: Household) -> None:
    _, salt = home.server.database.user(home.alice)
    home.server.database.put_user(home.alice, "Mallory", salt)
    with pytest.raises(DatabaseChanged):
        home.register()


def test_a_removed_user_is_noticed_at_the_next_registration(home: Household) -> None:
    empty(home.server.database, "users")
    with pytest.raises(RegistrationRefused, match="no user"):
        home.register()


def test_changed_rows_are_noticed_at_a_registration(home: Household) -> None:
    phone, keys = home.phone, KeyPair.generate().public
    home.server.database.put_user_device(phone.id, replace(phone.information, model="old"), phone.identity.keys.public)
    with pytest.raises(InformationChanged):
        home.register()
    home.server.database.put_user_device(phone.id, phone.information, keys)
    with pytest.raises(DatabaseChanged, match="user device"):
        home.register()
    home.server.database.put_user_device(phone.id, phone.information, phone.identity.keys.public)
    home.server.database.put_device(home.lock.information, keys)
    with pytest.raises(DatabaseChanged, match="for the device"):
        home.register()
