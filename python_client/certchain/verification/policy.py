"""What the certification server demands, as data: how risky a device is, how many factors that takes, how long things last."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from certchain.errors import MethodTooWeak
from certchain.models.certification import DeviceInformation
from certchain.models.registration import Factor, RiskLevel
from certchain.verification.lockout import LockPolicy


@dataclass(frozen=True, slots=True)
class ModelRisk:
    """The risk level of every device of one manufacturer's model."""

    manufacturer: str
    model: str
    risk: RiskLevel


@dataclass(frozen=True, slots=True)
class Division:
    """How a key is divided: any ``threshold`` of its ``shares`` rebuild it. One share stays with the certification server."""

    threshold: int
    shares: int


@dataclass(frozen=True, slots=True)
class CertificationPolicy:
    """The certification server's policy.

    ``least_factors`` stands in the order of the risk levels, low to critical; ``factors_after_loss`` holds when a suspended registration
    is superseded. A model that is not listed has ``unlisted_risk``. All lifetimes are in seconds: of a permit to register, of a session
    from C6 to C10, of the control keys from C13.

    ``divisions`` says how a key is divided that seals key data, low to critical. ``key_memory`` is for how many seconds one that was
    rebuilt is remembered, low to high: never at critical risk. ``custodian_patience`` is for how many seconds custodians are waited for.
    """

    least_factors: tuple[int, int, int, int] = (1, 2, 3, 3)
    factors_after_loss: int = 3
    model_risks: tuple[ModelRisk, ...] = ()
    unlisted_risk: RiskLevel = RiskLevel.HIGH
    permit_lifetime: int = 900
    session_lifetime: int = 120
    control_lifetime: int = 900
    divisions: tuple[Division, Division, Division, Division] = (
        Division(1, 1),
        Division(2, 3),
        Division(3, 5),
        Division(4, 7),
    )
    key_memory: tuple[int, int, int] = (300, 300, 300)
    custodian_patience: float = 10.0
    locks: LockPolicy = field(default_factory=LockPolicy)

    def risk(self, device: DeviceInformation) -> RiskLevel:
        """The risk level of a device, by its model: the highest, if the model is listed twice."""
        listed = [entry.risk for entry in self.model_risks if (entry.manufacturer, entry.model) == _model(device)]
        return max(listed, default=self.unlisted_risk)


def verify_strength(step: str, factors: Sequence[Factor], least: int) -> Sequence[Factor]:
    """Returns the factors of a method that has enough. Raises ``MethodTooWeak``."""
    if len(factors) < least:
        raise MethodTooWeak(step, f"it has {len(factors)} of at least {least} factors")
    return factors


def _model(device: DeviceInformation) -> tuple[str, str]:
    return device.manufacturer, device.model
