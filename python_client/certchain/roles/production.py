"""The manufacturer's factory: a batch of devices reaches the chain as one root, and each device leaves with its place in it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from certchain.encoding.digest import batch_device, description_digest, key_thumbprint
from certchain.errors import BatchAlreadyAnchored, BatchSizeOutOfRange, MalformedValue
from certchain.ledger import Ledger
from certchain.merkle import CompactRange, WholeTree, leaf_hash
from certchain.models.digest import Digest
from certchain.models.production import (
    MOST_DEVICES,
    BatchMembership,
    BatchNumber,
    DeviceMembership,
    ProducedDevice,
    ProductionBatch,
)

_PIECE = 4096


@dataclass(frozen=True, slots=True)
class Factory:
    """Devices are given in the order of their places. ``ledger`` anchors for an account with the role ``manufacturer``."""

    ledger: Ledger

    def anchor(self, devices: Iterable[ProducedDevice]) -> ProductionBatch:
        """Anchors a batch in one transaction, in bounded memory. The same devices again are the batch that they are already.

        Raises ``BatchSizeOutOfRange`` for none or more than a million.
        """
        root, size = batch_root(devices)
        try:
            number = self.ledger.registrations.anchor_batch(root, size)
        except BatchAlreadyAnchored as known:
            number = BatchNumber(known.batch)
        return self.ledger.registrations.batch(number)

    def memberships(self, batch: BatchNumber, devices: Iterable[ProducedDevice]) -> Iterator[DeviceMembership]:
        """What each device takes with it, in their order; some 64 bytes a device are kept meanwhile.

        ``devices`` are gone through twice. Raises ``MalformedValue`` unless they are the batch's, all of them in its order.
        """
        anchored = self.ledger.registrations.batch(batch)
        tree = WholeTree.over(b"".join(_rows(devices)))
        if (tree.root(), tree.size) != (anchored.root, anchored.size):
            raise MalformedValue("list of devices", f"it is not that of production batch {batch}")
        for index, device in enumerate(devices):
            yield DeviceMembership(device.description, BatchMembership(batch, index, tree.path(index)))


def batch_root(devices: Iterable[ProducedDevice]) -> tuple[Digest, int]:
    """The root over the devices, and how many they are. Raises ``BatchSizeOutOfRange``."""
    tree = CompactRange()
    for row in _rows(devices):
        tree.extend_row(row)
        if tree.size > MOST_DEVICES:
            raise BatchSizeOutOfRange(tree.size, MOST_DEVICES)
    if not tree.size:
        raise BatchSizeOutOfRange(0, MOST_DEVICES)
    return tree.root(), tree.size


def _rows(devices: Iterable[ProducedDevice]) -> Iterator[bytes]:
    """The devices' leaf hashes, some thousands at a time."""
    leaves = (_leaf(device) for device in devices)
    while row := b"".join(islice(leaves, _PIECE)):
        yield row


def _leaf(device: ProducedDevice) -> bytes:
    description = description_digest(device.description)
    return leaf_hash(batch_device(description, key_thumbprint(device.keys))).value
