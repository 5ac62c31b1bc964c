"""Who is enrolled, in memory: the rules of ``contracts/Enrolment.sol`` and ``contracts/CombinationMethod.sol``."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from certchain.encoding.digest import key_thumbprint
from certchain.errors import (
    CertchainError,
    EmptyNameCommitment,
    KeyAlreadyEnrolled,
    MalformedMethod,
    MethodAlreadyDefined,
    NameCommitmentAlreadyEnrolled,
    RepeatedFactor,
    UnknownDevice,
    UnknownMethod,
    UnknownService,
    UnknownUser,
    UnknownUserDevice,
)
from certchain.ledger import argument
from certchain.ledger.memory.contract import MemoryContract, whole
from certchain.models.digest import Digest
from certchain.models.identifier import DeviceId, MethodNumber, Party, PartyKind, ServiceId, UserDeviceId, UserId
from certchain.models.registration import Factor, KeyRecord, PublicKeys

MOST_FACTORS = 3

_UNKNOWN: dict[PartyKind, type[CertchainError]] = {
    PartyKind.DEVICE: UnknownDevice,
    PartyKind.USER_DEVICE: UnknownUserDevice,
    PartyKind.SERVICE: UnknownService,
}


@dataclass(slots=True)
class EnrolmentState:
    """What was enrolled; an identifier is a place in its list, counted from 1. ``public_keys`` are by their thumbprint."""

    keys: dict[PartyKind, list[list[KeyRecord]]] = field(default_factory=lambda: {kind: [] for kind in PartyKind})
    public_keys: dict[Digest, PublicKeys] = field(default_factory=dict)
    name_commitments: list[Digest] = field(default_factory=list)
    methods: list[tuple[Factor, ...]] = field(default_factory=list)
    taken_keys: set[bytes] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class MemoryEnrolment(MemoryContract):
    """The enrolment part of the Registration contract."""

    enrolled: EnrolmentState

    contract = "Registration"

    @whole
    def enrol_device(self, keys: PublicKeys) -> DeviceId:
        self._require_role("enrolDevice")
        return DeviceId(self._enrol(PartyKind.DEVICE, keys))

    @whole
    def enrol_user_device(self, keys: PublicKeys) -> UserDeviceId:
        self._require_role("enrolUserDevice")
        return UserDeviceId(self._enrol(PartyKind.USER_DEVICE, keys))

    @whole
    def enrol_service(self, keys: PublicKeys) -> ServiceId:
        self._require_role("enrolService")
        return ServiceId(self._enrol(PartyKind.SERVICE, keys))

    @whole
    def enrol_user(self, name_commitment: Digest) -> UserId:
        self._require_role("enrolUser")
        commitments = self.enrolled.name_commitments
        if not any(name_commitment.value):
            raise EmptyNameCommitment
        if name_commitment in commitments:
            raise NameCommitmentAlreadyEnrolled(name_commitment.value)
        commitments.append(name_commitment)
        return UserId(len(commitments))

    def rotate_device_keys(self, device: DeviceId, keys: PublicKeys) -> None:
        self._rotate("rotateDeviceKeys", PartyKind.DEVICE, argument.identifier("device", device), keys)

    def rotate_user_device_keys(self, user_device: UserDeviceId, keys: PublicKeys) -> None:
        number = argument.identifier("user_device", user_device)
        self._rotate("rotateUserDeviceKeys", PartyKind.USER_DEVICE, number, keys)

    def rotate_service_keys(self, service: ServiceId, keys: PublicKeys) -> None:
        self._rotate("rotateServiceKeys", PartyKind.SERVICE, argument.identifier("service", service), keys)

    @whole
    def define_method(self, factors: Sequence[Factor]) -> MethodNumber:
        wanted = argument.factors(factors)
        self._require_role("defineMethod")
        if not 1 <= len(wanted) <= MOST_FACTORS:
            raise MalformedMethod(len(wanted))
        for place, factor in enumerate(wanted):
            if factor in wanted[:place]:
                raise RepeatedFactor(int(factor))
        if wanted in self.enrolled.methods:
            raise MethodAlreadyDefined(self.enrolled.methods.index(wanted) + 1)
        self.enrolled.methods.append(wanted)
        return MethodNumber(len(self.enrolled.methods))

    @whole
    def device_count(self) -> int:
        return len(self.enrolled.keys[PartyKind.DEVICE])

    @whole
    def user_device_count(self) -> int:
        return len(self.enrolled.keys[PartyKind.USER_DEVICE])

    @whole
    def user_count(self) -> int:
        return len(self.enrolled.name_commitments)

    @whole
    def service_count(self) -> int:
        return len(self.enrolled.keys[PartyKind.SERVICE])

    @whole
    def method_count(self) -> int:
        return len(self.enrolled.methods)

    @whole
    def keys(self, party: Party) -> tuple[KeyRecord, ...]:
        """All keys the party has had, oldest first; the last is in force."""
        return tuple(self._ring(party.kind, argument.identifier("party", party.number)))

    @whole
    def public_keys(self, party: Party) -> PublicKeys:
        """The keys in force."""
        return self.enrolled.public_keys[self.keys(party)[-1].thumbprint]

    @whole
    def user_name_commitment(self, user: UserId) -> Digest:
        if not 1 <= argument.identifier("user", user) <= len(self.enrolled.name_commitments):
            raise UnknownUser(user)
        return self.enrolled.name_commitments[user - 1]

    @whole
    def method_factors(self, method: MethodNumber) -> tuple[Factor, ...]:
        self._require_method(argument.method(method))
        return self.enrolled.methods[method - 1]

    def _ring(self, kind: PartyKind, number: int) -> list[KeyRecord]:
        rings = self.enrolled.keys[kind]
        if not 1 <= number <= len(rings):
            raise _UNKNOWN[kind](number)
        return rings[number - 1]

    def _require_method(self, method: int) -> None:
        if not 1 <= method <= len(self.enrolled.methods):
            raise UnknownMethod(method)

    def _enrol(self, kind: PartyKind, keys: PublicKeys) -> int:
        record = self._take(keys)
        self.enrolled.keys[kind].append([record])
        return len(self.enrolled.keys[kind])

    @whole
    def _rotate(self, function: str, kind: PartyKind, number: int, keys: PublicKeys) -> None:
        self._require_role(function)
        ring = self._ring(kind, number)
        ring.append(self._take(keys))

    def _take(self, keys: PublicKeys) -> KeyRecord:
        thumbprint = key_thumbprint(keys)
        pair = {keys.signing, keys.exchange}
        if pair & self.enrolled.taken_keys:
            raise KeyAlreadyEnrolled(thumbprint.value)
        self.enrolled.taken_keys |= pair
        self.enrolled.public_keys[thumbprint] = keys
        return KeyRecord(thumbprint, self._now())
