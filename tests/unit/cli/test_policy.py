"""The certification server's policy as the settings have it."""

from certchain.cli.policy import certification_policy
from certchain.config import Configuration
from certchain.models.registration import RiskLevel
from certchain.verification.lockout import LockPolicy
from certchain.verification.policy import CertificationPolicy, Division, ModelRisk


def test_settings_that_nobody_changed_are_the_policys_own() -> None:
    assert certification_policy(Configuration()) == CertificationPolicy()


def test_an_operator_sets_how_keys_are_divided_and_remembered() -> None:
    settings = Configuration(divisions={"high": "2 of 4"}, remembered_keys={"high": 0}, custodian_patience=3)
    policy, default = certification_policy(settings), CertificationPolicy()
    assert policy.divisions == (*default.divisions[:2], Division(2, 4), default.divisions[3])
    assert policy.key_memory == (*default.key_memory[:2], 0)
    assert policy.custodian_patience == 3.0


def test_an_operator_sets_what_a_risk_demands_and_which_risk_a_model_is() -> None:
    settings = Configuration(
        least_factors={"low": 3}, model_risks={"Acme": {"PL-1": "critical"}}, unlisted_risk="medium"
    )
    policy = certification_policy(settings)
    assert policy.least_factors == (3, 2, 3, 3)
    assert policy.model_risks == (ModelRisk("Acme", "PL-1", RiskLevel.CRITICAL),)
    assert policy.unlisted_risk is RiskLevel.MEDIUM


def test_an_operator_sets_how_long_things_last_and_who_is_locked_out() -> None:
    settings = Configuration(
        permit_lifetime=60, session_lifetime=30, control_lifetime=20, lock_user_failures=5, lock_device_failures=0
    )
    policy = certification_policy(settings)
    assert (policy.permit_lifetime, policy.session_lifetime, policy.control_lifetime) == (60, 30, 20)
    assert policy.locks == LockPolicy(user_failures=5, device_failures=0)
