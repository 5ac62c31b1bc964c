"""What the certification server demands, as data: how risky a device is, how many factors that takes, how long things last."""

from collections.abc import Sequence
from dataclasses import dataclass

from certchain.errors import MethodTooWeak
from certchain.models.certification import DeviceInformation
from certchain.models.registration import Factor, RiskLevel


@dataclass(frozen=True, slots=True)
class ModelRisk:
    """The risk level of every device of one manufacturer's model."""

    manufacturer: str
    model: str
    risk: RiskLevel


@dataclass(frozen=True, slots=True)
class CertificationPolicy:
    """The certification server's policy.

    ``least_factors`` stands in the order of the risk levels, low to critical; ``factors_after_loss`` holds when a suspended registration
    is superseded. A model that is not listed has ``unlisted_risk``. All lifetimes are in seconds: of a permit to register, of a session
    from C6 to C10, of the control keys from C13.
    """

    least_factors: tuple[int, int, int, int] = (1, 2, 3, 3)
    factors_after_loss: int = 3
    model_risks: tuple[ModelRisk, ...] = ()
    unlisted_risk: RiskLevel = RiskLevel.HIGH
    permit_lifetime: int = 900
    session_lifetime: int = 120
    control_lifetime: int = 900

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
