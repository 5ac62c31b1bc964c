"""Factory enrolment: production batches, and a device's proof that it is one of them."""

from dataclasses import dataclass
from typing import NewType

from certchain.models.digest import Digest
from certchain.models.registration import PublicKeys

BatchNumber = NewType("BatchNumber", int)

MOST_DEVICES = 1_000_000
"""In one production batch."""


@dataclass(frozen=True, slots=True)
class DeviceDescription:
    """What a device says of itself before the chain has issued its identifier."""

    manufacturer: str
    model: str
    serial: str


@dataclass(frozen=True, slots=True)
class ProducedDevice:
    """A device as it leaves the factory, with the public halves of the keys that were made in it."""

    description: DeviceDescription
    keys: PublicKeys


@dataclass(frozen=True, slots=True)
class ProductionBatch:
    """A batch as the chain has it: the RFC 9162 root over its devices, how many there are, who anchored it (account), and when."""

    number: BatchNumber
    root: Digest
    size: int
    manufacturer: str
    anchored_at: int


@dataclass(frozen=True, slots=True)
class BatchMembership:
    """A device's place in a batch, from 0, and its inclusion path (RFC 9162, 2.1.3) to the batch's root."""

    batch: BatchNumber
    index: int
    path: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class DeviceMembership:
    """What the manufacturer gives to a device, or to who sells it: its place in a batch, with what it says of itself."""

    device: DeviceDescription
    membership: BatchMembership
