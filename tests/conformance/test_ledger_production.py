"""Production batches: every ledger anchors them, and enrols each device of one once, alike."""

import time
from dataclasses import dataclass, replace

import pytest

from certchain.encoding.digest import batch_device, key_thumbprint
from certchain.errors import (
    AlreadyEnrolledFromBatch,
    BatchAlreadyAnchored,
    BatchSizeOutOfRange,
    EmptyBatchRoot,
    KeyAlreadyEnrolled,
    NotInBatch,
    PlaceOutOfRange,
    UnknownBatch,
)
from certchain.merkle import inclusion_path, leaf_hash, root
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, device_party
from certchain.models.production import MOST_DEVICES, BatchMembership, BatchNumber, ProductionBatch
from certchain.models.registration import PublicKeys
from tests.world import NOTHING, World, keys, refused, word

SIZE = 7


@dataclass(frozen=True)
class Made:
    """What a manufacturer has made: each device's description and keys, and the tree over them."""

    world: World
    descriptions: list[Digest]
    keys: list[PublicKeys]
    number: BatchNumber

    @property
    def leaves(self) -> list[Digest]:
        return leaves(self.descriptions, self.keys)

    def membership(self, index: int) -> BatchMembership:
        return BatchMembership(self.number, index, inclusion_path(self.leaves, index))

    def enrol(self, index: int) -> DeviceId:
        registrations = self.world["server"].registrations
        return registrations.enrol_from_batch(self.membership(index), self.descriptions[index], self.keys[index])

    def refused(self, membership: BatchMembership, description: Digest, own: PublicKeys) -> None:
        """The place is not this device's."""
        with refused(NotInBatch(membership.batch, membership.index)):
            self.world["server"].registrations.enrol_from_batch(membership, description, own)


def leaves(descriptions: list[Digest], own: list[PublicKeys]) -> list[Digest]:
    return [
        leaf_hash(batch_device(description, key_thumbprint(pair)))
        for description, pair in zip(descriptions, own, strict=True)
    ]


def batch(world: World, size: int = SIZE) -> Made:
    """A new batch, anchored."""
    descriptions, own = [word() for _ in range(size)], [keys() for _ in range(size)]
    number = world["manufacturer"].registrations.anchor_batch(root(leaves(descriptions, own)), size)
    return Made(world, descriptions, own, number)


@pytest.fixture
def made(world: World) -> Made:
    return batch(world)


def test_a_batch_is_numbered_and_readable_for_all(world: World) -> None:
    anchored_at, tree, before = int(time.time()), word(), world["thief"].registrations.batch_count()

    number = world["manufacturer"].registrations.anchor_batch(tree, MOST_DEVICES)

    kept = world["thief"].registrations.batch(number)
    assert number == before + 1 == world["thief"].registrations.batch_count()
    assert kept.anchored_at >= anchored_at
    assert kept == ProductionBatch(number, tree, MOST_DEVICES, world["manufacturer"].account, kept.anchored_at)


def test_a_batch_has_devices_and_not_too_many(world: World) -> None:
    registrations = world["manufacturer"].registrations

    for size in (0, MOST_DEVICES + 1, 2**32 - 1):
        with refused(BatchSizeOutOfRange(size, MOST_DEVICES)):
            registrations.anchor_batch(word(), size)
    with refused(EmptyBatchRoot()):
        registrations.anchor_batch(NOTHING, 1)


def test_a_manufacturer_anchors_a_root_once_and_takes_none_from_another(world: World) -> None:
    tree = word()
    stolen = world["rival"].registrations.anchor_batch(tree, 1)

    number = world["manufacturer"].registrations.anchor_batch(tree, SIZE)

    assert number == stolen + 1
    with refused(BatchAlreadyAnchored(number)):
        world["manufacturer"].registrations.anchor_batch(tree, SIZE - 1)


def test_a_batch_that_was_never_anchored_is_unknown(world: World, made: Made) -> None:
    registrations = world["server"].registrations
    for stranger in (BatchNumber(0), BatchNumber(registrations.batch_count() + 1)):
        with refused(UnknownBatch(stranger)):
            registrations.batch(stranger)
        with refused(UnknownBatch(stranger)):
            registrations.enrolled_from_batch(stranger, 0)
        membership = replace(made.membership(0), batch=stranger)
        with refused(UnknownBatch(stranger)):
            registrations.enrol_from_batch(membership, made.descriptions[0], made.keys[0])


@pytest.mark.parametrize("size", [1, 2, 3, SIZE, 8])
def test_every_device_of_a_batch_is_enrolled_from_its_place(world: World, size: int) -> None:
    made, before = batch(world, size), world["server"].registrations.device_count()

    assert [made.enrol(index) for index in reversed(range(size))] == [*range(before + 1, before + size + 1)]

    registrations = world["thief"].registrations
    for index in range(size):
        device = registrations.enrolled_from_batch(made.number, index)
        assert device == before + size - index
        assert registrations.public_keys(device_party(device)) == made.keys[index]


def test_a_place_enrols_one_device_once(world: World, made: Made) -> None:
    registrations = world["server"].registrations
    assert registrations.enrolled_from_batch(made.number, 3) is None
    device = made.enrol(3)

    with refused(AlreadyEnrolledFromBatch(made.number, 3, device)):
        made.enrol(3)

    assert registrations.enrolled_from_batch(made.number, 3) == device
    assert registrations.enrolled_from_batch(made.number, 2) is None


def test_a_place_is_within_the_batch(world: World, made: Made) -> None:
    registrations = world["server"].registrations
    for index in (SIZE, 2**32 - 1):
        with refused(PlaceOutOfRange(made.number, index, SIZE)):
            registrations.enrolled_from_batch(made.number, index)
        membership = replace(made.membership(0), index=index)
        with refused(PlaceOutOfRange(made.number, index, SIZE)):
            registrations.enrol_from_batch(membership, made.descriptions[0], made.keys[0])


def test_nothing_but_the_device_of_a_place_is_enrolled_from_it(world: World, made: Made) -> None:
    """Other keys, another description, another place, another batch, and a path that was tampered with, cut or prolonged."""
    own, before = made.membership(2), world["server"].registrations.device_count()
    description, pair = made.descriptions[2], made.keys[2]

    made.refused(own, description, keys())
    made.refused(own, made.descriptions[1], pair)
    made.refused(replace(own, index=3), description, pair)
    made.refused(replace(own, batch=batch(world).number), description, pair)
    made.refused(replace(own, path=(word(), *own.path[1:])), description, pair)
    made.refused(replace(own, path=own.path[:-1]), description, pair)
    made.refused(replace(own, path=(*own.path, word())), description, pair)
    assert world["server"].registrations.device_count() == before
    assert world["server"].registrations.enrolled_from_batch(made.number, 2) is None


def test_keys_that_were_enrolled_before_are_refused_from_a_batch_too(world: World) -> None:
    made = batch(world)
    world["server"].registrations.enrol_device(made.keys[4])

    with refused(KeyAlreadyEnrolled(key_thumbprint(made.keys[4]).value)):
        made.enrol(4)
    assert world["server"].registrations.enrolled_from_batch(made.number, 4) is None
