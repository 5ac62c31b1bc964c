"""A batch reaches the chain as one root, and every device leaves the factory with its place in it."""

from itertools import islice
from typing import Any

import pytest

from certchain.encoding.digest import description_digest
from certchain.errors import BatchSizeOutOfRange, MalformedValue, NotInBatch, PermissionDenied, UnknownBatch
from certchain.models.identifier import DeviceId
from certchain.models.production import MOST_DEVICES, BatchNumber
from certchain.roles.production import Factory, batch_root
from certchain.verification.production import verify_membership
from tests.industry import MemoryAccounts
from tests.produced import ManyDevices

LARGE = 2**17 + 3


@pytest.fixture
def accounts() -> MemoryAccounts:
    return MemoryAccounts()


@pytest.fixture
def factory(accounts: MemoryAccounts) -> Factory:
    return Factory(accounts("manufacturer"))


def test_a_batch_is_anchored_once_however_often_it_is_said(factory: Factory, accounts: MemoryAccounts) -> None:
    first, second = factory.anchor(ManyDevices(5)), factory.anchor(ManyDevices(6))
    assert (first.number, first.size, second.number, second.size) == (1, 5, 2, 6)
    assert first.root == batch_root(ManyDevices(5))[0]

    assert factory.anchor(ManyDevices(5)) == first
    assert accounts("anyone").registrations.batch_count() == 2


def test_who_is_no_manufacturer_anchors_nothing(accounts: MemoryAccounts) -> None:
    with pytest.raises(PermissionDenied):
        Factory(accounts("thief")).anchor(ManyDevices(5))


def test_a_large_batch_is_one_root_and_its_devices_enrol_by_their_proofs(
    factory: Factory, accounts: MemoryAccounts
) -> None:
    devices = ManyDevices(LARGE)
    batch = factory.anchor(devices)
    assert batch.size == LARGE

    server = accounts("certification server").registrations
    for place, found in enumerate(islice(factory.memberships(batch.number, devices), 3)):
        device = devices.device(place)
        description = description_digest(device.description)
        assert (found.device, found.membership.index) == (device.description, place)
        assert server.enrol_from_batch(found.membership, description, device.keys) == DeviceId(place + 1)


def test_each_place_is_of_its_device_and_no_other(factory: Factory) -> None:
    devices = ManyDevices(9)
    batch = factory.anchor(devices)
    for place, found in enumerate(factory.memberships(batch.number, devices)):
        for number in range(9):
            device = devices.device(number)
            description = description_digest(device.description)
            if number == place:
                assert verify_membership(found.membership, batch, description, device.keys) is found.membership
            else:
                with pytest.raises(NotInBatch):
                    verify_membership(found.membership, batch, description, device.keys)


@pytest.mark.parametrize("others", [ManyDevices(4), ManyDevices(6), list(ManyDevices(5))[::-1]])
def test_places_are_given_for_the_very_list_that_was_anchored(factory: Factory, others: Any) -> None:
    batch = factory.anchor(ManyDevices(5))
    with pytest.raises(MalformedValue, match="not that of production batch 1"):
        next(factory.memberships(batch.number, others))
    with pytest.raises(UnknownBatch):
        next(factory.memberships(BatchNumber(2), ManyDevices(5)))


def test_a_batch_has_one_device_at_least_and_not_more_than_a_million(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BatchSizeOutOfRange) as refusal:
        factory.anchor([])
    assert refusal.value.values() == {"size": 0, "most": MOST_DEVICES}
    monkeypatch.setattr("certchain.roles.production.MOST_DEVICES", 8)
    with pytest.raises(BatchSizeOutOfRange):
        factory.anchor(ManyDevices(9))
