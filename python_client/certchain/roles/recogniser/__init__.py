"""The recogniser: follows the login log, raises alerts on the chain, and tells their subscribers."""

from certchain.roles.recogniser.equipment import DeliveryPolicy, Equipment
from certchain.roles.recogniser.recogniser import Recogniser

__all__ = ["DeliveryPolicy", "Equipment", "Recogniser"]
