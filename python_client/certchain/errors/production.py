"""Counterparts of the errors of ``IRegistration`` about production batches, with the same values in the same order."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput, VerificationFailed

__all__ = [
    "AlreadyEnrolledFromBatch",
    "BatchAlreadyAnchored",
    "BatchSizeOutOfRange",
    "EmptyBatchRoot",
    "NotInBatch",
    "PlaceOutOfRange",
    "UnknownBatch",
]


@dataclass(eq=False)
class UnknownBatch(InvalidInput):
    """No production batch has this number."""

    batch: int

    sentence = "There is no production batch {batch}."
    contract_error = "Registration_UnknownBatch"


@dataclass(eq=False)
class BatchSizeOutOfRange(InvalidInput):
    """A production batch has at least one device, and not more than its limit."""

    size: int
    most: int

    sentence = "A production batch has 1 to {most} devices, not {size}."
    advice = "Divide the devices into batches within the limit."
    contract_error = "Registration_BatchSizeOutOfRange"


@dataclass(eq=False)
class EmptyBatchRoot(InvalidInput):
    """The zero root stands for none."""

    sentence = "The root of a production batch must not be empty."
    contract_error = "Registration_EmptyBatchRoot"


@dataclass(eq=False)
class BatchAlreadyAnchored(InvalidInput):
    """The same manufacturer has anchored this root before."""

    batch: int

    sentence = "This production batch is anchored already, as number {batch}."
    advice = "Use that number."
    contract_error = "Registration_BatchAlreadyAnchored"


@dataclass(eq=False)
class PlaceOutOfRange(InvalidInput):
    """The production batch is smaller than that."""

    batch: int
    index: int
    size: int

    sentence = "Production batch {batch} has {size} places, and none with the index {index}."
    contract_error = "Registration_PlaceOutOfRange"


@dataclass(eq=False)
class AlreadyEnrolledFromBatch(InvalidInput):
    """A place in a production batch enrols one device, once."""

    batch: int
    index: int
    device: int

    sentence = "Place {index} of production batch {batch} was enrolled already, as device {device}."
    advice = "If it is this device, use that identifier; if not, ask the manufacturer who has its keys."
    contract_error = "Registration_AlreadyEnrolledFromBatch"


@dataclass(eq=False)
class NotInBatch(VerificationFailed):
    """Description, keys and path do not lead from this place to the batch's root."""

    batch: int
    index: int

    sentence = "Production batch {batch} has another device at place {index}."
    contract_error = "Registration_NotInBatch"
