import pytest

from certchain.errors import MethodTooWeak
from certchain.models.certification import DeviceInformation
from certchain.models.identifier import DeviceId
from certchain.models.registration import Factor, RiskLevel
from certchain.verification.policy import CertificationPolicy, ModelRisk, verify_strength

BOLT = DeviceInformation(DeviceId(1), "Acme", "bolt", "1")


def test_a_models_risk_is_what_the_policy_says() -> None:
    policy = CertificationPolicy(model_risks=(ModelRisk("Acme", "bolt", RiskLevel.LOW),))
    assert policy.risk(BOLT) is RiskLevel.LOW


@pytest.mark.parametrize("listed", [("Acme", "bar"), ("Bcme", "bolt")])
def test_the_risk_of_another_model_or_manufacturer_does_not_count(listed: tuple[str, str]) -> None:
    policy = CertificationPolicy(model_risks=(ModelRisk(*listed, RiskLevel.LOW),))
    assert policy.risk(BOLT) is RiskLevel.HIGH


def test_of_two_risks_for_a_model_the_higher_counts() -> None:
    risks = (ModelRisk("Acme", "bolt", RiskLevel.CRITICAL), ModelRisk("Acme", "bolt", RiskLevel.LOW))
    assert CertificationPolicy(model_risks=risks).risk(BOLT) is RiskLevel.CRITICAL


def test_a_higher_risk_never_takes_fewer_factors() -> None:
    least = CertificationPolicy().least_factors
    assert list(least) == sorted(least)
    assert len(least) == len(RiskLevel)


@pytest.mark.parametrize("count", [2, 3])
def test_factors_enough_are_accepted(count: int) -> None:
    assert verify_strength("C11", list(Factor)[:count], 2) == list(Factor)[:count]


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_factors_are_refused_by_name_of_the_step(count: int) -> None:
    with pytest.raises(MethodTooWeak, match=rf"C11: .* it has {count} of at least 2 factors"):
        verify_strength("C11", list(Factor)[:count], 2)
