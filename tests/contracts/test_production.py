"""Registration: production batches, and the enrolment of each device from its place in one."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from pymerkle import InmemoryTree

from certchain.encoding.digest import batch_device
from certchain.models.digest import Digest
from tests.contracts.conftest import Actors
from tests.contracts.reverting import reverts
from tests.contracts.sample import NOTHING, Keys, each_changed, inclusion_proof, keys, word

MOST_DEVICES = 1_000_000
SIZE = 11

Thumbprint = Callable[[Keys], bytes]

# Many transactions, which reach no branch that the other tests do not.
many = pytest.mark.skip_coverage


class Batch:
    """A production batch in an independent RFC 9162 tree, and the way in for its devices."""

    def __init__(self, registration: Any, actors: Actors, thumbprint: Thumbprint, size: int, name: str = "") -> None:
        self.registration, self.size = registration, size
        self.maker, self.server = {"from": actors.manufacturer}, {"from": actors.server}
        self.keys = [keys(f"{name}device {index} of {size}") for index in range(size)]
        self.descriptions = [word(f"{name}description {index} of {size}") for index in range(size)]
        self.tree = InmemoryTree.init_from_entries(
            [
                batch_device(Digest(description), Digest(thumbprint(own)))
                for description, own in zip(self.descriptions, self.keys, strict=True)
            ],
            algorithm="sha256",
        )
        self.root = self.tree.get_root(size)
        self.number = int(registration.anchorBatch(self.root, size, self.maker).return_value)

    def path(self, index: int) -> list[bytes]:
        return inclusion_proof(self.tree, index, self.size)

    def enrol(self, index: int, path: Sequence[bytes] | None = None, **other: Any) -> Any:
        """Enrols the device of a place, as it should be but for what is given otherwise."""
        place = (other.get("batch", self.number), other.get("at", index), self.path(index) if path is None else path)
        description = other.get("description", self.descriptions[index])
        return self.registration.enrolFromBatch(place, description, *other.get("keys", self.keys[index]), self.server)


@pytest.fixture
def batch(registration: Any, actors: Actors, thumbprint: Thumbprint) -> Batch:
    return Batch(registration, actors, thumbprint, SIZE)


@pytest.fixture
def maker(actors: Actors) -> dict[str, Any]:
    """The manufacturer as sender."""
    return {"from": actors.manufacturer}


# -------------------------------------------------------------------------------------------------------------- anchored


def test_a_batch_is_numbered_kept_and_told(
    registration: Any, actors: Actors, maker: dict[str, Any], chain: Any
) -> None:
    """The root over its devices, how many there are, whose they are, and since when."""
    assert registration.anchorBatch.call(word("root"), SIZE, maker) == 1
    receipt = registration.anchorBatch(word("root"), SIZE, maker)
    assert registration.batchById(1).dict() == {
        "root": "0x" + word("root").hex(),
        "size": SIZE,
        "manufacturer": actors.manufacturer,
        "anchoredAt": chain[receipt.block_number].timestamp,
    }
    event = receipt.events["BatchAnchored"]
    assert (event["batch"], event["manufacturer"], event["size"]) == (1, actors.manufacturer, SIZE)
    assert bytes(event["root"]) == word("root")


def test_batches_are_numbered_one_after_another(registration: Any, actors: Actors, maker: dict[str, Any]) -> None:
    """Whoever anchors them."""
    assert registration.batchCount() == 0
    registration.anchorBatch(word("a"), 1, maker)
    registration.anchorBatch(word("b"), 1, {"from": actors.rival})
    registration.anchorBatch(word("c"), 1, maker)
    assert registration.batchCount() == 3
    assert [bytes(registration.batchById(number)["root"]) for number in (1, 2, 3)] == [word(name) for name in "abc"]


@pytest.mark.parametrize("size", [1, MOST_DEVICES])
def test_a_batch_has_one_to_a_million_devices(registration: Any, maker: dict[str, Any], size: int) -> None:
    """Both ends are within."""
    registration.anchorBatch(word("root"), size, maker)
    assert registration.batchById(1)["size"] == size


@pytest.mark.parametrize("size", [0, MOST_DEVICES + 1, 2**32 - 1])
def test_a_batch_of_none_or_too_many_is_refused(registration: Any, maker: dict[str, Any], size: int) -> None:
    """The refusal says how many were offered, and how many there may be."""
    with reverts("Registration_BatchSizeOutOfRange", size, MOST_DEVICES):
        registration.anchorBatch(word("root"), size, maker)


def test_an_empty_root_is_refused(registration: Any, maker: dict[str, Any]) -> None:
    """Zero is the root of nothing."""
    with reverts("Registration_EmptyBatchRoot"):
        registration.anchorBatch(NOTHING, 1, maker)


def test_a_manufacturer_anchors_a_root_once(registration: Any, maker: dict[str, Any]) -> None:
    """A repetition, also with another size, is refused with the number that the batch has."""
    registration.anchorBatch(word("a"), 1, maker)
    registration.anchorBatch(word("b"), 5, maker)
    for size in (5, 6):
        with reverts("Registration_BatchAlreadyAnchored", 2):
            registration.anchorBatch(word("b"), size, maker)
    assert registration.batchCount() == 2


def test_nobody_takes_a_manufacturers_root_away(registration: Any, actors: Actors, maker: dict[str, Any]) -> None:
    """A root does not commit to its size: who anchors another's root with a wrong one keeps nobody from anchoring it rightly."""
    registration.anchorBatch(word("a"), 1, {"from": actors.rival})
    registration.anchorBatch(word("a"), 5, maker)
    assert [registration.batchById(number)["size"] for number in (1, 2)] == [1, 5]


@pytest.mark.parametrize("number", [0, 2, 2**32 - 1])
def test_a_batch_never_anchored_is_unknown(registration: Any, batch: Batch, number: int) -> None:
    """There is nothing to read of it, and nobody enrols from it."""
    for call in (registration.batchById, lambda unknown: registration.enrolledFromBatch(unknown, 0)):
        with reverts("Registration_UnknownBatch", number):
            call(number)
    with reverts("Registration_UnknownBatch", number):
        batch.enrol(0, batch=number)


# -------------------------------------------------------------------------------------------------------------- enrolled


def test_a_device_is_enrolled_from_its_place(
    registration: Any, batch: Batch, thumbprint: Thumbprint, actors: Actors
) -> None:
    """It gets the next identifier, its keys are in force, and both events tell of it."""
    registration.enrolDevice(*keys("before"), {"from": actors.server})
    receipt = batch.enrol(3)
    assert (receipt.return_value, registration.deviceCount()) == (2, 2)
    assert bytes(registration.deviceKeys(2)[0][0]) == thumbprint(batch.keys[3])
    enrolled = receipt.events["DeviceEnrolled"]
    assert (enrolled["device"], bytes(enrolled["signingKey"]), bytes(enrolled["exchangeKey"])) == (2, *batch.keys[3])
    assert bytes(enrolled["thumbprint"]) == thumbprint(batch.keys[3])
    assert dict(receipt.events["DeviceEnrolledFromBatch"]) == {"device": 2, "batch": 1, "index": 3}
    assert registration.enrolledFromBatch(1, 3) == 2


@many
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33])
def test_every_device_of_a_batch_can_enrol(
    registration: Any, actors: Actors, thumbprint: Thumbprint, size: int
) -> None:
    """Whatever the size and the order; and no place is mixed up with one that shares its slot."""
    batch, order = Batch(registration, actors, thumbprint, size), list(range(size))
    Random(size).shuffle(order)
    for half in (order[: size // 2], order[size // 2 :]):
        before = registration.deviceCount()
        for index in half:
            batch.enrol(index)
        enrolled = before + len(half)
        found = [registration.enrolledFromBatch(1, place) for place in order]
        assert found == [*range(1, enrolled + 1), *[0] * (size - enrolled)]


def test_a_place_enrols_one_device_once(registration: Any, batch: Batch) -> None:
    """Neither the same device again nor anything else comes in by it."""
    batch.enrol(3)
    for other in ({}, {"keys": keys("thief")}, {"path": []}):
        with reverts("Registration_AlreadyEnrolledFromBatch", 1, 3, 1):
            batch.enrol(3, **other)
    assert registration.deviceCount() == 1


def test_the_same_place_of_another_batch_is_another(registration: Any, actors: Actors, thumbprint: Thumbprint) -> None:
    """Each batch has places of its own."""
    first, second = (Batch(registration, actors, thumbprint, SIZE, name) for name in ("a: ", "b: "))
    first.enrol(3)
    assert registration.enrolledFromBatch(2, 3) == 0
    second.enrol(3)
    assert (registration.enrolledFromBatch(1, 3), registration.enrolledFromBatch(2, 3)) == (1, 2)


@pytest.mark.parametrize("index", [SIZE, SIZE + 1, MOST_DEVICES, 2**32 - 1])
def test_a_place_is_within_its_batch(registration: Any, batch: Batch, index: int) -> None:
    """The refusal says how many places there are."""
    with reverts("Registration_PlaceOutOfRange", 1, index, SIZE):
        registration.enrolledFromBatch(1, index)
    with reverts("Registration_PlaceOutOfRange", 1, index, SIZE):
        batch.enrol(0, at=index)


def test_a_device_that_was_not_made_is_not_enrolled(registration: Any, batch: Batch) -> None:
    """Neither by other keys nor by another description at a place of the batch."""
    with reverts("Registration_NotInBatch", 1, 3):
        batch.enrol(3, keys=keys("thief"))
    with reverts("Registration_NotInBatch", 1, 3):
        batch.enrol(3, keys=Keys(batch.keys[3].signing, keys("thief").exchange))
    with reverts("Registration_NotInBatch", 1, 3):
        batch.enrol(3, description=word("another"))
    assert (registration.deviceCount(), registration.enrolledFromBatch(1, 3)) == (0, 0)


@many
def test_a_device_has_no_place_but_its_own(registration: Any, batch: Batch) -> None:
    """Its path shows it where it is, and nowhere else."""
    for index in set(range(SIZE)) - {3}:
        with reverts("Registration_NotInBatch", 1, index):
            batch.enrol(3, at=index)
        with reverts("Registration_NotInBatch", 1, index):
            batch.enrol(3, batch.path(index), at=index)


def test_a_path_of_another_batch_leads_nowhere(registration: Any, actors: Actors, thumbprint: Thumbprint) -> None:
    """Nor does a batch's own path in another one."""
    first, second = (Batch(registration, actors, thumbprint, SIZE, name) for name in ("a: ", "b: "))
    with reverts("Registration_NotInBatch", 2, 3):
        first.enrol(3, batch=second.number)
    with reverts("Registration_NotInBatch", 1, 3):
        first.enrol(3, second.path(3))


@many
def test_a_path_has_its_length_and_every_bit_of_it_counts(batch: Batch) -> None:
    """Cut, prolonged or changed anywhere, it is none."""
    path = batch.path(9)
    for other in ([], path[:-1], path[1:], [*path, word("more")], [*path, NOTHING], *each_changed(path)):
        with reverts("Registration_NotInBatch", 1, 9):
            batch.enrol(9, other)
    batch.enrol(9, path)


@many
def test_a_batch_with_a_wrong_size_lets_nobody_in(
    registration: Any, actors: Actors, thumbprint: Thumbprint, batch: Batch
) -> None:
    """The size is a part of what a path is checked by: a manufacturer that errs anchors the batch anew."""
    wrong = int(registration.anchorBatch(batch.root, SIZE + 6, {"from": actors.rival}).return_value)
    for index in range(8):
        with reverts("Registration_NotInBatch", wrong, index):
            batch.enrol(index, batch=wrong)


def test_a_node_is_not_taken_for_a_device(registration: Any, actors: Actors, thumbprint: Thumbprint) -> None:
    """A shorter path from a node of the tree is no path, as leaves are hashed apart from nodes."""
    batch = Batch(registration, actors, thumbprint, 4)
    node = batch.tree._get_root(0, 2)
    with reverts("Registration_NotInBatch", 1, 0):
        batch.enrol(0, [node], keys=keys("thief"))
    smaller = int(registration.anchorBatch(batch.root, 2, {"from": actors.rival}).return_value)
    with reverts("Registration_NotInBatch", smaller, 0):
        batch.enrol(0, batch.path(0)[1:], batch=smaller)


@pytest.mark.parametrize(("signing", "exchange"), [(0, 33), (31, 33), (32, 32), (32, 34), (33, 33)])
def test_malformed_keys_are_refused_before_their_place_is_looked_at(batch: Batch, signing: int, exchange: int) -> None:
    """As at every other enrolment."""
    with reverts("Registration_MalformedKey", signing, exchange):
        batch.enrol(0, keys=Keys(b"\x02" * signing, b"\x02" * exchange))


@pytest.mark.parametrize("how", ["enrolDevice", "enrolUserDevice"])
def test_keys_that_someone_has_are_not_enrolled_again(
    registration: Any, actors: Actors, thumbprint: Thumbprint, batch: Batch, how: str
) -> None:
    """A key is enrolled once in the whole network, from a batch too; the place stays free."""
    getattr(registration, how)(*batch.keys[5], {"from": actors.server})
    with reverts("Registration_KeyAlreadyEnrolled", thumbprint(batch.keys[5])):
        batch.enrol(5)
    assert registration.enrolledFromBatch(1, 5) == 0


def test_a_device_from_a_batch_is_a_device_like_any(
    registration: Any, actors: Actors, batch: Batch, thumbprint: Thumbprint
) -> None:
    """Its keys rotate, and its place remembers it."""
    batch.enrol(0)
    registration.rotateDeviceKeys(1, *keys("rotated"), {"from": actors.server})
    assert bytes(registration.deviceKeys(1)[1][0]) == thumbprint(keys("rotated"))
    assert registration.enrolledFromBatch(1, 0) == 1
