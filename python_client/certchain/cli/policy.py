"""What an operator sets of the certification server's policy, as the policy itself."""

from dataclasses import replace

from certchain.config import Configuration
from certchain.config.rule import parsed_division
from certchain.models.registration import RiskLevel
from certchain.verification.lockout import LockPolicy
from certchain.verification.policy import CertificationPolicy, Division, ModelRisk


def certification_policy(settings: Configuration) -> CertificationPolicy:
    """The certification server's policy; a risk level that a table leaves out keeps its default."""
    return replace(
        CertificationPolicy(),
        least_factors=_least_factors(settings),
        model_risks=_model_risks(settings),
        unlisted_risk=RiskLevel[settings.unlisted_risk.upper()],
        permit_lifetime=settings.permit_lifetime,
        session_lifetime=settings.session_lifetime,
        control_lifetime=settings.control_lifetime,
        divisions=_divisions(settings),
        key_memory=_key_memory(settings),
        custodian_patience=float(settings.custodian_patience),
        locks=LockPolicy(settings.lock_user_failures, settings.lock_device_failures),
    )


def _model_risks(settings: Configuration) -> tuple[ModelRisk, ...]:
    return tuple(
        ModelRisk(manufacturer, model, RiskLevel[risk.upper()])
        for manufacturer, models in settings.model_risks.items()
        for model, risk in models.items()
    )


def _least_factors(settings: Configuration) -> tuple[int, int, int, int]:
    low, medium, high, critical = (
        settings.least_factors.get(risk.name.lower(), CertificationPolicy().least_factors[risk]) for risk in RiskLevel
    )
    return low, medium, high, critical


def _divisions(settings: Configuration) -> tuple[Division, Division, Division, Division]:
    low, medium, high, critical = (_division(settings, risk) for risk in RiskLevel)
    return low, medium, high, critical


def _division(settings: Configuration, risk: RiskLevel) -> Division:
    said = parsed_division(settings.divisions.get(risk.name.lower(), ""))
    return Division(*said) if said else CertificationPolicy().divisions[risk]


def _key_memory(settings: Configuration) -> tuple[int, int, int]:
    low, medium, high = (
        settings.remembered_keys.get(risk, default)
        for risk, default in zip(("low", "medium", "high"), CertificationPolicy().key_memory, strict=True)
    )
    return low, medium, high
