"""Identifiers: numbers that the Registration and UpdateRegistry contracts issue, one after another from 1, and never reuse."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

DeviceId = NewType("DeviceId", int)
UserDeviceId = NewType("UserDeviceId", int)
UserId = NewType("UserId", int)
ServiceId = NewType("ServiceId", int)
RegistrationId = NewType("RegistrationId", int)
MethodNumber = NewType("MethodNumber", int)
ProductId = NewType("ProductId", int)


class PartyKind(StrEnum):
    """Who can sign: everything that is enrolled with keys."""

    DEVICE = "device"
    USER_DEVICE = "user-device"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Party:
    """One enrolled signer: a kind and its number there."""

    kind: PartyKind
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"


def device_party(device: DeviceId) -> Party:
    """An IoT device as a signer."""
    return Party(PartyKind.DEVICE, device)


def user_device_party(user_device: UserDeviceId) -> Party:
    """A user device as a signer."""
    return Party(PartyKind.USER_DEVICE, user_device)


def service_party(service: ServiceId) -> Party:
    """A certification server, authority or custodian as a signer."""
    return Party(PartyKind.SERVICE, service)


NOBODY = Party(PartyKind.SERVICE, 0)
"""Whoever is not enrolled: numbers begin at 1."""
