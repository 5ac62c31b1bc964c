"""Counterparts of the errors of ``IRegistration``, with the same values in the same order."""

from dataclasses import dataclass

from certchain.errors.base import InvalidInput

__all__ = [
    "AlreadyRegistered",
    "CommitmentReused",
    "EmptyCommitment",
    "EmptyNameCommitment",
    "ForbiddenTransition",
    "FreshKeyRequired",
    "KeyAlreadyEnrolled",
    "MalformedKey",
    "MalformedMethod",
    "MethodAlreadyDefined",
    "NameCommitmentAlreadyEnrolled",
    "NothingToRegister",
    "NothingToSuspend",
    "RepeatedFactor",
    "UnknownDevice",
    "UnknownMethod",
    "UnknownRegistration",
    "UnknownService",
    "UnknownUser",
    "UnknownUserDevice",
]


@dataclass(eq=False)
class UnknownDevice(InvalidInput):
    """No IoT device has this identifier."""

    device: int

    sentence = "There is no device {device}."
    contract_error = "Registration_UnknownDevice"


@dataclass(eq=False)
class UnknownUserDevice(InvalidInput):
    """No user device has this identifier."""

    user_device: int

    sentence = "There is no user device {user_device}."
    contract_error = "Registration_UnknownUserDevice"


@dataclass(eq=False)
class UnknownUser(InvalidInput):
    """No user has this identifier."""

    user: int

    sentence = "There is no user {user}."
    contract_error = "Registration_UnknownUser"


@dataclass(eq=False)
class UnknownService(InvalidInput):
    """No service has this identifier."""

    service: int

    sentence = "There is no service {service}."
    contract_error = "Registration_UnknownService"


@dataclass(eq=False)
class UnknownMethod(InvalidInput):
    """No combination method has this number."""

    method: int

    sentence = "There is no combination method {method}."
    advice = "Define it first, or choose one that is listed."
    contract_error = "Registration_UnknownMethod"


@dataclass(eq=False)
class UnknownRegistration(InvalidInput):
    """No registration has this identifier."""

    registration: int

    sentence = "There is no registration {registration}."
    contract_error = "Registration_UnknownRegistration"


@dataclass(eq=False)
class MalformedKey(InvalidInput):
    """A public key has not the length of its algorithm."""

    signing_key_length: int
    exchange_key_length: int

    sentence = (
        "A signing key of {signing_key_length} bytes with an exchange key of {exchange_key_length} bytes "
        "is not one of Ed25519 (32) and P-256 (33)."
    )
    contract_error = "Registration_MalformedKey"


@dataclass(eq=False)
class KeyAlreadyEnrolled(InvalidInput):
    """The keys with this thumbprint were enrolled before."""

    thumbprint: bytes

    sentence = "These keys are enrolled already."
    advice = "Generate fresh keys; no two identifiers share keys, and none takes old ones up again."
    contract_error = "Registration_KeyAlreadyEnrolled"


@dataclass(eq=False)
class EmptyNameCommitment(InvalidInput):
    """The zero commitment stands for none."""

    sentence = "A user's name commitment must not be empty."
    contract_error = "Registration_EmptyNameCommitment"


@dataclass(eq=False)
class NameCommitmentAlreadyEnrolled(InvalidInput):
    """A user was enrolled with this commitment before."""

    name_commitment: bytes

    sentence = "This name commitment is enrolled already."
    advice = "Draw a fresh salt."
    contract_error = "Registration_NameCommitmentAlreadyEnrolled"


@dataclass(eq=False)
class MalformedMethod(InvalidInput):
    """A combination method is an ordered list of one to three factors."""

    factor_count: int

    sentence = "A combination method has one to three factors, not {factor_count}."
    contract_error = "Registration_MalformedMethod"


@dataclass(eq=False)
class RepeatedFactor(InvalidInput):
    """A combination method names a factor once."""

    factor: int

    sentence = "Factor {factor} stands twice in the combination method."
    contract_error = "Registration_RepeatedFactor"


@dataclass(eq=False)
class MethodAlreadyDefined(InvalidInput):
    """The same factors in the same order have a number."""

    method: int

    sentence = "This combination method is defined already, as number {method}."
    advice = "Use that number."
    contract_error = "Registration_MethodAlreadyDefined"


@dataclass(eq=False)
class EmptyCommitment(InvalidInput):
    """The zero commitment stands for none."""

    sentence = "A registration commitment must not be empty."
    contract_error = "Registration_EmptyCommitment"


@dataclass(eq=False)
class AlreadyRegistered(InvalidInput):
    """The pair has a live registration."""

    user_device: int
    device: int
    registration: int

    sentence = "User device {user_device} and device {device} are registered already, by registration {registration}."
    advice = "Supersede that registration, or revoke it first."
    contract_error = "Registration_AlreadyRegistered"


@dataclass(eq=False)
class FreshKeyRequired(InvalidInput):
    """A suspended registration comes back only under other keys."""

    registration: int
    thumbprint: bytes

    sentence = "Registration {registration} was suspended and is followed only by one under fresh keys."
    advice = "Put fresh keys of the user device in force, then register again."
    contract_error = "Registration_FreshKeyRequired"


@dataclass(eq=False)
class NothingToRegister(InvalidInput):
    """A batch has one request or more."""

    sentence = "There is nothing to register."
    contract_error = "Registration_EmptyBatch"


@dataclass(eq=False)
class NothingToSuspend(InvalidInput):
    """A batch has one registration or more."""

    sentence = "There is nothing to suspend."
    contract_error = "Registration_NothingToSuspend"


@dataclass(eq=False)
class CommitmentReused(InvalidInput):
    """A commitment stands for one salt."""

    registration: int
    commitment: bytes

    sentence = "Registration {registration} has this commitment already."
    advice = "Draw a fresh salt."
    contract_error = "Registration_CommitmentReused"


@dataclass(eq=False)
class ForbiddenTransition(InvalidInput):
    """The registration's status does not move that way."""

    registration: int
    before: int
    after: int

    sentence = "Registration {registration} cannot go from status {before} to {after}."
    contract_error = "Registration_ForbiddenTransition"
