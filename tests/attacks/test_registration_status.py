"""Attack: use a registration that is not in force, or register without anyone's consent."""

import pytest

from certchain.encoding.message import from_cbor
from certchain.errors import (
    FreshKeyRequired,
    KeyNotInForce,
    LoginRefused,
    MethodTooWeak,
    RegistrationNotActive,
    RegistrationRefused,
    WrongSigner,
)
from certchain.keys import KeyPair
from certchain.models.application import RegistrationAnswer, RegistrationApplication
from certchain.models.certification import Signed
from certchain.models.identifier import RegistrationId
from certchain.models.registration import Factor, RiskLevel
from certchain.verification.policy import CertificationPolicy, ModelRisk
from certchain.verification.statement import Identity
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, impersonation, rebuilt, tap_lock

pytestmark = pytest.mark.usefixtures("each_database")


@pytest.fixture
def home() -> Household:
    home = Household()
    home.register()
    return home


def current(home: Household) -> RegistrationId:
    found: RegistrationId = home.account("anyone").registrations.latest_registration(home.phone.id, home.lock.id)
    return found


def test_a_suspended_registration_certifies_nobody(home: Household) -> None:
    home.server.role.registrar.suspend(current(home))
    with pytest.raises(RegistrationNotActive, match="suspended"):
        home.certify()
    assert (home.server.last().step, home.server.last().reason) == ("C11", "RegistrationNotActive")


def test_a_reinstated_registration_certifies_again(home: Household) -> None:
    home.server.role.registrar.suspend(current(home))
    home.server.role.registrar.reinstate(current(home))
    home.certify()


def test_a_revoked_registration_certifies_nobody(home: Household) -> None:
    home.server.role.registrar.revoke(current(home))
    with pytest.raises(RegistrationNotActive, match="revoked"):
        home.certify()


def test_a_registration_that_is_revoked_in_the_middle_of_a_session_does_not_certify_it(home: Household) -> None:
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    home.server.role.registrar.revoke(current(home))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(RegistrationNotActive, match="revoked"):
        turned.ask(turned.forward(shown))


def test_a_superseded_registration_certifies_nobody(home: Household) -> None:
    """Its A is right, and its registration was active when the session began."""
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    home.register("a new secret")
    with pytest.raises(RegistrationNotActive, match="superseded"):
        turned.ask(turned.forward(shown))


def test_a_missing_registration_opens_no_session(home: Household) -> None:
    turned, other = TurnedLock(home), home.another_phone("b2")
    statement = turned.statement(other.identity, user_device=other.id, information=other.information)
    with pytest.raises(RegistrationNotActive, match="C6"):
        turned.open(statement, user_device=other.id)
    assert (home.server.last().step, home.server.last().reason) == ("C6", "RegistrationNotActive")


def test_the_lost_phones_old_keys_are_refused_once_others_are_in_force(home: Household) -> None:
    home.server.role.enrolment.rotate_user_device_keys(home.phone.id, KeyPair.generate().public)
    with pytest.raises(KeyNotInForce):
        home.certify()


def test_the_phones_new_keys_do_not_serve_a_registration_made_under_the_old(home: Household) -> None:
    keys = KeyPair.generate()
    home.server.role.enrolment.rotate_user_device_keys(home.phone.id, keys.public)
    home.phone.identity = impersonation(home.phone, keys)
    home.phone.restart()
    with pytest.raises(RegistrationNotActive, match="user device has had other keys"):
        home.certify()
    home.register()
    home.certify()


def test_the_locks_new_keys_do_not_serve_a_registration_made_under_the_old(home: Household) -> None:
    keys = KeyPair.generate()
    home.clock.seconds += 10
    home.account.network._shared.clock.seconds += 10  # type: ignore[attr-defined]  # the chain's own clock
    home.server.role.enrolment.rotate_device_keys(home.lock.id, keys.public)
    home.lock.identity = Identity(home.lock.identity.network, home.lock.identity.party, keys)
    home.lock.restart()
    with pytest.raises(RegistrationNotActive, match="the device has had other keys"):
        home.certify()
    home.register()
    home.certify()


def test_after_a_loss_the_same_keys_do_not_register_again(home: Household) -> None:
    home.server.role.registrar.suspend(current(home))
    with pytest.raises(FreshKeyRequired):
        home.register()


def test_after_a_loss_and_a_revocation_the_same_keys_do_not_register_again(home: Household) -> None:
    """Who found the phone gains nothing by the operator's revoking it."""
    home.server.role.registrar.suspend(current(home))
    home.server.role.registrar.revoke(current(home))
    with pytest.raises(FreshKeyRequired):
        home.register()


@pytest.mark.parametrize("revoked", [False, True])
def test_after_a_loss_all_three_factors_are_asked_for(home: Household, revoked: bool) -> None:
    policy = CertificationPolicy(model_risks=(ModelRisk("Acme", "bolt", RiskLevel.LOW),))
    home.server.policy = policy
    home.server.restart()
    one = home.define(Factor.FIRST)
    home.register(method=one)
    home.server.role.registrar.suspend(current(home))
    if revoked:
        home.server.role.registrar.revoke(current(home))
    keys = KeyPair.generate()
    home.server.role.enrolment.rotate_user_device_keys(home.phone.id, keys.public)
    home.phone.identity = impersonation(home.phone, keys)
    home.phone.restart()
    with pytest.raises(MethodTooWeak):
        home.register(method=one)
    home.register()
    home.certify()


# ------------------------------------------------------------------------------------------------------------ consent


def test_a_thief_of_the_unlocked_phone_cannot_replace_the_secret(home: Household) -> None:
    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, "the thief's own")
    home.certify()


def test_another_enrolled_phone_cannot_register_in_alices_name(home: Household) -> None:
    other = home.another_phone("b2")
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    with pytest.raises(RegistrationRefused, match="not permitted"):
        other.role.register(home.server.channel(other.identity.party), home.alice, home.lock.id, home.method, SECRET)


def test_a_permit_is_good_for_one_registration(home: Household) -> None:
    home.register()
    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_a_permit_expires(home: Household) -> None:
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.clock.seconds += CertificationPolicy().permit_lifetime
    with pytest.raises(RegistrationRefused, match="not permitted"):
        home.phone.role.register(home.lock.channel(), home.alice, home.lock.id, home.method, SECRET)


def test_an_application_signed_by_another_phone_is_refused(home: Household) -> None:
    other, tap = home.another_phone("b2"), tap_lock(home.lock)
    tap.handler = home.server.answer
    tap.change = lambda message: other.identity.sign(tampered(message))

    def tampered(message: object) -> object:
        assert isinstance(message, Signed)
        return from_cbor(RegistrationApplication, message.body)

    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    with pytest.raises(WrongSigner):
        home.phone.role.register(tap.channel(), home.alice, home.lock.id, home.method, SECRET)
    assert not any(isinstance(answer, RegistrationAnswer) for answer in tap.answered)


def test_a_lock_that_never_saw_the_registration_refuses_the_login(home: Household) -> None:
    home.server.role.registrar.permit(home.alice, home.phone.id, home.lock.id)
    home.phone.role.register(
        home.server.channel(home.phone.identity.party), home.alice, home.lock.id, home.method, "another secret"
    )
    with pytest.raises(LoginRefused):
        home.certify("another secret")
    home.phone.role.introduce(home.lock.channel(), home.lock.id)
    home.certify("another secret")
