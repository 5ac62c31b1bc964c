"""A factory for tests: devices with keys, and their places in a batch."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from certchain.keys import KeyPair
from certchain.models.certification import Signed
from certchain.models.enrolment import EnrolmentRequest
from certchain.models.identifier import Party, PartyKind
from certchain.models.production import BatchMembership, DeviceDescription, ProducedDevice
from certchain.models.registration import PublicKeys
from certchain.roles.production import Factory
from certchain.verification.statement import Identity

NO_DEVICE = Party(PartyKind.DEVICE, 0)


@dataclass(frozen=True)
class Made:
    """A device with its keys and its place."""

    network: bytes
    keys: KeyPair
    description: DeviceDescription
    membership: BatchMembership | None = None

    @property
    def produced(self) -> ProducedDevice:
        return ProducedDevice(self.description, self.keys.public)

    def request(self, **changes: Any) -> Signed:
        """How it asks to be enrolled, but for what is changed."""
        asked = EnrolmentRequest(self.description, None, None, b"", self.membership)
        return Identity(self.network, NO_DEVICE, self.keys).sign(replace(asked, **changes))


def batch_of(count: int, ledger: Any, first: int = 1) -> list[Made]:
    """A batch of so many devices with serial numbers from ``first`` on, anchored."""
    made = [
        Made(ledger.network, KeyPair.generate(), DeviceDescription("Acme", "bolt", f"SN-{first + place}"))
        for place in range(count)
    ]
    factory, devices = Factory(ledger), [each.produced for each in made]
    anchored = factory.anchor(devices)
    places = factory.memberships(anchored.number, devices)
    return [replace(each, membership=found.membership) for each, found in zip(made, places, strict=True)]


@dataclass(frozen=True)
class ManyDevices:
    """So many devices, each told from the others by its number: their keys are nobody's."""

    count: int

    def __iter__(self) -> Iterator[ProducedDevice]:
        for number in range(self.count):
            yield self.device(number)

    def device(self, number: int) -> ProducedDevice:
        keys = PublicKeys(number.to_bytes(32), b"\x02" + number.to_bytes(32))
        return ProducedDevice(DeviceDescription("Acme", "bolt", f"SN-{number:07}"), keys)
