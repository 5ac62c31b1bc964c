"""Attack: steal the whole management database, three of five custodians too, and turn the lock; everything but the phone's keys."""

from dataclasses import replace

import pytest

from certchain.encoding.digest import commitment, key_data_context
from certchain.encoding.message import from_cbor
from certchain.errors import KeyNotInForce, LoginRefused, SignatureInvalid, WrongSigner
from certchain.keys import KeyPair
from certchain.models.application import KeyData, RegistrationHash
from certchain.models.certification import SessionOutcome
from certchain.verification.registration import OnRecord, combine
from tests.custodians import stolen_key
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, impersonation

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


@pytest.fixture
def thief() -> KeyPair:
    return KeyPair.generate()


def stolen_registration_hash(home: Household) -> RegistrationHash:
    """R, rebuilt from nothing but the server's database, the stores and keys of three custodians, and the public ledger."""
    database, ledger = home.server.database, home.account("anyone").registrations
    keepers = list(home.custodians.values())[:3]
    latest = ledger.latest_registration(home.phone.id, home.lock.id)
    registration = ledger.registration(latest)
    context = key_data_context(home.phone.id, home.lock.id, registration.commitment)
    sealed = database.key_data(registration.commitment)
    key = stolen_key(home.account("anyone"), home.server.id, registration.commitment, keepers)
    key_data = from_cbor(KeyData, key.open(context, sealed))
    record = OnRecord(*database.device(home.lock.id), *database.user_device(home.phone.id))
    order = ledger.method_factors(registration.method)
    rebuilt = combine(registration.method, order, key_data.salt, record.factors(key_data.second_factor))
    assert commitment(rebuilt) == registration.commitment
    return rebuilt


def test_the_database_alone_does_not_log_in(home: Household, thief: KeyPair) -> None:
    """The second factor in it is not the login key, and leads to none."""
    home.phone.identity = impersonation(home.phone, thief)
    home.phone.restart()
    with pytest.raises(LoginRefused):
        home.certify("anything")


def test_past_a_turned_lock_the_thiefs_statement_is_refused(home: Household, thief: KeyPair) -> None:
    turned = TurnedLock(home)
    statement = turned.statement(impersonation(home.phone, thief))
    with pytest.raises(KeyNotInForce):
        turned.open(statement)
    assert (home.server.last().step, home.server.last().reason) == ("C5", "KeyNotInForce")


def test_a_statement_signed_by_the_thief_under_the_phones_public_keys_is_refused(
    home: Household, thief: KeyPair
) -> None:
    turned = TurnedLock(home)
    statement = turned.statement(impersonation(home.phone, thief))
    with pytest.raises(SignatureInvalid):
        turned.open(replace(statement, keys=home.phone.identity.keys.public))
    assert home.server.last().step == "C5"


def test_a_statement_by_another_enrolled_phone_is_refused(home: Household) -> None:
    turned = TurnedLock(home)
    statement = turned.statement(home.another_phone("thief").identity)
    with pytest.raises(WrongSigner):
        turned.open(statement)


def test_with_an_old_statement_and_the_right_certification_hash_the_thiefs_own_key_is_refused(
    home: Household, thief: KeyPair
) -> None:
    """The turned lock repeats the challenge and binding that it recorded: so far, everything the thief shows is genuine."""
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), stolen_registration_hash(home), thief)
    with pytest.raises(KeyNotInForce):
        turned.ask(turned.forward(shown))
    assert (home.server.last().step, home.server.last().reason) == ("C12", "KeyNotInForce")


def test_with_an_old_statement_and_the_right_certification_hash_a_signature_is_missing(
    home: Household, thief: KeyPair
) -> None:
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), stolen_registration_hash(home), thief)
    with pytest.raises(SignatureInvalid):
        turned.ask(turned.forward(replace(shown, keys=home.phone.identity.keys.public)))
    assert (home.server.last().step, home.server.last().reason) == ("C12", "SignatureInvalid")


def test_only_the_phones_private_key_was_missing(home: Household) -> None:
    """The control: the same hash with the phone's own signature is accepted, so nothing else stopped the thief."""
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), stolen_registration_hash(home), home.phone.identity.keys)
    outcome = from_cbor(SessionOutcome, turned.ask(turned.forward(shown)).body)
    assert outcome.session == opened.session


def test_without_r_the_phones_stolen_keys_are_not_enough_either(home: Household) -> None:
    """The other way round: who has the phone's keys but neither secret nor database."""
    with pytest.raises(LoginRefused):
        home.certify("guess")
    assert home.certify(SECRET).outcome.index == 2
