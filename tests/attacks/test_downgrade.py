"""Attack: have a weaker combination method used than the device's risk asks for, or than was agreed on."""

from dataclasses import replace
from typing import Any

import pytest

from certchain.encoding.message import from_cbor
from certchain.errors import InformationChanged, MethodTooWeak, RegistrationNotActive
from certchain.models.certification import SessionOffer, SessionOpened, SessionOutcome
from certchain.models.registration import Factor, RiskLevel
from certchain.verification.policy import CertificationPolicy, ModelRisk
from tests.household import SECRET, Household
from tests.wiretap import TurnedLock, certification, rebuilt, tap_lock


def at_risk(level: RiskLevel) -> CertificationPolicy:
    return CertificationPolicy(model_risks=(ModelRisk("Acme", "bolt", level),))


@pytest.mark.parametrize(
    ("level", "factors"),
    [
        (RiskLevel.MEDIUM, (Factor.FIRST,)),
        (RiskLevel.HIGH, (Factor.FIRST, Factor.THIRD)),
        (RiskLevel.CRITICAL, (Factor.SECOND, Factor.FIRST)),
    ],
)
def test_a_method_with_too_few_factors_is_not_registered(level: RiskLevel, factors: tuple[Factor, ...]) -> None:
    home = Household(policy=at_risk(level))
    with pytest.raises(MethodTooWeak, match="registration"):
        home.register(method=home.define(*factors))


@pytest.mark.parametrize(
    ("level", "factors"),
    [
        (RiskLevel.LOW, (Factor.FIRST,)),
        (RiskLevel.MEDIUM, (Factor.FIRST, Factor.THIRD)),
        (RiskLevel.HIGH, (Factor.THIRD, Factor.SECOND, Factor.FIRST)),
    ],
)
def test_a_method_with_just_enough_factors_certifies(level: RiskLevel, factors: tuple[Factor, ...]) -> None:
    home = Household(policy=at_risk(level))
    home.register(method=home.define(*factors))
    assert home.certify().command(b"open") == b"done: open"


def test_a_model_that_nobody_has_judged_takes_three_factors() -> None:
    home = Household()
    with pytest.raises(MethodTooWeak):
        home.register(method=home.define(Factor.FIRST, Factor.SECOND))


def test_a_registration_that_became_too_weak_is_refused() -> None:
    """The model's risk was raised after the registration."""
    home = Household(policy=at_risk(RiskLevel.LOW))
    home.register(method=home.define(Factor.FIRST))
    home.server.policy = at_risk(RiskLevel.HIGH)
    home.server.restart()
    with pytest.raises(MethodTooWeak, match="C11"):
        home.certify()
    assert (home.server.last().step, home.server.last().reason) == ("C11", "MethodTooWeak")


def test_a_lowered_policy_does_not_weaken_what_was_registered_at_a_higher_risk() -> None:
    """The chain has the risk of the registration: who changes the server's policy gains nothing for it."""
    home = Household(policy=CertificationPolicy(least_factors=(1, 1, 1, 1)))
    home.register(method=home.define(Factor.FIRST))
    home.server.policy = at_risk(RiskLevel.LOW)
    home.server.restart()
    with pytest.raises(MethodTooWeak, match="C11"):
        home.certify()


def offered(home: Household, **changes: Any) -> None:
    """The phone is offered a session that the server's key has signed, but for something else."""
    tap = tap_lock(home.lock)

    def change(answer: object) -> object:
        if not isinstance(answer, SessionOffer):
            return answer
        opened = replace(from_cbor(SessionOpened, answer.opened.body), **changes)
        return replace(answer, opened=home.server.identity.sign(opened))

    tap.answer = change
    home.phone.role.certify(tap.channel(), home.lock.id, SECRET)


def test_the_phone_shows_its_hash_for_no_other_method_than_was_agreed_on() -> None:
    home = Household()
    home.register()
    with pytest.raises(MethodTooWeak, match="C8"):
        offered(home, method=home.define(Factor.FIRST))


def test_the_phone_shows_its_hash_for_no_other_registration_than_it_has() -> None:
    home = Household()
    home.register()
    with pytest.raises(RegistrationNotActive, match="C8"):
        offered(home, registration=17)


def test_a_session_whose_registration_has_another_method_is_refused() -> None:
    """The chain's method counts, not the session's."""
    home = Household()
    home.register()
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity))
    sessions = home.server.role._certifier.sessions
    kept = sessions._open[opened.session]
    weaker = replace(opened, method=home.define(Factor.FIRST))
    sessions._open[opened.session] = replace(kept, opened=weaker)
    shown = certification(turned.transcript(weaker), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(MethodTooWeak, match="another method"):
        turned.ask(turned.forward(shown))


def test_a_method_without_a_second_factor_still_certifies_its_own_user_only() -> None:
    """Nothing in R names the user then; the sealed key data does."""
    home = Household(policy=at_risk(RiskLevel.LOW))
    home.register(method=home.define(Factor.FIRST))
    bob = home.server.role.enrolment.enrol_user("Bob")
    turned = TurnedLock(home)
    opened = turned.open(turned.statement(home.phone.identity, user=bob), user=bob)
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    with pytest.raises(InformationChanged, match="another user"):
        turned.ask(turned.forward(shown))
    assert home.server.last().step == "C12"
    turned.challenge = b"\x33" * 32
    opened = turned.open(turned.statement(home.phone.identity))
    shown = certification(turned.transcript(opened), rebuilt(home.phone, home, SECRET), home.phone.identity.keys)
    assert from_cbor(SessionOutcome, turned.ask(turned.forward(shown)).body).session == opened.session
