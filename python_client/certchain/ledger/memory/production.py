"""Production batches, in memory: the rules of ``contracts/Production.sol``."""

from dataclasses import dataclass, field

from certchain.encoding.digest import batch_device, key_thumbprint
from certchain.errors import (
    AlreadyEnrolledFromBatch,
    BatchAlreadyAnchored,
    BatchSizeOutOfRange,
    EmptyBatchRoot,
    NotInBatch,
    NotIncluded,
    PlaceOutOfRange,
    ProofLength,
    UnknownBatch,
)
from certchain.ledger import argument
from certchain.ledger.memory.contract import whole
from certchain.ledger.memory.enrolment import MemoryEnrolment
from certchain.merkle import leaf_hash, verify_inclusion
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, PartyKind
from certchain.models.log import InclusionProof
from certchain.models.production import MOST_DEVICES, BatchMembership, BatchNumber, ProductionBatch
from certchain.models.registration import PublicKeys


@dataclass(slots=True)
class ProductionState:
    """Batches by their place in the list, counted from 1; and the devices enrolled from them, by batch and index."""

    batches: list[ProductionBatch] = field(default_factory=list)
    devices: dict[tuple[int, int], DeviceId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MemoryProduction(MemoryEnrolment):
    """The factory's part of the Registration contract."""

    produced: ProductionState

    @whole
    def anchor_batch(self, root: Digest, size: int) -> BatchNumber:
        argument.place("size", size)
        self._require_role("anchorBatch")
        if not 1 <= size <= MOST_DEVICES:
            raise BatchSizeOutOfRange(size, MOST_DEVICES)
        if not any(root.value):
            raise EmptyBatchRoot
        for known in self.produced.batches:
            if (known.manufacturer, known.root) == (self.account, root):
                raise BatchAlreadyAnchored(known.number)
        number = BatchNumber(len(self.produced.batches) + 1)
        self.produced.batches.append(ProductionBatch(number, root, size, self.account, self._now()))
        return number

    @whole
    def enrol_from_batch(self, membership: BatchMembership, description: Digest, keys: PublicKeys) -> DeviceId:
        argument.membership(membership)
        self._require_role("enrolFromBatch")
        enrolled = self.enrolled_from_batch(membership.batch, membership.index)
        if enrolled:
            raise AlreadyEnrolledFromBatch(membership.batch, membership.index, enrolled)
        self._require_member_of_batch(membership, description, keys)
        device = DeviceId(self._enrol(PartyKind.DEVICE, keys))
        self.produced.devices[membership.batch, membership.index] = device
        return device

    @whole
    def batch_count(self) -> int:
        return len(self.produced.batches)

    @whole
    def batch(self, number: BatchNumber) -> ProductionBatch:
        if not 1 <= argument.batch(number) <= len(self.produced.batches):
            raise UnknownBatch(number)
        return self.produced.batches[number - 1]

    @whole
    def enrolled_from_batch(self, batch: BatchNumber, index: int) -> DeviceId | None:
        argument.batch(batch)
        argument.place("index", index)
        size = self.batch(batch).size
        if index >= size:
            raise PlaceOutOfRange(batch, index, size)
        return self.produced.devices.get((batch, index))

    def _require_member_of_batch(self, membership: BatchMembership, description: Digest, keys: PublicKeys) -> None:
        batch = self.batch(membership.batch)
        leaf = leaf_hash(batch_device(description, key_thumbprint(keys)))
        try:
            verify_inclusion(leaf, InclusionProof(membership.index, batch.size, membership.path), batch.root)
        except (NotIncluded, ProofLength):
            raise NotInBatch(batch.number, membership.index) from None
